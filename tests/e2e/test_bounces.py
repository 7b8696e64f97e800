"""What comes back on the signed return path of an outgoing mail: reports as mail systems write them, out-of-office notes, forgeries."""

import json
import smtplib

import pytest

import mails
from gateway import wait_for
from sink import Sink
from test_outgoing import answer_to, gateway, opened, outbox

PATIENCE = 60
HARD = "550 5.1.1 no such user"


@pytest.fixture
def desk():
    with Sink() as sink, gateway(sink) as g:
        g.start()
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee Park")
        g.sink = sink
        yield g


def until(condition, what):
    return wait_for(condition, what, PATIENCE)


def part(kind, text):
    return f"--b1\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"


def dsn(letter, sender, subject, text, status, returned="message/rfc822", more=""):
    """A multipart/report about a letter, its lines as one system writes them."""
    head = f"From: {sender}\r\nTo: <{letter.path}>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nMessage-ID: <{id(letter)}.{hash(status)}@mx.example>\r\n" \
           f"Date: Tue, 24 Nov 2026 03:31:02 +0100\r\n{more}Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b1\"\r\n\r\n"
    original = f"Message-ID: {letter['Message-ID']}\r\nSubject: x\r\n\r\n"
    return (head + part("text/plain; charset=us-ascii", text) + part("message/delivery-status", status) + part(returned, original) +
            "--b1--\r\n").encode()


def postfix(letter, who, action="failed", status="5.1.1", why=HARD):
    word = "Delayed Mail (still being retried)" if action == "delayed" else "Undelivered Mail Returned to Sender"
    return dsn(letter, "MAILER-DAEMON@mail.partner.example (Mail Delivery System)", word, f"<{who}>: host said: {why}\r\n",
               f"Reporting-MTA: dns; mail.partner.example\r\nX-Postfix-Queue-ID: 4f1\r\nX-Postfix-Sender: rfc822; {letter.path}\r\n\r\n"
               f"Final-Recipient: rfc822; {who}\r\nOriginal-Recipient: rfc822;{who}\r\nAction: {action}\r\nStatus: {status}\r\n"
               f"Remote-MTA: dns; mx.partner.example\r\nDiagnostic-Code: smtp; {why}\r\n", "text/rfc822-headers", "Auto-Submitted: auto-replied\r\n")


def exchange(letter, who):
    return dsn(letter, '"Microsoft Outlook" <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@partner.example>', "Undeliverable: x",
               f"Delivery has failed to these recipients or groups:\r\n\r\n{who}\r\n",
               f"Reporting-MTA: dns;EXCH1.partner.example\r\nReceived-From-MTA: dns;support.example\r\n\r\nOriginal-Recipient: rfc822;{who}\r\n"
               f"Final-Recipient: rfc822;{who}\r\nAction: failed\r\nStatus: 5.1.10\r\n"
               "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\r\n",
               more="X-MS-Exchange-Message-Is-Ndr:\r\nAuto-Submitted: auto-replied\r\n")


def gmail(letter, who):
    return dsn(letter, "Mail Delivery Subsystem <mailer-daemon@mail.example>", "Delivery Status Notification (Failure)",
               f"** Address not found **\r\n\r\nYour message wasn't delivered to {who} because the address couldn't be found.\r\n",
               "Reporting-MTA: dns; mail.example\r\nArrival-Date: Mon, 23 Nov 2026 18:31:00 -0800 (PST)\r\n\r\n"
               f"Final-Recipient: rfc822; {who}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550-5.1.1 The email account does not\r\n"
               " exist. 550 5.1.1 learn more\r\nLast-Attempt-Date: Mon, 23 Nov 2026 18:31:02 -0800 (PST)\r\n",
               more="Auto-Submitted: auto-replied\r\nX-Failed-Recipients: " + who + "\r\n")


def send_back(g, letter, data):
    code, answer = g.send(data, sender="", to=letter.path)
    assert code == 250 and "case" not in answer, answer


def row(g, letter):
    found = [i for i in g.api("GET", "/v1/outbox").json["items"] if f"<{i['message_id']}>" == letter["Message-ID"]]
    return found[0] if found else {"state": "", "answer": ""}


def audits(g, what):
    return [a for a in g.api("GET", "/v1/audit?limit=200").json["items"] if a["what"] == what]


def sent(g, **more):
    number, ack = opened(g, **more)
    until(lambda: row(g, ack)["state"] == "sent", "the record")
    return number, ack


def messages(g, number):
    return g.api("GET", f"/v1/tickets/{number}/messages").json["items"]


@pytest.mark.parametrize("form", [postfix, exchange, gmail])
def test_a_hard_bounce_fails_the_copy_and_stops_the_address(desk, form):
    number, ack = sent(desk)
    send_back(desk, ack, form(ack, "ann@partner.example"))
    until(lambda: row(desk, ack)["state"] == "failed", "the failure")
    assert row(desk, ack)["answer"].startswith("failed: 5.1.1") and row(desk, ack)["code"] == 550
    found = [a for a in audits(desk, "delivery.failed") if a["ticket"] == number]
    assert len(found) == 1 and found[0]["actor"] == "report" and found[0]["sender"] == "ann@partner.example" and found[0]["message"]
    # never a ticket or an answer; the backend is told
    assert len(messages(desk, number)) == 1 and len(desk.api("GET", "/v1/tickets").json["items"]) == 1
    events = desk.claim(10)
    desk.ack(events)
    events += desk.claim(10)
    assert [e["event"]["event"] for e in events] == ["ticket.opened", "delivery.failed"]
    # it can be read again, and comes twice without effect
    assert desk.api("GET", f"/v1/messages/{found[0]['message']}/raw").status == 200
    send_back(desk, ack, form(ack, "ann@partner.example").replace(b"03:31:02", b"03:41:02"))
    until(lambda: audits(desk, "delivery.reported"), "the second one's record")
    assert len(audits(desk, "delivery.failed")) == 1
    # nothing more leaves for the address, until an operator says so
    assert desk.send(mails.mail(), sender="ann@partner.example")[0] == 250
    until(lambda: outbox(desk, "held"), "the next one held back")
    assert outbox(desk, "held")[0]["held_by"] == "address"
    # it can be seen, and lifted
    listed = json.loads(desk.tool("suppressed", "list", "--json"))["items"]
    assert [i["address"] for i in listed] == ["ann@partner.example"] and listed[0]["reason"].startswith("failed: 5.1.1")
    assert listed[0]["report"] == found[0]["message"] and listed[0]["outgoing"] == row(desk, ack)["id"] and listed[0]["ticket"] == number
    assert json.loads(desk.tool("suppressed", "show", "Ann@partner.example", "--json")) == listed[0]
    desk.tool("suppressed", "lift", "ann@partner.example")
    assert desk.api("GET", "/v1/suppressed").json["items"] == [] and audits(desk, "suppressed.lift")[0]["sender"] == "ann@partner.example"
    assert desk.api("DELETE", "/v1/suppressed/ann@partner.example").status == 404
    until(lambda: len(desk.sink.to("ann@partner.example")) == 2, "the one that was held")
    assert row(desk, ack)["state"] == "failed"


def test_agents_hear_of_it():
    """In the case's thread, with the answer and what follows from it; but not of what agents themselves did not get."""
    with Sink() as sink, gateway(sink, extra="notify agents any l2@desk.example\n") as g:
        g.start()
        g.sink = sink
        number, ack = sent(g)
        until(lambda: len(sink.to("l2@desk.example")) == 1, "the case, told")
        ticket = sink.to("l2@desk.example")[0]
        until(lambda: row(g, ticket)["state"] == "sent", "its record")
        send_back(g, ticket, postfix(ticket, "l2@desk.example", "failed", "5.2.2", "552 5.2.2 mailbox full"))
        until(lambda: row(g, ticket)["state"] == "failed", "the agents' own failure")
        send_back(g, ack, postfix(ack, "ann@partner.example", "delayed", "4.4.1", "connect to mx.partner.example: timed out"))
        until(lambda: audits(g, "delivery.delayed"), "the delay")
        send_back(g, ack, postfix(ack, "ann@partner.example"))
        until(lambda: len(sink.to("l2@desk.example")) == 2, "the failure, told")
        told = sink.to("l2@desk.example")[1]
        assert f"case #{number} (open, severity" in told.text and "did not reach Ann Lee <ann@partner.example>:" in told.text, told.text
        assert "5.1.1" in told.text and "no such user" in told.text and "vcspgate suppressed lift ann@partner.example" in told.text
        assert told["Subject"] == ticket["Subject"] and told["References"].split()[0] == ticket["References"].split()[0]
        assert told["Auto-Submitted"] == "auto-generated"
        until(lambda: "failed" in [i["kind"] for i in outbox(g, "sent")], "its record")


def test_what_is_delayed_has_not_failed(desk):
    number, ack = sent(desk)
    send_back(desk, ack, postfix(ack, "ann@partner.example", "delayed", "4.4.1", "connect to mx.partner.example: timed out"))
    until(lambda: row(desk, ack)["answer"].startswith("delayed: 4.4.1"), "the note")
    assert row(desk, ack)["state"] == "sent" and len(audits(desk, "delivery.delayed")) == 1 and not audits(desk, "delivery.failed")
    assert len(messages(desk, number)) == 1


def test_a_full_mailbox_fails_the_copy_and_not_the_address(desk):
    _, ack = sent(desk)
    send_back(desk, ack, postfix(ack, "ann@partner.example", "failed", "5.2.2", "552 5.2.2 mailbox full"))
    until(lambda: row(desk, ack)["state"] == "failed", "the failure")
    opened(desk, subject="The next one arrives")


def test_an_out_of_office_note_is_appended_quietly(desk):
    number, ack = sent(desk)
    note = mails.mail(subject="Out of office", text="I am away until Monday.\n#close\n", to=ack.path, authenticated=False,
                      headers={"Auto-Submitted": "auto-replied", "In-Reply-To": ack["Message-ID"]})
    send_back(desk, ack, note)
    until(lambda: len(messages(desk, number)) == 2, "the note")
    message = messages(desk, number)[1]
    assert message["verdict"]["rule"] == "V0" and message["sender"]["role"] == "contact" and message["automatic"] == "auto-reply"
    assert message["sender"]["authentication"]["result"] != "authenticated"
    assert desk.api("GET", f"/v1/tickets/{number}").json["status"] == "open"
    assert len(desk.api("GET", f"/v1/outbox?ticket={number}").json["items"]) == 1
    assert row(desk, ack)["state"] == "sent"


def test_a_forged_return_path_is_refused_and_audited(desk):
    number, ack = sent(desk)
    local, _, domain = ack.path.partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    with desk.smtp() as s:
        s.helo("x.example")
        assert s.mail("")[0] == 250
        for path in (forged, f"bounce@{domain}"):
            code, text = s.rcpt(path)
            assert code == 550 and b"5.1.1" in text
    until(lambda: [a for a in audits(desk, "mail.refused") if a["rule"] == "V0"], "the record")
    # a thread address takes no reports: nothing proves that we sent what they are about
    try:
        desk.send(postfix(ack, "ann@partner.example"), sender="", to=ack["From"].addresses[0].addr_spec)
    except smtplib.SMTPException:
        pass
    assert row(desk, ack)["state"] == "sent" and len(messages(desk, number)) == 1


def only_customers_left(g):
    """T3: the only contact's copy comes back while the customer's still waits; so two answers of L2 are held for Bob."""
    number, _ = sent(g, cc="Bob <bob@customer.example>")
    until(lambda: g.sink.to("bob@customer.example"), "Bob's letter")
    g.sink.script = lambda verb, argument: "450 4.2.0 later" if verb == "RCPT" and "bob@" in argument else None
    assert g.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "In order."}).status == 202
    until(lambda: any("In order." in m.text for m in g.sink.to("ann@partner.example")), "Ann's copy")
    copy = [m for m in g.sink.to("ann@partner.example") if "In order." in m.text][0]
    until(lambda: row(g, copy)["state"] == "sent" and [i for i in outbox(g, "queued") if i["attempts"] > 0], "Bob's first try")
    send_back(g, copy, postfix(copy, "ann@partner.example"))
    until(lambda: row(g, copy)["state"] == "failed", "the bounce")
    g.sink.script = lambda verb, argument: None
    g.tool("outbox", "retry", outbox(g, "queued")[0]["id"])
    until(lambda: [i for i in outbox(g, "held") if "T3" in i["answer"]], "Bob's copy held")
    assert g.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "The second."}).status == 202
    until(lambda: len([i for i in outbox(g, "held") if i["held_by"] == "contact"]) == 2, "the second one held")
    assert len(g.sink.to("bob@customer.example")) == 1
    return number


def answers(g, address):
    return [word for m in g.sink.to(address) for word in ("In order.", "The second.") if word in m.text]


def test_no_customer_gets_what_no_contact_had(desk):
    """What is held goes by itself, and in order, when the contact's address is good again."""
    only_customers_left(desk)
    desk.tool("suppressed", "lift", "ann@partner.example")
    until(lambda: len(answers(desk, "bob@customer.example")) == 2, "Bob's copies")
    assert answers(desk, "bob@customer.example") == ["In order.", "The second."]
    assert answers(desk, "ann@partner.example") == ["In order.", "In order.", "The second."]  # the first had come back
    assert not outbox(desk, "held")


def test_a_new_contact_takes_over(desk):
    """T3: with a contact of the partner that can be reached, the customer's copies go."""
    number = only_customers_left(desk)
    desk.tool("contact", "add", "--partner", "acme-msp", "--address", "kim@partner.example", "--name", "Kim Roe")
    until(lambda: len(answers(desk, "bob@customer.example")) == 2, "Bob's copies")
    assert answers(desk, "bob@customer.example") == answers(desk, "kim@partner.example") == ["In order.", "The second."]
    people = desk.api("GET", f"/v1/tickets/{number}").json["participants"]
    assert [p["role"] for p in people if p["address"] == "kim@partner.example"] == ["contact"]
    assert [a["sender"] for a in audits(desk, "participant.added") if a["rule"] == "T3"] == ["kim@partner.example"]


@pytest.mark.parametrize("by_mail", [False, True])
def test_whoever_is_taken_out_is_told_once(desk, by_mail):
    number, ack = sent(desk, cc="Bob <bob@customer.example>")
    until(lambda: desk.sink.to("bob@customer.example"), "Bob's letter")
    desk.sink.script = lambda verb, argument: "450 4.2.0 later" if verb == "RCPT" and "bob@" in argument else None
    assert desk.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "For both."}).status == 202
    until(lambda: [i for i in outbox(desk, "queued") if i["attempts"] > 0 and i["recipient"] == "bob@customer.example"], "Bob's copy to wait")
    desk.sink.script = lambda verb, argument: None
    if by_mail:
        mail = answer_to(ack, "Ann Lee <ann@partner.example>", "#customer remove bob@customer.example\n\nWe go on alone.\n")
        assert desk.send(mail, sender="ann@partner.example", to=ack["From"].addresses[0].addr_spec)[0] == 250
    else:
        desk.tool("ticket", "remove-participant", str(number), "bob@customer.example")
    until(lambda: len(desk.sink.to("bob@customer.example")) == 2, "the notice")
    joined, notice = desk.sink.to("bob@customer.example")
    assert f"you no longer take part in case #{number}" in notice.text and notice["In-Reply-To"] == joined["Message-ID"]
    assert notice["Auto-Submitted"] and "We go on" not in notice.text and "ann@" not in notice.text
    cancelled = outbox(desk, "cancelled")
    assert [i["recipient"] for i in cancelled] == ["bob@customer.example"] and "no longer" in cancelled[0]["answer"]
