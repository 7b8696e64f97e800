"""What comes back on signed return paths through a mailbox (IMAP) and over LMTP: the same records as over SMTP."""

import contextlib

import pytest

import mails
from dovecot import Dovecot
from sink import Sink
from test_bounces import audits, messages, postfix, row, sent, until
from test_imap import box
from test_outgoing import gateway

ANN = "ann@partner.example"


class Way:
    """How mail comes in; refused(): how many mails were not taken."""

    def __init__(self, g, dovecot):
        self.g, self.dovecot, self.lost = g, dovecot, 0

    def bring(self, data, to):
        if self.dovecot:
            self.dovecot.deliver(data)
            return
        with self.g.smtp(lmtp=True, port=self.g.lmtp_port) as s:
            s.ehlo_or_helo_if_needed()
            assert s.mail("")[0] == 250
            code, _ = s.rcpt(to)
            if code == 250:
                code, _ = s.data(data)
            self.lost += code != 250

    def refused(self):
        return len(self.dovecot.subjects("Rejected")) if self.dovecot else self.lost


@pytest.fixture(params=["lmtp", "imap"])
def way(request, tmp_path):
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(Sink())
        dovecot = stack.enter_context(Dovecot()) if request.param == "imap" else None
        g = stack.enter_context(gateway(sink, extra=box(dovecot, tmp_path) if dovecot else ""))
        g.start()
        g.sink = sink
        yield Way(g, dovecot)


def without_to(data, field, path):
    """As a mailbox keeps what was not addressed to it in To."""
    return field.encode() + b": <" + path.encode() + b">\r\n" + data.replace(f"To: <{path}>".encode(), b"To: undisclosed-recipients:;", 1)


@pytest.mark.parametrize("field", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_a_bounce_is_tied_to_its_copy(way, field):
    g = way.g
    number, ack = sent(g)
    data = postfix(ack, ANN)
    way.bring(data if field == "To" else without_to(data, field, ack.path), ack.path)
    until(lambda: row(g, ack)["state"] == "failed", "the failure")
    found = audits(g, "delivery.failed")
    assert [(a["ticket"], a["sender"], a["actor"]) for a in found] == [(number, ANN, "report")] and found[0]["message"]
    assert [i["address"] for i in g.api("GET", "/v1/suppressed").json["items"]] == [ANN]
    events = []
    until(lambda: events.extend(g.claim(10)) or g.ack(events) or "delivery.failed" in [e["event"]["event"] for e in events], "the event")
    # never a ticket, never an answer, nothing held
    assert len(messages(g, number)) == 1 and len(g.api("GET", "/v1/tickets").json["items"]) == 1
    assert g.api("GET", "/v1/held").json["items"] == [] and way.refused() == 0 and len(g.sink.mails) == 1


def test_what_is_delayed_has_not_failed(way):
    number, ack = sent(way.g)
    way.bring(postfix(ack, ANN, "delayed", "4.4.1", "connect to mx.partner.example: timed out"), ack.path)
    until(lambda: row(way.g, ack)["answer"].startswith("delayed: 4.4.1"), "the note")
    assert row(way.g, ack)["state"] == "sent" and not audits(way.g, "delivery.failed")
    assert way.g.api("GET", "/v1/suppressed").json["items"] == [] and len(messages(way.g, number)) == 1


def test_an_out_of_office_note_is_the_recipients(way):
    number, ack = sent(way.g)
    way.bring(mails.mail(subject="Out of office", text="Back on Monday.\n#close\n", to=ack.path, authenticated=False,
                         headers={"Auto-Submitted": "auto-replied"}), ack.path)
    until(lambda: len(messages(way.g, number)) == 2, "the note")
    assert messages(way.g, number)[1]["verdict"]["rule"] == "V0" and way.g.api("GET", f"/v1/tickets/{number}").json["status"] == "open"


def test_a_forged_one_is_audited_and_changes_nothing(way):
    number, ack = sent(way.g)
    local, _, domain = ack.path.partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    way.bring(postfix(ack, ANN).replace(ack.path.encode(), forged.encode()), forged)
    until(lambda: way.refused() == 1, "the refusal")
    until(lambda: [a for a in audits(way.g, "mail.refused") if a["rule"] == "V0"], "the record")
    assert row(way.g, ack)["state"] == "sent" and len(messages(way.g, number)) == 1 and len(way.g.sink.mails) == 1
    assert way.g.api("GET", "/v1/suppressed").json["items"] == []
