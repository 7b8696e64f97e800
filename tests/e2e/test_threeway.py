"""Three-way scenarios in the forms that people's mail programs write: who is in the thread, and who is not."""

import pytest

import clients
import mails
from test_threads import ANN, BOB, last, parsed, roles, send
from test_tokens import number_of

OLAF = "Olaf <olaf@other.example>"
LENA = "Lena <lena@vendor.example>"


def start(gate, cc=BOB, **more):
    """A partner's opening mail and its ticket."""
    mail = mails.escalation(cc=cc, **more)
    code, text = send(gate, mail)
    assert code == 250, text
    return mail, number_of(text)


def codes(message):
    return [p["code"] for p in message["problems"]]


@pytest.mark.parametrize("form", sorted(clients.FORMS))
def test_customer_replies_to_all(gate, form):
    mail, n = start(gate)
    assert roles(gate, n)["bob@customer.example"] == "customer"
    answer = clients.reply(form, mail, BOB, "We see it on the second host as well.", cc=ANN)
    code, text = send(gate, answer)
    assert (code, number_of(text)) == (250, n)
    m = last(gate, n)
    assert m["verdict"]["rule"] == "V14" and m["sender"]["role"] == "customer"
    assert m["body"]["text"] == "We see it on the second host as well."
    assert "nightly job" in m["body"]["quoted"]
    assert "thread.partner-dropped" not in codes(m)


@pytest.mark.parametrize("form", sorted(clients.FORMS))
def test_customer_drops_the_partner(gate, form):
    mail, n = start(gate)
    code, text = send(gate, clients.reply(form, mail, BOB, "Only for you."))
    assert (code, number_of(text)) == (250, n)
    assert "thread.partner-dropped" in codes(last(gate, n))
    assert "ann@partner.example" in last(gate, n)["audience"]


@pytest.mark.parametrize("form", sorted(clients.FORMS))
def test_customer_alone_on_a_guessed_number(gate, form):
    mail, n = start(gate, cc=None)
    code, text = send(gate, clients.reply(form, mail, BOB, "Let me in.", subject=f"Re: [#{n}] Backup job fails", thread=False))
    assert code == 550 and "service provider" in text and str(n) not in text
    assert last(gate, n)["verdict"]["rule"] == "V11"


def test_customer_names_the_message_of_another_ticket(gate):
    _, n = start(gate)
    foreign, other = start(gate, cc=None)
    code, _ = send(gate, clients.reply("outlook", foreign, BOB, "And this one?"))
    assert code == 550
    assert "bob@customer.example" not in roles(gate, other)


def test_another_partners_customer_is_not_taken_up(gate):
    gate.run_tool("customer", "add", "--partner", "other-msp", "--domain", "theirs.example")
    _, n = start(gate, cc="Tom <tom@theirs.example>, Olaf <olaf@other.example>, Bob <bob@customer.example>")
    assert roles(gate, n) == {"ann@partner.example": "contact", "bob@customer.example": "customer"}
    m = last(gate, n)
    assert "participant.not-added" in codes(m)
    assert m["audience"] == ["ann@partner.example", "bob@customer.example"]
    # and their answers open nothing of this partner's
    for sender in ("Tom <tom@theirs.example>", OLAF):
        code, text = send(gate, clients.reply("gmail", mails.mail(message_id=f"<{n}.x@partner.example>"), sender, "What is this?",
                                              subject=f"Re: [#{n}]"))
        assert code == 550 or number_of(text) != n


def test_partner_leaves(gate):
    mail, n = start(gate)
    gate.tool("partner", "set", "acme-msp", "--status", "suspended")
    try:
        code, text = send(gate, clients.reply("apple", mail, ANN, "Still there?"))
        assert code == 550 and "membership is not active" in text
    finally:
        gate.tool("partner", "set", "acme-msp", "--status", "active")
    code, text = send(gate, clients.reply("apple", mail, ANN, "Back again."))
    assert (code, number_of(text)) == (250, n)


def test_agent_asks_for_the_customer_and_the_contact_confirms(gate):
    mail, n = start(gate, cc=None)
    ask = mails.mail(sender=LENA, subject=f"Re: [#{n}]", text="#customer add bob@customer.example\n\nMay we ask them?\n")
    code, text = send(gate, ask)
    assert (code, number_of(text)) == (250, n)
    assert "bob@customer.example" not in roles(gate, n)
    confirm = mails.mail(sender=ANN, subject=f"Re: [#{n}]", text="#customer confirm bob@customer.example\n\nYes.\n")
    code, text = send(gate, confirm)
    assert (code, number_of(text)) == (250, n)
    assert roles(gate, n)["bob@customer.example"] == "customer"


def test_a_forged_staff_address_joins_nothing(gate):
    mail, n = start(gate)
    before = last(gate, n)["id"]
    forged = mails.mail(sender=LENA, subject=f"Re: [#{n}]", text="#close\n", authenticated=False)
    code, text = send(gate, forged)
    assert code == 250 and "review" in text
    parsed(gate)
    assert last(gate, n)["id"] == before
