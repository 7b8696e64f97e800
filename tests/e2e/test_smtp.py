"""The SMTP and LMTP dialogue as a client sees it."""

import contextlib
import re
import smtplib
import socket
import ssl
import subprocess

import pytest

import mails
from gateway import Gateway, wait_for


class Line:
    """A dialogue byte by byte: what smtplib would not send."""

    def __init__(self, port, greet=True):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.sock.makefile("rb")
        if greet:
            assert self.reply()[0] == 220

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return 0, "\n".join(lines)
            lines.append(line[4:].decode().rstrip())
            if line[3:4] == b" ":
                return int(line[:3]), "\n".join(lines)

    def send(self, data):
        self.sock.sendall(data)

    def say(self, text):
        self.send(text.encode() + b"\r\n")
        return self.reply()

    def closed(self):
        with contextlib.suppress(OSError):
            return self.file.read() == b""
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()


def envelope(line, rcpt="support@support.example"):
    assert line.say("EHLO mx.example")[0] == 250
    assert line.say("MAIL FROM:<b@relay.example>")[0] == 250
    assert line.say(f"RCPT TO:<{rcpt}>")[0] == 250


def test_greeting_and_extensions(gate):
    with Line(gate.smtp_port) as l:
        code, text = l.say("EHLO mx.example")
        words = text.split("\n")
        assert code == 250
        for word in ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", f"SIZE {50 << 20}"):
            assert word in words
        assert not {"DSN", "BINARYMIME", "STARTTLS", "AUTH"} & {w.split()[0] for w in words}
        assert l.say("VRFY ann")[0] == 252 and l.say("EXPN x")[0] in (502, 550)
        assert l.say("NOOP")[0] == 250 and l.say("HELP")[0] == 214 and l.say("WHAT")[0] == 500
        assert l.say("QUIT")[0] == 221 and l.closed()


@pytest.mark.parametrize("rcpt, code, enhanced", [
    ("support@support.example", 250, "2.1.5"), ("SUPPORT@SUPPORT.EXAMPLE", 250, "2.1.5"), ("Postmaster", 250, "2.1.5"),
    ("abuse@support.example", 250, "2.1.5"), ("nobody@support.example", 550, "5.1.1"), ("x@elsewhere.example", 550, "5.7.1"),
    ("support%elsewhere.example@support.example", 550, "5.1.1"), ("bounce+forged@support.example", 550, "5.1.1"),
    ("@relay.example:support@support.example", 553, "5.1.3"), ("case+1.zzzz@support.example", 250, "2.1.5"),
    ("support@[127.0.0.1]", 553, None), ("a b@support.example", 553, None),
])
def test_recipients(gate, rcpt, code, enhanced):
    with Line(gate.smtp_port) as l:
        l.say("EHLO mx.example")
        l.say("MAIL FROM:<>")
        got, text = l.say(f"RCPT TO:<{rcpt}>")
        assert (got // 100, got if code < 500 else got // 100) == (code // 100, code if code < 500 else 5), text
        if enhanced and code != 553:
            assert got == code and text.startswith(enhanced), text


@pytest.mark.parametrize("bad", ["MAIL FROM:<(a@b>", "MAIL FROM:<a@b(c>", "MAIL FROM:<@r:a@b.example>", "MAIL FROM: a@b.example x",
                                 "MAIL FROM:<a@b.example> BODY=BINARYMIME", "MAIL FROM:<a@b.example> WHAT=1",
                                 "MAIL FROM:<a@b.example> SIZE=abc", "MAIL", "MAIL TO:<a@b.example>"])
def test_odd_reverse_paths(gate, bad):
    with Line(gate.smtp_port) as l:
        l.say("EHLO mx.example")
        assert 500 <= l.say(bad)[0] < 560
        assert l.say("NOOP")[0] == 250


def test_order_of_commands(gate):
    with Line(gate.smtp_port) as l:
        assert l.say("MAIL FROM:<>")[0] == 503
        l.say("EHLO mx.example")
        assert l.say("RCPT TO:<support@support.example>")[0] == 503
        assert l.say("DATA")[0] == 503
        l.say("MAIL FROM:<>")
        assert l.say("MAIL FROM:<>")[0] == 503
        assert l.say("DATA")[0] in (503, 554)


def test_pipelining(gate):
    with Line(gate.smtp_port) as l:
        l.say("EHLO mx.example")
        l.send(b"MAIL FROM:<>\r\nRCPT TO:<support@support.example>\r\nRCPT TO:<x@elsewhere.example>\r\nDATA\r\n")
        assert [l.reply()[0] for _ in range(4)] == [250, 250, 550, 354]
        l.send(mails.mail(subject="Pipelined") + b".\r\nQUIT\r\n")
        assert l.reply()[0] == 250 and l.reply()[0] == 221


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\r\n.\r\r\n", b"\0\r\n.\n"])
def test_no_second_end_of_data(gate, end):
    """SMTP smuggling: what follows is content, and a message with a bare CR or LF is refused."""
    with Line(gate.smtp_port) as l:
        envelope(l)
        assert l.say("DATA")[0] == 354
        smuggled = b"MAIL FROM:<ann@partner.example>\r\nRCPT TO:<support@support.example>\r\nDATA\r\n" + mails.mail()
        l.send(mails.mail(subject="Outer") + end + smuggled + b"\r\n.\r\n")
        code, text = l.reply()
        assert code == 550 and text.startswith("5.5.2"), text
        assert l.say("NOOP")[0] == 250


def test_bare_newline_in_a_command(gate):
    with Line(gate.smtp_port) as l:
        l.send(b"EHLO mx.example\nNOOP\r\n")
        assert l.reply()[0] in (500, 421)
        assert l.closed()


def test_dots_and_long_lines_pass_unchanged(gate):
    body = b"..two dots\r\n.\x2done\r\n" + b"y" * 300000 + b"\r\nend\r\n"
    mail = mails.mail(subject="Dots", text="x\n").replace(b"x\r\n", body)
    with Line(gate.smtp_port) as l:
        envelope(l)
        l.say("DATA")
        l.send(re.sub(rb"(?m)^\.", b"..", mail) + b".\r\n")
        code, text = l.reply()
    assert code == 250, text
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    assert gate.api("GET", f"/v1/messages/{ident}/raw").body.endswith(mail)


def test_bdat(gate):
    mail = mails.mail(subject="Chunks")
    with Line(gate.smtp_port) as l:
        envelope(l)
        l.send(b"BDAT 10\r\n" + mail[:10])
        assert l.reply()[0] == 250
        l.send(b"BDAT %d LAST\r\n" % len(mail[10:]) + mail[10:])
        code, text = l.reply()
        assert code == 250 and "case" in text
        assert l.say("DATA")[0] == 503
        envelope(l)
        l.send(b"BDAT 4\r\n" + mail[:4])
        assert l.reply()[0] == 250
        assert l.say("DATA")[0] == 503
        assert l.say("RSET")[0] == 250
        envelope(l)
        l.send(b"BDAT 12 LAST\r\nFrom: a@b\nx\n")
        assert l.reply()[0] == 550
    for size in ("x", "99999999999999999999999"):
        with Line(gate.smtp_port) as l:
            envelope(l)
            assert l.say(f"BDAT {size}")[0] in (501, 552)
            assert l.closed(), "how many bytes follow is not known: nothing more can be read"


def test_size_limit_with_upload_text():
    with Gateway(extra='limit message-size 64K\nupload text "Send larger files to https://upload.example/"') as g:
        g.start(sample=False)
        with Line(g.smtp_port) as l:
            l.say("EHLO mx.example")
            code, text = l.say("MAIL FROM:<> SIZE=70000")
            assert code == 552 and "5.3.4" in text and "https://upload.example/" in text
        code, text = g.send(mails.mail(text="line of text\n" * 10000))
        assert code == 552 and text.startswith("5.3.4") and "https://upload.example/" in text


def test_loop_is_broken(gate):
    mail = b"".join(b"Received: from a%d.example by b.example; Tue, 24 Nov 2026 02:31:00 +0000\r\n" % i for i in range(51))
    code, text = gate.send(mail + mails.mail())
    assert code == 554 and text.startswith("5.4.6")


def test_limits_of_a_session():
    with Gateway(extra="limit errors 3\nlimit recipients 2\nlimit sessions 10 per-peer 2") as g:
        g.start(sample=False)
        with Line(g.smtp_port) as l:
            l.say("EHLO mx.example")
            l.say("MAIL FROM:<>")
            for name in ("support", "case"):
                assert l.say(f"RCPT TO:<{name}@support.example>")[0] == 250
            code, text = l.say("RCPT TO:<postmaster@support.example>")
            assert code == 452 and text.startswith("4.5.3")
            with Line(g.smtp_port), Line(g.smtp_port, greet=False) as third:
                assert third.reply()[0] == 421
            codes = []
            while 421 not in codes and len(codes) < 10:
                codes.append(l.say("BAD")[0])
            assert codes[-1] == 421 and len(codes) <= 4 and l.closed()


def test_slow_sender_cannot_stretch_a_time_out():
    with Gateway(extra="timeout command 2s") as g:
        g.start(sample=False)
        with Line(g.smtp_port) as l:
            def trickle():
                with contextlib.suppress(OSError):
                    l.send(b"N")
                l.sock.setblocking(False)
                try:
                    return l.sock.recv(1000)
                except BlockingIOError:
                    return None
                except OSError:
                    return b"421 "
                finally:
                    l.sock.setblocking(True)
            assert wait_for(trickle, "the time-out", 20).startswith(b"421 ")


def test_a_full_way_to_the_gate_opens_again_for_everybody():
    """More at once than the gate takes: sessions wait until it has caught up, and none waits for good."""
    with Gateway(trust="trust relay 127.0.0.0/8 as authenticated", extra="limit sessions 200 per-peer 200") as g:
        g.start()
        done = subprocess.run(["smtp-source", "-s", "150", "-m", "600", "-l", "102400", "-f", "ann@partner.example", "-t",
                               "support@support.example", f"127.0.0.1:{g.smtp_port}"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert g.api("GET", "/v1/queue/stats").json["accounting"]["accepted"] == 600


def test_lmtp_answers_each_recipient(gate):
    with Line(gate.lmtp_port) as l:
        assert l.say("EHLO mx.example")[0] == 500
        assert l.say("LHLO mx.example")[0] == 250
        l.say("MAIL FROM:<>")
        assert l.say("RCPT TO:<support@support.example>")[0] == 250
        assert l.say("RCPT TO:<case@support.example>")[0] == 250
        assert l.say("DATA")[0] == 354
        l.send(mails.mail(subject="Two recipients") + b".\r\n")
        assert [l.reply()[0], l.reply()[0]] == [250, 250]


def test_after_queue_listener_never_bounces(gate):
    before = gate.api("GET", "/v1/queue/stats").json["accounting"]["refused_after_queue"]
    code, text = gate.send(mails.mail(sender="eve@stranger.example", authenticated=False), lmtp=True, port=gate.lmtp_port)
    assert code == 250, text
    assert gate.api("GET", "/v1/queue/stats").json["accounting"]["refused_after_queue"] == before + 1


def certificate(folder):
    key, cert, template = folder / "key.pem", folder / "cert.pem", folder / "template"
    template.write_text('cn = "support.example"\ndns_name = "support.example"\nexpiration_days = 2\n')
    subprocess.run(["certtool", "--generate-privkey", "--key-type", "ecdsa", "--outfile", str(key)], check=True, capture_output=True)
    subprocess.run(["certtool", "--generate-self-signed", "--load-privkey", str(key), "--template", str(template), "--outfile",
                    str(cert)], check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def tls_gate(tmp_path_factory):
    from gateway import free_port
    cert, key = certificate(tmp_path_factory.mktemp("tls"))
    ports = [free_port(), free_port()]
    with Gateway(listen=f"tls certificate {cert} key {key}\nlisten smtp 127.0.0.1:{ports[0]} tls required\n"
                        f"listen smtp 127.0.0.1:{ports[1]} tls implicit") as g:
        g.required, g.implicit = ports
        g.context = ssl.create_default_context(cafile=str(cert))
        g.context.check_hostname = False
        yield g.start()


def test_starttls(tls_gate):
    with tls_gate.smtp(port=tls_gate.required) as s:
        s.ehlo()
        assert s.has_extn("starttls")
        assert s.mail("a@b.example")[0] == 530
        s.starttls(context=tls_gate.context)
        assert s.sock.version() in ("TLSv1.2", "TLSv1.3")
        s.ehlo()
        assert not s.has_extn("starttls")
        s.sendmail("a@relay.example", ["support@support.example"], mails.mail(subject="Over TLS"))


def test_implicit_tls(tls_gate):
    with smtplib.SMTP_SSL("127.0.0.1", tls_gate.implicit, context=tls_gate.context) as s:
        s.sendmail("a@relay.example", ["support@support.example"], mails.mail(subject="Over implicit TLS"))


def test_plaintext_behind_starttls_is_discarded(tls_gate):
    with Line(tls_gate.required) as l:
        l.say("EHLO mx.example")
        l.send(b"STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\n")
        code, _ = l.reply()
        assert code in (220, 421, 501, 554)
        if code == 220:
            with contextlib.suppress(ssl.SSLError, OSError):
                t = tls_gate.context.wrap_socket(l.sock, server_hostname="support.example")
                t.sendall(b"EHLO mx.example\r\n")
                text = t.recv(4000)
                assert text.startswith(b"250") and b"2.1.0" not in text


def test_old_tls_is_refused(tls_gate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        smtplib.SMTP_SSL("127.0.0.1", tls_gate.implicit, context=context)


def test_proxy_protocol():
    from gateway import free_port
    port = free_port()
    with Gateway(listen=f"listen smtp 127.0.0.1:{port} proxy-protocol from 127.0.0.0/8", trust="trust relay 203.0.113.0/24 as authenticated") as g:
        g.start()
        with Line(port, greet=False) as l:
            l.send(b"PROXY TCP4 203.0.113.7 192.0.2.1 4000 25\r\n")
            assert l.reply()[0] == 220
            envelope(l)
            l.say("DATA")
            l.send(mails.mail(authenticated=False) + b".\r\n")
            code, text = l.reply()
            assert code == 250 and "review" in text, "trust must stay with the real peer"
        v2 = b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11, 0, 12]) + bytes([203, 0, 113, 7, 192, 0, 2, 1, 0x0f, 0xa0, 0, 25])
        with Line(port, greet=False) as l:
            l.send(v2)
            assert l.reply()[0] == 220
        with Line(port, greet=False) as l:
            l.send(b"EHLO mx.example\r\n")
            assert l.closed() or l.reply()[0] in (0, 421, 554)
        with Line(g.smtp_port) as l:
            assert l.say("PROXY TCP4 203.0.113.7 192.0.2.1 4000 25")[0] == 500


def test_xclient_only_from_relays(gate):
    with Line(gate.smtp_port) as l:
        assert "XCLIENT" in l.say("EHLO mx.example")[1]
        assert l.say("XCLIENT NAME=mail.elsewhere.example ADDR=198.51.100.9 HELO=mail.elsewhere.example")[0] == 220
        envelope(l)
        l.say("DATA")
        l.send(mails.mail(subject="From afar") + b".\r\n")
        code, text = l.reply()
        assert code == 250
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    assert b"198.51.100.9" in gate.api("GET", f"/v1/messages/{ident}/raw").body.split(b"\r\nFrom:")[0]
    with Gateway(trust="") as g:
        g.start(sample=False)
        with Line(g.smtp_port) as l:
            assert "XCLIENT" not in l.say("EHLO mx.example")[1]
            assert l.say("XCLIENT ADDR=198.51.100.9")[0] in (500, 503, 550)
