"""Mail fetched from a mailbox: a real dovecot, and servers that misbehave."""

import pytest

from gateway import Gateway, wait_for
from dovecot import Dovecot, password_file
from mails import mail

MOVES = "processed Done rejected Rejected failed Failed"


def box(dovecot, folder, how="tls implicit", host="localhost", port=None, more=MOVES, poll="1s"):
    """An `imap` line."""
    port = port or (dovecot.tls_port if "implicit" in how else dovecot.port)
    ca = f"ca {dovecot.dir}/ca.pem" if "none" not in how else ""
    return (f"imap support {host}:{port} {how} {ca} user support password file {password_file(folder)} "
            f"poll {poll} {more}")


@pytest.mark.parametrize("how", ["tls none", "tls required", "tls implicit"])
def test_mail_is_judged_and_filed(tmp_path, how):
    """Read by a person or not: held mail (nothing proves its sender here) goes to Done, refused mail to Rejected."""
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, how)) as g:
        g.start()
        d.deliver(mail(subject="Backup fails"), flags="(\\Seen \\Answered)")
        d.deliver(mail(sender="eve@nowhere.example", subject="Buy"))
        wait_for(lambda: d.count() == 0, "the folder to be empty")
        held = g.api("GET", "/v1/held").json["items"]
        assert [h["reason"] for h in held] == ["unverified-sender"]
        assert (d.subjects("Done"), d.subjects("Rejected"), d.subjects("Failed")) == (["Backup fails"], ["Buy"], [])
        assert {b"\\Seen", b"\\Answered"} <= set(d.flags("Done")[0])


@pytest.mark.parametrize("certificate, host, why", [
    ("wrong", "localhost", "the name does not match"), ("good", "127.0.0.1", "the name does not match"),
    ("unknown", "localhost", "not by a trusted issuer")])
@pytest.mark.parametrize("how", ["tls required", "tls implicit"])
def test_another_server_gets_no_password(tmp_path, certificate, host, why, how):
    with Dovecot(certificate) as d, Gateway(extra=box(d, tmp_path, how, host)) as g:
        g.start(sample=False)
        wait_for(lambda: f"kind=tls step=tls error=\"certificate: {why}\"" in g.logs(), "the refusal")
        assert "imap-open" not in g.logs()
