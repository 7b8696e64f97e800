"""Files in outgoing mail: copies, L2's answers; what is too large, what must not leave, what is masked."""

import base64
import hashlib
import os
import re

import dkim
import pytest

import mails
from gateway import wait_for
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


def reply(g, number, files, text="Here it is.", headers=None, **more):
    return g.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": text, "attachments": files, **more}, headers)


def content(name, data, **more):
    return {"name": name, "content": base64.b64encode(data).decode(), **more}


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def message_of(g, number, ident):
    return next((m for m in g.api("GET", f"/v1/tickets/{number}/messages").json["items"] if m["id"] == ident), None)


def test_l2_sends_files(desk):
    """By content and by hash, to everybody on the ticket; the message has them like any other."""
    log = mails.LOG.encode()
    number, _ = opened(desk, cc=f"Bob <{BOB}>", attach=[("Job.log", log, "text/plain")])
    wait_for(lambda: desk.sink.to(BOB), "Bob's letter")
    fix, script = os.urandom(8_000_000), b"Restart-Service VeeamBackupSvc\r\n"
    answer = reply(desk, number, [content("Hotfix \u00fc.zip", fix, type="application/zip"), content("fix.ps1", script, type="text/plain"),
                                  {"blake2b": blake2b(log)}, {"blake2b": blake2b(log), "name": "again.txt"}])
    assert answer.status == 202, answer.json
    want = [("Hotfix \u00fc.zip", fix), ("fix.ps1", script), ("Job.log", log), ("again.txt", log)]
    for who in (ANN, BOB):
        wait_for(lambda: any(files(m) for m in desk.sink.to(who)), f"the answer to {who}")
        letter = [m for m in desk.sink.to(who) if files(m)][0]
        assert [(n, d) for n, _, d in files(letter)] == want and "Here it is." in letter.text and verifies(desk, letter)
    m = message_of(desk, number, answer.json["id"])
    assert [(a["name"], a["size"], a["blake2b"]) for a in m["attachments"]] == [(n, len(d), blake2b(d)) for n, d in want]
    assert m["direction"] == "out" and m["body"]["text"].endswith("Here it is.")
    assert desk.api("GET", f"/v1/messages/{m['id']}/attachments/a1").body == fix
    assert desk.api("GET", f"/v1/blobs/{blake2b(script)}").body == script
    assert b"Subject: [#" in desk.api("GET", f"/v1/messages/{m['id']}/raw").body


def test_an_internal_file_stays_inside(desk):
    number, _ = three_ways(desk)
    sent = len(desk.sink.mails)
    answer = reply(desk, number, [content("dump.txt", b"for agents")], visibility="internal")
    assert answer.status == 202
    wait_for(lambda: (message_of(desk, number, answer.json["id"]) or {}).get("attachments"), "the note")
    assert len(desk.sink.mails) == sent and not any(b"dump.txt" in m.data for m in desk.sink.mails)


def test_what_is_wrong_with_a_file_is_named(desk):
    number, _ = opened(desk)
    other, _ = opened(desk, subject="Another", attach=[("theirs.log", b"of another ticket\n", "text/plain")])
    wait_for(lambda: desk.api("GET", f"/v1/blobs/{blake2b(b'of another ticket' + bytes([10]))}").status == 200, "the other ticket's file")
    good = content("ok.txt", b"fine")
    for bad, field in (({"name": "a", "content": "AAA"}, "attachments[1].content"), ({"name": "a", "content": "A*A="}, "attachments[1].content"),
                       ({"name": "a", "content": "AA==AAAA"}, "attachments[1].content"), ({"name": "../a", "content": ""}, "attachments[1].name"),
                       ({"name": "", "content": ""}, "attachments[1].name"), ({"content": ""}, "attachments[1].name"),
                       ({"name": "a\nb", "content": ""}, "attachments[1].name"), ({"name": "x" * 201, "content": ""}, "attachments[1].name"),
                       ({"name": "a", "content": "", "type": "message/rfc822"}, "attachments[1].type"),
                       ({"name": "a", "content": "", "type": "text/pl\r\nX: y"}, "attachments[1].type"),
                       ({"name": "a", "content": 7}, "attachments[1].content"), ({"name": "a", "content": "", "size": "3"}, "attachments[1]"),
                       ({"name": "a"}, "attachments[1]"), ({"name": "a", "content": "", "blake2b": "00" * 32}, "attachments[1]"),
                       ({"blake2b": "xyz"}, "attachments[1].blake2b"), ({"blake2b": "00" * 32}, "attachments[1].blake2b"),
                       ({"blake2b": blake2b(b"of another ticket\n")}, "attachments[1].blake2b"), ("text", "attachments[1]")):
        answer = reply(desk, number, [good, bad])
        assert answer.status == 422 and answer.json["field"] == field and answer.json["detail"].startswith(field), (bad, answer.json)
    assert reply(desk, number, {"name": "a"}).json["field"] == "attachments"
    assert reply(desk, number, [good] * 101).json["field"] == "attachments"
    large = reply(desk, number, [good, content("large.bin", bytes(26 << 20))])
    assert large.status == 422 and large.json["field"] == "attachments" and "26214400 bytes" in large.json["detail"], large.json
    assert reply(desk, number, [content("huge.bin", bytes(45 << 20))]).status == 413
    torn = desk.api("POST", f"/v1/tickets/{number}/messages", '{"text":"' + "x" * 600_000)
    assert torn.status == 400
    assert len(desk.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 1
    blobs = desk.state / "blobs"
    wait_for(lambda: not [f for _, _, names in os.walk(blobs) for f in names], "refused files to be gone")


def test_a_key_stands_for_the_files_too(desk):
    number, _ = opened(desk)
    one, two = [content("a.bin", os.urandom(700_000))], [content("a.bin", os.urandom(700_000))]
    first = reply(desk, number, one, headers={"Idempotency-Key": "k"})
    assert first.status == 202
    assert reply(desk, number, one, headers={"Idempotency-Key": "k"}).json == first.json
    assert reply(desk, number, two, headers={"Idempotency-Key": "k"}).status == 422
    wait_for(lambda: len(desk.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 2, "the reply")
    wait_for(lambda: any(files(m) for m in desk.sink.to(ANN)), "Ann's letter")
    desk.kill()
    desk.start(sample=False)
    assert desk.api("GET", f"/v1/messages/{first.json['id']}/attachments/a1").body == base64.b64decode(one[0]["content"])


def test_customers_get_no_mails_in_files(desk):
    """T5: they name people, and quote what a customer may not have seen; not even their names, which are subjects."""
    number, _ = three_ways(desk)
    old = mails.mail(subject="About Bob", authenticated=False)
    assert reply(desk, number, [content("About Bob.eml", old), content("fix.txt", b"for all")]).status == 202
    for who, want in ((ANN, ["About Bob.eml", "fix.txt"]), (BOB, ["fix.txt"])):
        wait_for(lambda: any(files(m) for m in desk.sink.to(who)), f"the answer to {who}")
        assert [n for n, _, _ in files([m for m in desk.sink.to(who) if files(m)][0])] == want
    bobs = [m for m in desk.sink.to(BOB) if files(m)][0]
    assert "About Bob" not in bobs.data.decode() and "an attached message" in bobs.text


def test_agents_get_and_send_files(sink):
    """The case with its files to agents; what they attach to an answer by mail reaches the partner."""
    lee = "lee@support.example"
    with gateway(sink, extra=f"notify agents any {lee}") as g:
        g.start()
        g.tool("agent", "add", "--address", lee, "--name", "Lee Park")
        assert g.send(mails.escalation(), sender=ANN)[0] == 250
        wait_for(lambda: sink.to(lee), "the case")
        case = sink.to(lee)[0]
        assert files(case) == [("VeeamBackupLogs.zip", "application/zip", mails.bundle())]
        to = case["From"].addresses[0].addr_spec
        mail = mails.mail(sender=f"Lee <{lee}>", to=to, subject="Re: " + case["Subject"], text="Run this.\n",
                          attach=[("fix \u00fc.ps1", b"Restart-Service\r\n", "text/plain")], headers={"In-Reply-To": case["Message-ID"]})
        assert g.send(mail, sender=lee, to=to)[0] == 250
        wait_for(lambda: any(files(m) for m in sink.to(ANN)), "Ann's letter")
        assert [(n, d) for n, _, d in files(sink.to(ANN)[-1])] == [("fix \u00fc.ps1", b"Restart-Service\r\n")]
        assert len(sink.to(lee)) == 1
