"""Tickets with an error in common: a partner's own are named, of others only how many there are (P9)."""

import json

import pytest

import mails
from gateway import Gateway
from schemas import validate

FAILURE = ("Error: Failed to connect to host {host}. Access denied or timeout expired.\n"
           "Check if the local administrator account is entered correctly, case {n}.\n")


@pytest.fixture(scope="module")
def gate():
    with Gateway() as g:
        g.start()
        g.tool("partner", "add", "--id", "zeta-msp", "--name", "Zeta MSP", "--domain", "zeta.example")
        g.tool("contact", "add", "--partner", "zeta-msp", "--address", "zoe@zeta.example", "--name", "Zoe")
        yield g


def opened(gate, sender, text):
    event = gate.opened(mails.mail(sender=sender, text=text))
    validate(event, "event.schema.json")
    return event


def test_the_same_error_of_other_machines(gate):
    first = opened(gate, "ann@partner.example", FAILURE.format(host="sql01.acme.example", n=11))
    assert first["ticket"]["related"] == [] and first["ticket"]["related_elsewhere"] == 0
    print_ = first["message"]["errors"][0]["fingerprint"]
    second = opened(gate, "ann@partner.example", FAILURE.format(host="192.0.2.77", n=29))
    assert second["ticket"]["related"] == [{"number": first["ticket"]["number"], "fingerprint": print_}]
    assert second["ticket"]["related_elsewhere"] == 0

    foreign = opened(gate, "zoe@zeta.example", FAILURE.format(host="dc-3.zeta.example", n=5))
    assert foreign["ticket"]["related"] == [] and foreign["ticket"]["related_elsewhere"] == 2
    text = json.dumps(foreign)
    for ticket in (first, second):
        assert f'"number": {ticket["ticket"]["number"]},' not in text
        assert ticket["ticket"]["partner"]["id"] not in text

    third = opened(gate, "ann@partner.example", FAILURE.format(host="esx-9", n=5))
    numbers = [second["ticket"]["number"], first["ticket"]["number"]]
    assert [r["number"] for r in third["ticket"]["related"]] == numbers
    assert third["ticket"]["related_elsewhere"] == 1
    shown = gate.api("GET", f"/v1/tickets/{third['ticket']['number']}").json
    assert [r["number"] for r in shown["related"]] == numbers and shown["related_elsewhere"] == 1
    # an older ticket knows of newer ones, too
    shown = gate.api("GET", f"/v1/tickets/{first['ticket']['number']}").json
    assert [r["number"] for r in shown["related"]] == [third["ticket"]["number"], second["ticket"]["number"]]


def test_another_error_is_no_relation(gate):
    event = opened(gate, "zoe@zeta.example", "Error: The network path was not found, share \\\\nas1\\backup\n")
    assert event["ticket"]["related"] == [] and event["ticket"]["related_elsewhere"] == 0
