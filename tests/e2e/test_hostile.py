"""Bombs, tricks and killers of parsers through the running daemon: each becomes a ticket that says what was wrong, in bounded
time; a mail sent beside it becomes a ticket at once; parsers that die are replaced."""

import contextlib
import os
import signal
import time

import pytest

import hostile
import mails
from gateway import wait_for
from schemas import validate

BESIDE = 20   # seconds for a healthy mail beside a hostile one, on a machine that runs other tests too
BOUND = 75    # and for the hostile one: twice a parser's time, and a pause


class Tickets:
    """Events by subject, as they become claimable."""

    def __init__(self, gate):
        self.gate, self.seen = gate, {}

    def take(self):
        items = self.gate.claim(100, wait=0)
        if items:
            self.gate.ack(items)
        for event in (i["event"] for i in items):
            if event["event"].startswith("ticket.") and event["message"]:
                self.seen[event["message"]["subject"]] = event

    def wait(self, subject, patience):
        def there():
            self.take()
            return self.seen.get(subject)
        return wait_for(there, f"the ticket of {subject}", patience)


@pytest.fixture(scope="module")
def tickets(gate):
    return Tickets(gate)


def send(gate, mail):
    code, text = gate.send(mail)
    assert code == 250, text


def beside(gate, tickets, name):
    """A healthy mail, which nobody delays."""
    subject = f"beside {name}"
    send(gate, mails.mail(subject=subject))
    event = tickets.wait(subject, BESIDE)
    assert event["message"]["problems"] == []


ARCHIVES = list(hostile.archives())
MESSAGES = list(hostile.messages())


@pytest.mark.parametrize("row", ARCHIVES, ids=[r[0] for r in ARCHIVES])
def test_archive(gate, tickets, row):
    name, data, wanted = row
    send(gate, mails.mail(subject=name, attach=[(name, data, "application/octet-stream")]))
    beside(gate, tickets, name)
    event = tickets.wait(name, BOUND)
    validate(event, "event.schema.json")
    attachment = event["message"]["attachments"][0]
    assert attachment["name"] == name and attachment["size"] == len(data)
    assert not wanted or wanted & set(attachment["problems"]), attachment["problems"]
    assert event["message"]["body"]["text"] == "The job fails since yesterday."


@pytest.mark.parametrize("row", MESSAGES, ids=[r[0] for r in MESSAGES])
def test_message(gate, tickets, row):
    subject, mail, wanted = row
    send(gate, mail)
    beside(gate, tickets, subject)
    event = tickets.wait(subject, BOUND)
    validate(event, "event.schema.json")
    codes = [p["code"] for p in event["message"]["problems"]]
    assert not wanted or any(c.startswith(w) for c in codes for w in wanted), codes
    assert "parser.failed" not in codes


@pytest.mark.parametrize("row", hostile.refused(), ids=lambda r: r[0])
def test_refused_in_the_dialogue(gate, tickets, row):
    subject, mail = row
    code, text = gate.send(mail)
    assert 500 <= code < 600 and text.startswith("5."), text
    beside(gate, tickets, subject)


def test_all_at_once(gate, tickets):
    """The worst of them together: what is healthy waits for none."""
    for n in range(6):
        data = hostile.overlapping(20000) if n % 2 else hostile.long_deflate(hostile.LOG * 200, 2000)
        send(gate, mails.mail(subject=f"together {n}", attach=[("logs.zip", data, "application/zip")]))
    for n in range(5):
        send(gate, mails.mail(subject=f"healthy {n}"))
    for n in range(5):
        tickets.wait(f"healthy {n}", BOUND)
    for n in range(6):
        assert "parser.failed" not in [p["code"] for p in tickets.wait(f"together {n}", 3 * BOUND)["message"]["problems"]]


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_message_that_kills_its_parsers(gate, tickets):
    """Dead twice, it is kept without them; others wait only for the new ones."""
    slow = hostile.long_deflate(hostile.LOG * 2000, 2000)
    send(gate, mails.mail(subject="killer", attach=[("logs.zip", slow, "application/zip")]))
    first, end = set(), time.monotonic() + BOUND
    while "killer" not in tickets.seen and time.monotonic() < end:
        pids = gate.pids("parser")
        first |= set(pids)
        kill(pids)
        wait_for(lambda: set(gate.pids("parser")) - set(pids), "new parsers")
        tickets.take()
    event = tickets.wait("killer", BOUND)
    assert "parser.failed" in [p["code"] for p in event["message"]["problems"]]
    assert event["message"]["attachments"] == []
    raw = gate.api("GET", f"/v1/messages/{event['message']['id']}/raw")
    assert raw.status == 200 and len(raw.body) > len(slow)
    wait_for(lambda: set(gate.pids("parser")) - first, "parsers that nobody killed")
    send(gate, mails.escalation(subject="after the killer"))
    after = tickets.wait("after the killer", BOUND)
    assert after["message"]["errors"] and after["message"]["problems"] == []
