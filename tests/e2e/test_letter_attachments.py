"""Files in outgoing mail: copies, L2's answers; what is too large, what must not leave, what is masked."""

import os
import re

import dkim
import pytest

import mails
from gateway import Gateway, wait_for
from sink import Sink
from test_outgoing import answer_to, gateway, opened

ANN, BOB = "ann@partner.example", "bob@customer.example"


@pytest.fixture
def sink():
    with Sink(extensions=("PIPELINING", "DSN", "SIZE 40000000")) as s:
        yield s


@pytest.fixture
def desk(sink, tmp_path):
    from test_sender import rsa_key
    pem, record = rsa_key(None)
    (tmp_path / "dkim.pem").write_bytes(pem)
    with gateway(sink, extra=f"limit letter-files 25M\ndkim sign support.example selector s1 key {tmp_path}/dkim.pem") as g:
        g.start()
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee Park")
        g.sink, g.record = sink, record.encode()
        yield g


def files(mail):
    return [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in mail.mail.iter_attachments()]


def three_ways(g):
    """A ticket with Bob on it, and his letter."""
    number, _ = opened(g, cc=f"Bob <{BOB}>")
    wait_for(lambda: g.sink.to(BOB), "Bob's letter")
    return number, g.sink.to(BOB)[0]


def bobs_copy(g, joined, attach, text="See the files.\n"):
    """What Ann gets of a mail of Bob's that left her out."""
    before = len(g.sink.to(ANN))
    mail = mails.mail(sender=f"Bob <{BOB}>", to=joined["From"].addresses[0].addr_spec, subject="Re: " + joined["Subject"], text=text,
                      attach=attach, headers={"In-Reply-To": joined["Message-ID"]})
    code, answer = g.send(mail, sender=BOB, to=joined["From"].addresses[0].addr_spec)
    assert code == 250, answer
    wait_for(lambda: len(g.sink.to(ANN)) > before, "Ann's copy")
    return g.sink.to(ANN)[-1]


def verifies(g, letter):
    return dkim.verify(letter.data, dnsfunc=lambda name, timeout=5: g.record)


def test_files_arrive_as_they_were(desk):
    _, joined = three_ways(desk)
    noise = os.urandom(200_001)
    long_name = "Protokoll der n\u00e4chtlichen Sicherung vom Dienstag \u2013 " + "\u65e5\u672c" * 20 + ".bin"
    sent = [("Pr\u00fcfung \u20ac.log", mails.LOG.encode() * 50, "text/plain"), ("VeeamBackupLogs.zip", mails.bundle(), "application/zip"),
            (long_name, noise, "application/octet-stream"), ('with "quotes"; and = signs.txt', b".\r\n..\r\nno end of line", "text/plain"),
            ("empty.dat", b"", "application/octet-stream")]
    copy = bobs_copy(desk, joined, sent)
    got = files(copy)
    assert [(n, d) for n, _, d in got] == [(n, d) for n, d, _ in sent]
    assert [t for _, t, _ in got] == [t for _, _, t in sent]
    assert verifies(desk, copy) and copy.data.isascii()
    assert max(len(line) for line in copy.data.split(b"\r\n")) < 998
    assert "Kept with case" not in copy.text and "See the files." in copy.text
    assert any(re.fullmatch(rf"MAIL FROM:<\S+> RET=HDRS SIZE={len(copy.data)}", c) for c in desk.sink.commands)


def test_twenty_megabytes(desk):
    _, joined = three_ways(desk)
    noise = os.urandom(20_000_000)
    copy = bobs_copy(desk, joined, [("dump.bin", noise, "application/octet-stream")])
    assert files(copy) == [("dump.bin", "application/octet-stream", noise)]
    assert verifies(desk, copy)
    peak = 0
    for pid in desk.pids("deliver"):
        with open(f"/proc/{pid}/status") as f:
            peak = max(peak, *(int(line.split()[1]) for line in f if line.startswith("VmHWM")))
    assert 0 < peak < 60_000, f"deliver held {peak} kB"


def test_beyond_the_limit_is_named(desk):
    number, joined = three_ways(desk)
    copy = bobs_copy(desk, joined, [("first.bin", os.urandom(1000), "application/octet-stream"),
                                    ("huge.bin", os.urandom(27_000_000), "application/octet-stream"),
                                    ("last.bin", b"small", "application/octet-stream")])
    assert [n for n, _, _ in files(copy)] == ["first.bin", "last.bin"]
    assert f"Kept with case #{number}" in copy.text and "huge.bin (27000000 bytes, too large for this mail)" in " ".join(copy.text.split())


def test_secrets_do_not_leave(desk):
    import io
    import zipfile
    _, joined = three_ways(desk)
    secret = "S3cr3t!Passw0rd"
    log = mails.LOG + f"[07.07.2021 16:43:08] <01> Info     Connecting with password={secret} to host\n"
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as z:
        z.writestr("Job.log", log * 3)
    inner = mails.mail(text=f"password: {secret}\n", authenticated=False)
    copy = bobs_copy(desk, joined, [("Job.log", log.encode(), "text/plain"), ("wide.log", log.encode("utf-16"), "text/plain"),
                                    ("settings.json", b'{"password": "%s", "port": 25}' % secret.encode(), "application/json"),
                                    ("logs.zip", inside.getvalue(), "application/zip"), ("clean.zip", mails.bundle(), "application/zip"),
                                    ("old.eml", inner, "application/octet-stream")])
    got = {n: d for n, _, d in files(copy)}
    assert list(got) == ["Job.log", "wide.log", "settings.json", "clean.zip"]
    assert got["clean.zip"] == mails.bundle()
    for name in ("Job.log", "wide.log", "settings.json"):
        assert secret.encode() not in got[name] and "removed]" in got[name].decode(), name
    assert got["Job.log"].decode().replace("[password removed]", secret) == log
    assert "Passwords and keys were taken out of these copies:" in copy.text and "  wide.log" in copy.text
    assert re.search(r"Kept with case .*logs\.zip .*old\.eml", copy.text, re.S) and secret.encode() not in copy.data
    assert verifies(desk, copy)


def test_a_smarthost_that_takes_no_such_file_gets_the_text(desk):
    _, joined = three_ways(desk)
    refused = []

    def script(verb, argument):
        size = re.search(r"SIZE=(\d+)", argument)
        if verb == "MAIL" and size and int(size.group(1)) > 50_000:
            refused.append(argument)
            return "552 5.3.4 too large"
        return None
    desk.sink.script = script
    copy = bobs_copy(desk, joined, [("a.bin", os.urandom(60_000), "application/octet-stream")])
    assert refused and files(copy) == [] and "a.bin (60000 bytes)" in copy.text and "See the files." in copy.text
    assert verifies(desk, copy)


def test_pictures_in_the_text_go_and_signatures_stay(desk):
    import struct
    import zlib
    _, joined = three_ways(desk)

    def png(w, h):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        rows = b"".join(b"\0" + os.urandom(3 * w) for _ in range(h))
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    from email.message import EmailMessage
    from email.policy import SMTP
    m = EmailMessage(policy=SMTP)
    m["Authentication-Results"] = mails.proof(BOB)
    m["From"], m["To"], m["Subject"] = f"Bob <{BOB}>", joined["From"].addresses[0].addr_spec, "Re: " + joined["Subject"]
    m["Message-ID"], m["In-Reply-To"] = "<pictures@customer.example>", joined["Message-ID"]
    m.set_content("As the picture shows.\n")
    m.add_alternative('<p>As the picture shows.</p><img src="cid:shot@x"><p>Bob</p><img src="cid:logo@x">', subtype="html")
    shot, logo = png(800, 600), png(80, 30)
    m.get_payload()[1].add_related(shot, "image", "png", cid="<shot@x>", filename="error.png", disposition="inline")
    m.get_payload()[1].add_related(logo, "image", "png", cid="<logo@x>", filename="logo.png", disposition="inline")
    assert desk.send(m.as_bytes(), sender=BOB, to=joined["From"].addresses[0].addr_spec)[0] == 250
    wait_for(lambda: len(desk.sink.to(ANN)) > 1, "Ann's copy")
    copy = desk.sink.to(ANN)[-1]
    assert files(copy) == [("error.png", "image/png", shot)]
    assert "logo.png" not in copy.text


def test_copies_wait_out_a_parser_and_a_crash(desk):
    """The files are taken out of the store again, whoever died."""
    _, joined = three_ways(desk)
    desk.sink.script = lambda verb, argument: "451 4.3.0 later" if verb == "MAIL" else None
    noise = os.urandom(300_000)
    mail = mails.mail(sender=f"Bob <{BOB}>", to=joined["From"].addresses[0].addr_spec, subject="Re: " + joined["Subject"],
                      attach=[("n.bin", noise, "application/octet-stream")], headers={"In-Reply-To": joined["Message-ID"]})
    assert desk.send(mail, sender=BOB, to=joined["From"].addresses[0].addr_spec)[0] == 250
    wait_for(lambda: desk.api("GET", "/v1/outbox?state=queued").json["items"], "the queued copy")
    row = desk.api("GET", "/v1/outbox?state=queued").json["items"][0]
    desk.kill()
    desk.sink.script = lambda verb, argument: None
    desk.start(sample=False)
    desk.api("POST", f"/v1/outbox/{row['id']}/retry")
    wait_for(lambda: any(files(m) for m in desk.sink.to(ANN)), "the copy with its file")
    assert files(desk.sink.to(ANN)[-1]) == [("n.bin", "application/octet-stream", noise)]
