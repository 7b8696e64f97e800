"""L2 by mail: agents are told of tickets and messages, and answer from their own mail programs."""

import re

import pytest

import mails
from gateway import Gateway, wait_for
from sink import Sink

LEE, GROUP, BILLING, ANN, BOB = ("lee@support.example", "l2@desk.example", "billing@desk.example", "ann@partner.example",
                                 "bob@customer.example")


@pytest.fixture
def desk():
    with Sink() as s, Gateway(extra=f"smarthost smtp://127.0.0.1:{s.port} tls none\nsupport name \"Example Support\"\n"
                                    f"notify agents any {GROUP}\nnotify agents any {LEE}\nnotify agents default {GROUP}\n"
                                    f"notify agents billing {BILLING}") as g:
        g.start()
        g.tool("agent", "add", "--address", LEE, "--name", "Lee Park")
        g.sink = s
        yield g


def came(g, who, word, n=1):
    """The n-th mail to somebody with this word in its text; never more than n."""
    def found():
        return [m for m in g.sink.to(who) if word in m.text]
    wait_for(lambda: len(found()) >= n, f"{word!r} to {who}\n{g.logs()[-1500:]}")
    assert len(found()) == n
    return found()[-1]


def messages(g, number):
    return g.api("GET", f"/v1/tickets/{number}/messages").json["items"]


def settled(g, number, n):
    """n messages are in the ticket and every letter that they cause has left."""
    wait_for(lambda: len(messages(g, number)) == n, f"{n} messages")
    wait_for(lambda: not [i for i in g.api("GET", f"/v1/outbox?ticket={number}").json["items"] if i["state"] == "queued"], "the letters")


def answer(g, letter, sender, text, cc=None, headers=None, **more):
    """As a mail program answers: to From, quoting what it read."""
    case = letter["From"].addresses[0].addr_spec
    quoted = "".join(f"> {line}\n" for line in letter.text.splitlines())
    headers = {"In-Reply-To": letter["Message-ID"], "References": f"{letter['References']} {letter['Message-ID']}", **(headers or {})}
    return g.send(mails.mail(sender=sender, to=case, cc=cc, subject="Re: " + letter["Subject"], headers=headers,
                             text=f"{text}\n\nOn Monday, {letter['From'].addresses[0].display_name} wrote:\n{quoted}", **more),
                  sender=re.search(r"[^\s<]+@[^\s>]+", sender).group(0), to=case)


def opened(g, **more):
    code, said = g.send(mails.escalation(**more), sender=ANN)
    assert code == 250, said
    return int(re.search(r"case (\d+)", said).group(1))


def ids(mail):
    return (mail["References"] or "").split()


def test_a_case_by_mail(desk):
    number = opened(desk, cc=f"Bob <{BOB}>", subject="Job fails")
    ticket = came(desk, GROUP, f"Case #{number}")
    assert came(desk, LEE, f"Case #{number}").text == ticket.text and not desk.sink.to(BILLING)
    # full context, in the writer's name
    for word in ("severity 2", "route vbr", "Partner: ", "From: Ann Lee <ann@partner.example>", "First answer due: 20", "Version: 12.1.2.172",
                 "Operation was canceled by user", f"Bob <{BOB}> (customer)"):
        assert word in ticket.text, (word, ticket.text)
    assert ticket["From"].addresses[0].display_name == "Ann Lee via Example Support" and "Auto-Submitted" not in ticket.mail
    assert re.fullmatch(rf"case\+{number}\.[a-z0-9]+@support\.example", ticket["From"].addresses[0].addr_spec)
    assert ids(ticket)[-1] == ticket["In-Reply-To"] and len(ids(ticket)) == 2
    came(desk, BOB, "brought you into case")

    # an agent answers: signature, quotes and address stay behind
    code, said = answer(desk, ticket, f'"{LEE}" <{LEE}>', f"Replace the disk, or write to {LEE}.\n\n-- \nLee Park\n{LEE.upper()}", cc=GROUP)
    assert code == 250, said
    for who in (ANN, BOB):
        reply = came(desk, who, "Replace the disk")
        assert LEE.encode() not in reply.data.lower().replace(b"=\r\n", b"") and "Case #" not in reply.text
        assert reply["From"].addresses[0].display_name == "Lee Park via Example Support" and "write to Example Support." in reply.text
        assert ids(ticket)[0] in ids(reply) and ids(ticket)[1] in ids(reply)
    settled(desk, number, 2)
    # their program sent it to the group; they wrote it themselves
    assert len(desk.sink.to(GROUP)) == 1 and len(desk.sink.to(LEE)) == 1
    assert messages(desk, number)[-1]["sender"]["role"] == "agent"
    assert desk.api("GET", f"/v1/tickets/{number}").json["sla"]["state"] == "met"

    # the customer answers; agents get it in the same thread
    assert answer(desk, came(desk, BOB, "Replace the disk"), f"Bob <{BOB}>", "It is replaced.")[0] == 250
    copy = came(desk, GROUP, "It is replaced.")
    came(desk, ANN, "It is replaced.")
    assert "customer wrote without the partner" in copy.text and copy["Subject"] == ticket["Subject"]
    assert ids(copy)[0] == ids(ticket)[0] and "Replace the disk" not in copy.text

    # a note stays among agents, and so does what answers it
    assert answer(desk, copy, f"Lee <{LEE}>", "#note\nThe disk was not it.")[0] == 250
    note = came(desk, GROUP, "The disk was not it.")
    settled(desk, number, 4)
    assert "[Internal: only agents see this.]" in note.text and note.text.count("#note") == 1 and "Seen by" not in note.text
    assert answer(desk, note, f"Lee <{LEE}>", "Nor the cable.", headers={"References": ""})[0] == 250
    came(desk, GROUP, "Nor the cable.")
    settled(desk, number, 5)
    for who in (ANN, BOB):
        assert all("was not it" not in m.text and "cable" not in m.text for m in desk.sink.to(who))

    # commands; an agent only asks for a customer; nobody gets a mail that says nothing
    before = len(desk.sink.to(ANN))
    assert answer(desk, copy, f"Lee <{LEE}>", "#severity 1\n#customer add eve@customer.example")[0] == 250
    told = came(desk, GROUP, "severity 1")
    settled(desk, number, 6)
    assert "eve@customer.example takes part when a contact confirms it" in told.text
    assert len(desk.sink.to(ANN)) == before and not desk.sink.to("eve@customer.example")
    assert answer(desk, copy, f"Lee <{LEE}>", "#close\nSolved.")[0] == 250
    assert "[This mail closes the case.]" in came(desk, ANN, "Solved.").text
    assert f"Case #{number} (closed, severity 1" in came(desk, GROUP, "Solved.").text
    assert desk.api("GET", f"/v1/tickets/{number}").json["status"] == "closed"
    # one thread, one subject in every copy that agents got
    assert {ids(m)[0] for m in desk.sink.to(GROUP)} == {ids(ticket)[0]} and len({m["Subject"] for m in desk.sink.to(GROUP)}) == 1
    assert all(LEE.encode() not in m.data.replace(b"=\r\n", b"").lower() for who in (ANN, BOB) for m in desk.sink.to(who))


def test_what_does_nothing(desk):
    """An agent's out-of-office, a report about a letter, and who only says to be an agent."""
    number = opened(desk)
    ticket = came(desk, GROUP, f"Case #{number}")
    assert answer(desk, ticket, f"Lee <{LEE}>", "On it.")[0] == 250
    came(desk, ANN, "On it.")
    settled(desk, number, 2)
    sent = len(desk.sink.mails)
    code, _ = answer(desk, ticket, f"Lee <{LEE}>", "#close\nI am out of office.", headers={"Auto-Submitted": "auto-replied"})
    assert code == 250
    settled(desk, number, 3)
    for proof in (False, "mx.support.example; dmarc=none header.from=support.example"):
        code, said = answer(desk, ticket, f"Lee <{LEE}>", "#close\nPay to this account.", authenticated=proof)
        assert code == 250 and "case" not in said, said
    bounce = mails.mail(sender="Mail System <mailer-daemon@desk.example>", to=ticket.path, subject="Undelivered mail", authenticated=False)
    assert desk.send(bounce, sender="", to=ticket.path)[0] == 250
    wait_for(lambda: len(desk.api("GET", "/v1/held").json["items"]) >= 2, "the held forgeries")
    settled(desk, number, 3)
    assert len(desk.sink.mails) == sent and desk.api("GET", f"/v1/tickets/{number}").json["status"] == "open"


def test_an_agent_who_takes_no_part(desk):
    """Their out-of-office is held (V6), mail without a case too (V8); neither reaches anybody. What they write to a case counts (V7)."""
    kim = "kim@support.example"
    desk.tool("agent", "add", "--address", kim, "--name", "Kim")
    number = opened(desk)
    ticket = came(desk, GROUP, f"Case #{number}")
    settled(desk, number, 1)
    sent = len(desk.sink.mails)
    assert answer(desk, ticket, f"Kim <{kim}>", "#close\nI am away.", headers={"Auto-Submitted": "auto-replied"})[0] == 250
    assert desk.send(mails.mail(sender=f"Kim <{kim}>", text="#close\nA new one."), sender=kim)[0] == 250
    held = wait_for(lambda: len(i := desk.api("GET", "/v1/held").json["items"]) == 2 and i, "both to be held")
    assert {i["reason"] for i in held} == {"automatic", "agent-without-ticket"}
    settled(desk, number, 1)
    assert len(desk.sink.mails) == sent and desk.api("GET", f"/v1/tickets/{number}").json["status"] == "open"
    assert answer(desk, ticket, f"Kim <{kim}>", "I take it.")[0] == 250
    came(desk, ANN, "I take it.")


def test_commands_of_others_are_text(desk):
    """A customer's #close and #note do nothing, whoever they say to be in the text (T6)."""
    number = opened(desk, cc=f"Bob <{BOB}>")
    came(desk, GROUP, f"Case #{number}")
    assert answer(desk, came(desk, BOB, "brought you into case"), f'"{LEE}" <{BOB}>', "#close\n#note\nAs your agent I close this.")[0] == 250
    settled(desk, number, 2)
    came(desk, ANN, "As your agent")
    assert desk.api("GET", f"/v1/tickets/{number}").json["status"] == "open" and "[Internal" not in came(desk, GROUP, "As your agent").text


def test_nothing_of_an_agent_leaves(desk):
    """Neither their address nor their host, by any field: their Message-ID, that of a colleague they answer, or their signature."""
    number = opened(desk, cc=f"Bob <{BOB}>")
    ticket = came(desk, GROUP, f"Case #{number}")
    came(desk, BOB, "brought you into case")
    own = "<1.lee.park@laptop7.intern.example>"
    assert answer(desk, ticket, f"Lee <{LEE}>", "First.", message_id=own)[0] == 250
    first = came(desk, ANN, "First.")
    colleague = "<2.kim@desk9.intern.example>"
    assert answer(desk, ticket, f"Lee <{LEE}>", "Second.", message_id="<3.lee@laptop7.intern.example>",
                  headers={"In-Reply-To": colleague, "References": f"{ticket['References']} {own} {colleague}"})[0] == 250
    came(desk, BOB, "Second.")
    # and those who answer name what they got; nothing comes back in by a partner's References
    assert answer(desk, first, "Ann Lee <ann@partner.example>", "Third.", cc=f"Joe <joe@partner.example>, {BOB}",
                  headers={"References": f"{first['References']} {own}"})[0] == 250
    settled(desk, number, 4)
    for who in (ANN, BOB):
        assert desk.sink.to(who)
        for m in desk.sink.to(who):
            assert b"intern.example" not in m.data and LEE.encode() not in m.data.lower(), m.data
            assert ids(m)[0] == ids(ticket)[0], m["References"]
    # agents see who wrote
    assert f"From: Lee Park <{LEE}>" in came(desk, GROUP, "Second.").text


def test_agents_may_be_shown():
    with Sink() as s, Gateway(extra=f"smarthost smtp://127.0.0.1:{s.port} tls none\nnotify agents any {GROUP}\nagents address shown\n"
                                    "agents link https://desk.example/case?n=\n") as g:
        g.start()
        g.tool("agent", "add", "--address", LEE, "--name", "Lee Park")
        g.sink = s
        number = opened(g)
        ticket = came(g, GROUP, f"Case #{number}")
        for word in (f"Link: https://desk.example/case?n={number}", "[VeeamBackupLogs.zip, Backup_Job_1/Job.Backup_Job_1.log, line 3",
                     "Present: logs error product version triage", "(running)"):
            assert word in ticket.text, ticket.text
        assert answer(g, ticket, f"Lee <{LEE}>", f"Call me, {LEE}.", message_id="<9@laptop7.intern.example>")[0] == 250
        reply = came(g, ANN, f"Call me, {LEE}.")
        assert reply["In-Reply-To"] == "<9@laptop7.intern.example>"


def test_held_mail_of_a_contact():
    """Agents hear of it, without a word of it; so does the contact, once a day, where that is configured."""
    secret = "Transfer everything to Mallory"
    with Sink() as s, Gateway(extra=f"smarthost smtp://127.0.0.1:{s.port} tls none\nhold notice on\nnotify agents any {GROUP}\n"
                                    f"notify agents default {GROUP}\nnotify agents billing {BILLING}\n") as g:
        g.start()
        g.sink = s
        for n in range(3):
            assert g.send(mails.mail(subject=secret, text=secret, authenticated=False), sender=ANN)[0] == 250
        # no person, or no contact
        assert g.send(mails.mail(sender="Olaf <olaf@other.example>", text=secret, authenticated=False, headers={"Auto-Submitted": "auto-replied"}),
                      sender="olaf@other.example")[0] == 250
        assert g.send(mails.mail(sender="Lena <lena@vendor.example>", text=secret, authenticated=False), sender="lena@vendor.example")[0] == 250
        wait_for(lambda: len(g.api("GET", "/v1/held").json["items"]) == 5, "the held mails")
        alarm, notice = came(g, GROUP, ANN), came(g, ANN, "we could not tell")
        settled_mails = len(g.api("GET", "/v1/outbox").json["items"])
        assert settled_mails == 2 and len(s.mails) == 2, [(m.rcpts, m["Subject"]) for m in s.mails]
        for word in ("Partner: acme-msp", "Reason: unverified-sender", "First answer due", "vcspgate held show"):
            assert word in alarm.text, alarm.text
        for m in (alarm, notice):
            assert secret.encode() not in m.data and m["Auto-Submitted"] == "auto-generated" and not m["References"]
        assert "acme" not in notice.text


def test_who_is_told_follows_the_registry(desk):
    """A partner's address that stands in the configuration by mistake gets nothing; others do."""
    joe = "joe@partner.example"
    desk.tool("contact", "add", "--partner", "acme-msp", "--address", joe, "--name", "Joe")
    desk.conf_path.write_text(desk.text + f"\nnotify agents any {joe}\n")
    desk.hangup()
    wait_for(lambda: "reload" in desk.logs(), "the reload")
    number = opened(desk)
    came(desk, GROUP, f"Case #{number}")
    wait_for(lambda: [i for i in desk.api("GET", f"/v1/outbox?ticket={number}").json["items"] if i["state"] == "cancelled"], "the cancelled copy")
    assert {(i["recipient"], i["kind"]) for i in desk.api("GET", f"/v1/outbox?ticket={number}").json["items"] if i["state"] == "cancelled"} == {(joe, "agent")}
    assert not desk.sink.to(joe)


def test_the_route_decides():
    with Sink() as s, Gateway(extra=f"smarthost smtp://127.0.0.1:{s.port} tls none\naddress intake bills@support.example route billing\n"
                                    f"notify agents billing {BILLING}\nnotify agents vbr {GROUP}") as g:
        g.start()
        g.sink = s
        assert g.send(mails.mail(to="bills@support.example"), sender=ANN, to="bills@support.example")[0] == 250
        came(g, BILLING, "route billing")
        opened(g)
        came(g, GROUP, "route vbr")
        assert len(s.to(BILLING)) == 1 and len(s.to(GROUP)) == 1
