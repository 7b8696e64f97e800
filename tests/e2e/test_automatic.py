"""Automatic mail through the real gateway: reports are read, and what comes too fast is held and can be released."""

import json
import re

import mails
from gateway import Gateway, wait_for
from schemas import validate
from test_tokens import case, number_of, open_ticket, participant, token_key

BOUNDARY = "=_report"


def report(to, message_id):
    """A delivery report by the partner's mail system, as its relay hands it over."""
    return (f"Authentication-Results: {mails.proof('ann@partner.example')}\r\n"
            f"From: ann@partner.example\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            f"Message-ID: <{message_id}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: multipart/report; report-type=delivery-status; boundary=\"{BOUNDARY}\"\r\n\r\n"
            f"--{BOUNDARY}\r\n\r\nNobody of that name.\r\n--{BOUNDARY}\r\nContent-Type: message/delivery-status\r\n\r\n"
            f"Reporting-MTA: dns; mail.partner.example\r\n\r\nFinal-Recipient: rfc822; bob@partner.example\r\n"
            f"Action: failed\r\nStatus: 5.1.1\r\n--{BOUNDARY}\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: <sent@support.example>\r\n--{BOUNDARY}--\r\n").encode()


def test_a_report_reaches_the_backend(gate):
    n = open_ticket(gate)
    to = case(token_key(gate), n, participant(gate, n))
    code, text = gate.send(report(to, "dsn1@mail.partner.example"), to=to)
    assert code == 250 and number_of(text) == n, text

    def mine():
        items = gate.claim(100, wait=1)
        if items:
            gate.ack(items)
        for event in (item["event"] for item in items):
            if (event.get("message") or {}).get("message_id") == "dsn1@mail.partner.example":
                return event
    event = wait_for(mine, "the event of the report")
    validate(event, "event.schema.json")
    assert event["message"]["automatic"] == "bounce"
    assert event["message"]["verdict"]["rule"] == "V5"
    assert event["message"]["report"] == {
        "kind": "delivery", "original_message_id": "sent@support.example", "reporting_mta": "mail.partner.example",
        "disposition": None, "recipients": [{"final": "bob@partner.example", "original": None, "action": "failed",
                                             "status": "5.1.1", "diagnostic": None}]}


def test_too_much_is_held_and_can_be_released():
    with Gateway() as gate:
        gate.start()
        n = open_ticket(gate)
        to = case(token_key(gate), n, participant(gate, n))

        def vacation():
            mail = mails.mail(subject="Automatic reply", to=to, headers={"Auto-Submitted": "auto-replied"})
            return gate.send(mail, to=to)
        for _ in range(10):
            code, text = vacation()
            assert code == 250 and number_of(text) == n, text
        code, text = vacation()
        assert code == 250 and "accepted for review" in text
        held = re.search(r"as ([0-9A-HJKMNP-TV-Z]{26})", text).group(1)
        shown = json.loads(gate.tool("held", "show", held, "--json"))
        assert shown["reason"] == "rate", shown
        assert "event=rate" in gate.logs() and "fuse=sender" in gate.logs()
        # People are not counted.
        code, text = gate.send(mails.mail(subject="Re: it", to=to), to=to)
        assert code == 250 and number_of(text) == n
        gate.tool("held", "release", held)
        wait_for(lambda: gate.api("GET", f"/v1/held/{held}").status == 404, "the release")
