"""SMTP AUTH and TLS client certificates: what a contact proves with them, and what guessing gets."""

import json
import re
import smtplib
import ssl
import subprocess

import pytest

import mails
from gateway import Gateway, free_port, wait_for

PASSWORD = "correct horse battery"


def certificate(folder, name):
    """A self-signed certificate and its key, by openssl."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)
    key.chmod(0o644)
    return cert, key


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("login")
    cert, key = certificate(folder, "support.example")
    port, implicit = free_port(), free_port()
    with Gateway(trust="", listen=f"tls certificate {cert} key {key}\nlisten smtp 127.0.0.1:{port} tls required auth\n"
                                  f"listen smtp 127.0.0.1:{implicit} tls implicit auth") as g:
        g.folder, g.port, g.implicit = folder, port, implicit
        g.context = ssl.create_default_context(cafile=str(cert))
        g.context.check_hostname = False
        g.start()
        g.tool("contact", "add", "--partner", "acme-msp", "--address", "joe@partner.example", "--name", "Joe")
        for who in ("ann", "joe"):
            g.tool("contact", "set", f"{who}@partner.example", "--password-file", "-", stdin=PASSWORD.encode() + b"\n")
        yield g


class Client:
    """A session after STARTTLS and EHLO; certificate: (file, key) or None."""

    def __init__(self, gate, own=None):
        context = ssl.create_default_context(cafile=str(gate.folder / "support.example.pem"))
        context.check_hostname = False
        if own:
            context.load_cert_chain(*map(str, own))
        self.s = smtplib.SMTP("127.0.0.1", gate.port, "pc.partner.example", timeout=30)
        self.s.starttls(context=context)
        self.s.ehlo()

    def __enter__(self):
        return self.s

    def __exit__(self, *_):
        self.s.close()


def send(s, mail):
    s.mail("ann@partner.example")
    s.rcpt("support@support.example")
    code, text = s.data(mail)
    return code, text.decode()


def opened(gate, subject):
    """The event of the ticket that this mail opened."""
    for _ in range(20):
        items = gate.claim(max_events=1, wait=20)
        assert items, "no event"
        gate.ack(items)
        if items[0]["event"]["message"]["subject"] == subject:
            return items[0]["event"]
    raise AssertionError("no event of " + subject)


def test_credentials_are_listed_without_secrets(gate):
    text = gate.tool("contact", "show", "ann@partner.example", "--json")
    kinds = [c["kind"] for c in json.loads(text)["credentials"]]
    assert "password" in kinds
    assert "argon2" not in text and PASSWORD not in text
    assert PASSWORD not in gate.logs()
    done = gate.run_tool("contact", "set", "ann@partner.example", "--password-file", "-", stdin=b"too short\n")
    assert done.returncode == 77 and b"12 characters" in done.stderr


def test_not_without_tls(gate):
    for port in (gate.smtp_port, gate.port):
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as s:
            s.ehlo()
            assert not s.has_extn("auth")
            code, _ = s.docmd("AUTH", "PLAIN AGFubkBwYXJ0bmVyLmV4YW1wbGUAeA==")
            assert code == (538 if port == gate.port else 502)


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_right(gate, mechanism):
    subject = f"Logged in by {mechanism}"
    with Client(gate) as s:
        assert s.has_extn("auth")
        s.user, s.password = "Ann@partner.example", PASSWORD
        code, _ = s.auth(mechanism, getattr(s, "auth_" + mechanism))
        assert code == 235
        assert s.docmd("AUTH", "PLAIN")[0] == 503
        code, text = send(s, mails.mail(subject=subject, authenticated=False))
    assert code == 250 and "review" not in text, text
    event = opened(gate, subject)
    sender = event["message"]["sender"]
    assert sender["class"] == "contact"
    assert sender["authentication"]["result"] == "authenticated" and sender["authentication"]["method"] == "login"
    raw = gate.api("GET", "/v1/messages/" + event["message"]["id"] + "/raw").body.decode()
    assert re.search(r"^Received: .*?\bwith ESMTPSA\b", raw, re.S | re.M)


def test_implicit_tls(gate):
    with smtplib.SMTP_SSL("127.0.0.1", gate.implicit, context=gate.context, timeout=30) as s:
        s.login("ann@partner.example", PASSWORD)


def test_login_of_another_contact(gate):
    """Joe proves that he is Joe; Ann's mail needs more."""
    with Client(gate) as s:
        s.login("joe@partner.example", PASSWORD)
        code, text = send(s, mails.mail(subject="Joe as Ann", authenticated=False))
    assert code == 250 and "review" in text, text
    held = [h for h in gate.api("GET", "/v1/held").json["items"] if h["subject"] == "Joe as Ann"]
    assert held[0]["reason"] == "unverified-sender"


def test_without_login(gate):
    with Client(gate) as s:
        code, text = send(s, mails.mail(subject="Ann unproved", authenticated=False))
    assert code == 250 and "review" in text, text


def test_client_certificate(gate):
    own = certificate(gate.folder, "ann-laptop")
    shown = gate.tool("contact", "set", "ann@partner.example", "--certificate", str(own[0]), "--credential-label", "laptop", "--json")
    asked = subprocess.run(["openssl", "x509", "-in", str(own[0]), "-noout", "-fingerprint", "-sha256"], check=True,
                           capture_output=True, text=True).stdout
    fingerprint = asked.split("=")[1].strip().replace(":", "").lower()
    assert fingerprint in shown
    # A certificate proves one address only.
    done = gate.run_tool("contact", "set", "joe@partner.example", "--certificate", str(own[0]))
    assert done.returncode == 77 and b"another address" in done.stderr
    with Client(gate, own) as s:
        code, text = send(s, mails.mail(subject="By certificate", authenticated=False))
        assert code == 250 and "review" not in text, text
        code, text = send(s, mails.mail("Joe <joe@partner.example>", subject="Not Joe's", authenticated=False))
        assert code == 250 and "review" in text, text
    assert opened(gate, "By certificate")["message"]["sender"]["authentication"]["method"] == "certificate"
    gate.tool("contact", "set", "ann@partner.example", "--remove-credential", fingerprint)
    with Client(gate, own) as s:
        code, text = send(s, mails.mail(subject="By a removed certificate", authenticated=False))
    assert code == 250 and "review" in text, text


def test_unregistered_certificate_proves_nothing(gate):
    with Client(gate, certificate(gate.folder, "stranger")) as s:
        code, text = send(s, mails.mail(subject="By a stranger's certificate", authenticated=False))
    assert code == 250 and "review" in text, text


def test_guessing(gate):
    """Last in this file: afterwards nobody logs in from this address for a while."""
    for user in ("ann@partner.example", "nobody@partner.example", "no address"):
        with Client(gate) as s:
            code, text = s.docmd("AUTH", "PLAIN " + plain(user, "a wrong password"))
            assert code == 535 and text.startswith(b"5.7.8")
    for _ in range(5):
        with Client(gate) as s:
            code, text = s.docmd("AUTH", "PLAIN " + plain("ann@partner.example", "guess"))
        if code == 454:
            break
    assert code == 454 and text.startswith(b"4.7.0")
    with Client(gate) as s:
        assert s.docmd("AUTH", "PLAIN " + plain("ann@partner.example", PASSWORD))[0] == 454
    records = wait_for(lambda: [r for r in gate.api("GET", "/v1/audit?limit=200").json["items"] if r["what"] == "login.wrong"],
                       "the audit record of wrong logins")
    assert len(records) == 1 and records[0]["sender"] == "ann@partner.example"
    assert PASSWORD not in gate.logs() and "guess" not in gate.logs()


def plain(user, password):
    return smtplib.encode_base64(f"\0{user}\0{password}".encode(), eol="")
