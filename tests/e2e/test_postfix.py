"""Postfix as the real peer: it relays over SMTP and delivers over LMTP."""

import os

import pytest

import mails
from gateway import Gateway, wait_for
from postfix import Postfix


@pytest.fixture(params=["smtp", "lmtp"])
def relayed(request):
    if os.getuid() != 0:
        pytest.skip("postfix needs root")
    with Gateway() as g:
        g.start()
        port = g.smtp_port if request.param == "smtp" else g.lmtp_port
        with Postfix(g.dir / "postfix", f"{request.param}:[127.0.0.1]:{port}") as p:
            yield request.param, g, p


def test_relays_and_delivers(relayed):
    kind, g, p = relayed
    code, _ = g.send(mails.escalation(), port=p.port)
    assert code == 250
    item = wait_for(lambda: g.claim(1, wait=2), "the ticket")[0]
    assert item["event"]["message"]["completeness"]["logs"] is True
    g.ack([item])
    assert "status=sent" in p.log()
    # A customer's mail: refused in the dialogue over SMTP (Postfix, having accepted it, must bounce); swallowed over LMTP.
    g.send(mails.mail(sender="bob@customer.example"), port=p.port)
    if kind == "smtp":
        wait_for(lambda: "status=bounced" in p.log(), "the refusal")
        assert "cases are opened through your service provider" in p.log()
    else:
        wait_for(lambda: p.log().count("status=sent") >= 2, "the delivery")
        assert "status=bounced" not in p.log()
    assert g.claim(1, wait=0) == []
