"""Three-way threads: the partner brings a customer in, the customer stays in that one thread, and goes when told to."""

import json

import mails
from gateway import wait_for
from test_tokens import case, number_of, participant, token_key

BOB, EVE, ANN = "Bob <bob@customer.example>", "Eve <eve@customer.example>", "Ann Lee <ann@partner.example>"


def parsed(gate):
    wait_for(lambda: gate.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "the parsers")


def send(gate, mail, to="support@support.example"):
    code, text = gate.send(mail, to=to)
    parsed(gate)
    return code, text


def opened(gate, **more):
    code, text = send(gate, mails.mail(**more))
    assert code == 250, text
    return number_of(text)


def ticket(gate, n):
    return gate.api("GET", f"/v1/tickets/{n}").json


def last(gate, n):
    return gate.api("GET", f"/v1/tickets/{n}/messages?limit=200").json["items"][-1]


def roles(gate, n):
    return {p["address"]: p["role"] for p in ticket(gate, n)["participants"]}


def write(gate, n, sender, to=None, text="More.\n", **headers):
    """The reply code of somebody's mail about the ticket, and which ticket it went to."""
    more = {name: headers.pop(name) for name in ("cc", "message_id") if name in headers}
    to = to or "support@support.example"
    code, answer = send(gate, mails.mail(sender=sender, subject=f"Re: [#{n}]", to=to, text=text, headers=headers, **more), to)
    return code, number_of(answer) if code == 250 else 0


def test_customer_takes_part_in_one_thread_only(gate):
    n = opened(gate, cc=BOB, message_id="<open.1@partner.example>")
    other = opened(gate)
    assert roles(gate, n) == {"ann@partner.example": "contact", "bob@customer.example": "customer"}
    token = case(token_key(gate), n, participant(gate, n, "bob@customer.example"))
    assert write(gate, n, BOB, token) == (250, n)
    m = last(gate, n)
    assert m["sender"]["role"] == "customer" and m["verdict"]["rule"] == "V14"
    assert m["audience"] == ["ann@partner.example", "bob@customer.example"]
    assert "thread.partner-dropped" in [p["code"] for p in m["problems"]]
    assert write(gate, n, BOB, **{"In-Reply-To": "<open.1@partner.example>"}) == (250, n)
    # not by number, not with another's token, not elsewhere, nobody else
    assert write(gate, other, BOB)[0] == 550
    assert write(gate, n, EVE, token)[0] == 550
    assert write(gate, n, "Zoe <zoe@stranger.example>", token)[0] == 550
    # a note's Message-ID opens nothing to whom it was kept from
    assert write(gate, n, ANN, text="#note\nBetween us.\n", cc=BOB, message_id="<note.1@partner.example>") == (250, n)
    assert last(gate, n)["visibility"] == "partner" and "bob@customer.example" not in last(gate, n)["audience"]
    assert write(gate, n, BOB, **{"In-Reply-To": "<note.1@partner.example>"})[0] == 550


def test_customer_commands_nothing(gate):
    n = opened(gate, cc=BOB)
    token = case(token_key(gate), n, participant(gate, n, "bob@customer.example"))
    text = "#severity 1\n#close\n#customer add eve@customer.example\nPlease.\n"
    assert write(gate, n, BOB, token, text=text, cc=EVE) == (250, n)
    t = ticket(gate, n)
    assert t["severity"] == 3 and t["status"] == "open" and "eve@customer.example" not in roles(gate, n)
    assert write(gate, n, ANN, text=text) == (250, n)
    t = ticket(gate, n)
    assert t["severity"] == 1 and t["status"] == "closed" and roles(gate, n)["eve@customer.example"] == "customer"
    # a customer's mail does not reopen it
    assert write(gate, n, BOB, token) == (250, n)
    assert ticket(gate, n)["status"] == "closed" and "thread.closed" in [p["code"] for p in last(gate, n)["problems"]]


def test_removed_customer_is_out_at_once(gate):
    n = opened(gate, cc=BOB)
    token = case(token_key(gate), n, participant(gate, n, "bob@customer.example"))
    assert write(gate, n, BOB, token) == (250, n)
    gate.tool("ticket", "remove-participant", str(n), "bob@customer.example")
    assert write(gate, n, BOB, token)[0] == 550
    assert write(gate, n, ANN, cc=BOB) == (250, n)
    assert "bob@customer.example" not in roles(gate, n) and write(gate, n, BOB, token)[0] == 550
    assert write(gate, n, ANN, text="#customer add bob@customer.example\nWelcome back.\n") == (250, n)
    # the old token stays dead, a new one works
    assert write(gate, n, BOB, token)[0] == 550
    assert write(gate, n, BOB, case(token_key(gate), n, participant(gate, n, "bob@customer.example"))) == (250, n)
    audit = json.loads(gate.tool("audit", "--json"))["items"]
    assert {"T1", "T7"} <= {a["rule"] for a in audit if a["ticket"] == n}


def test_merged_ticket_leads_the_partner_on_but_no_customer(gate):
    first, second = opened(gate, cc=BOB), opened(gate)
    key = token_key(gate)
    ann, bob = (case(key, first, participant(gate, first, a)) for a in ("ann@partner.example", "bob@customer.example"))
    foreign = opened(gate, sender="Olaf <olaf@other.example>")
    assert gate.run_tool("ticket", "merge", str(first), str(foreign)).returncode == 77
    gate.tool("ticket", "merge", str(first), str(second))
    assert ticket(gate, first)["merged_into"] == second and ticket(gate, first)["status"] == "closed"
    assert write(gate, first, ANN, ann)[1] == second
    assert write(gate, first, BOB, bob)[0] == 550
    assert "bob@customer.example" not in roles(gate, second)
