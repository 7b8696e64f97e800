"""Outgoing mail in numbers and in trouble: kill -9 while letters leave, smarthosts that fail each in its way, a full disk.

    VCSPGATE_TEST_LETTERS=1000   the size that the kill test is meant for; 200 keep the suite quick
"""

import collections
import os
import random
import re
import signal
import sqlite3
import time

import pytest

import mails
from gateway import Gateway, wait_for
from sink import Sink

LETTERS = int(os.environ.get("VCSPGATE_TEST_LETTERS", "200"))
AWAY = "421 4.3.2 not now"


def gateway(*sinks, more="", extra="", **how):
    lines = "\n".join(f"smarthost smtp://127.0.0.1:{s.port} tls none {more}" for s in sinks)
    return Gateway(extra=f"{lines}\n{extra}", **how)


def away(verb, argument):
    return AWAY if verb == "CONNECT" else None


def cases(g, n):
    """n tickets of Ann's, whose acknowledgements are not sent."""
    g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee Park")
    numbers = []
    for i in range(n):
        code, answer = g.send(mails.mail(subject=f"Case {i}", message_id=f"<case.{i}@partner.example>"), sender="ann@partner.example")
        assert code == 250, answer
        numbers.append(int(re.search(r"case (\d+)", answer).group(1)))
    wait_for(lambda: queued(g) == n, "the acknowledgements")
    act(g, "cancel", "state = 1")
    return numbers


def say(g, number, text):
    a = g.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": text})
    assert a.status == 202, a.body


def rows(g, what="count(*)", where="1"):
    db = sqlite3.connect(f"file:{g.state}/store.db?mode=ro", uri=True, timeout=30)
    try:
        return db.execute(f"SELECT {what} FROM outbox WHERE {where}").fetchall()
    finally:
        db.close()


def act(g, what, where):
    """What an operator does with copies."""
    for ulid, in rows(g, "ulid", where):
        a = g.api("POST", f"/v1/outbox/{ulid}/{what}")
        assert a.status == 200, a.body


def queued(g):
    return rows(g, where="state = 1")[0][0]


def released(g):
    """The smarthost is back: an operator asks for one letter, all others follow by themselves."""
    g.tool("outbox", "retry", g.api("GET", "/v1/outbox?state=queued&limit=1").json["items"][0]["id"])


def number_in(mail):
    found = re.search(r"Answer (\d+)\.", mail.text)
    return int(found.group(1)) if found else -1


def in_order(sink):
    """Answers of each ticket, at their first arrival, come as they were written."""
    seen = collections.defaultdict(list)
    for m in list(sink.mails):
        if number_in(m) not in seen[m["Subject"]]:
            seen[m["Subject"]].append(number_in(m))
    return all(numbers == sorted(numbers) for numbers in seen.values())


def filled(g, letters, tickets):
    """Answers, all waiting for the smarthost; acknowledgements are throttled, and left out."""
    numbers = cases(g, tickets)
    for i in range(letters):
        say(g, numbers[i % tickets], f"Answer {i}. Please try again.")
    wait_for(lambda: queued(g) == letters, "all letters")
    return letters


@pytest.mark.parametrize("roles", [("deliver",), ("queue",), ("deliver", "queue")], ids=["deliver", "queue", "both"])
def test_killed_while_letters_leave(roles):
    """None is lost; one comes twice only where the record of the first was lost, with the same Message-ID; threads keep their order."""
    dice = random.Random(20261124)
    with Sink() as s:
        s.script = away
        with gateway(s) as g:
            g.start()
            total = filled(g, LETTERS, max(1, LETTERS // 5))
            # Each takes a moment, as over a network.
            s.script = lambda verb, argument: time.sleep(0.02) if verb == "." else None
            released(g)
            kills = 0
            while kills < 6 and queued(g) > 0:
                aim = len(s.mails) + dice.randrange(1, max(2, total // 8))
                wait_for(lambda: len(s.mails) >= aim or queued(g) == 0, "letters", 120)
                for pid in g.pids(roles[kills % len(roles)]):
                    os.kill(pid, signal.SIGKILL)
                kills += 1
            assert kills >= 3
            wait_for(g.ready, "the gateway to be whole")
            wait_for(lambda: queued(g) == 0, "all letters", 180)
            sent = dict(rows(g, "message_id, id", "state = 3"))
            log = g.logs()
        came = collections.Counter(m["Message-ID"].strip("<>") for m in s.mails)
        assert set(came) == set(sent) and len(sent) == total
        twice = [mid for mid, n in came.items() if n > 1]
        print(f"{roles}: {total} letters, {kills} kills, {len(twice)} came twice")
        assert all(came[mid] <= 1 + kills for mid in twice)
        assert len(twice) <= kills * (64 if "queue" in roles else 4)
        if "queue" not in roles:
            # Whatever the queue was told of, it did not forget.
            assert all(len(re.findall(rf"event=letter out={sent[mid]} outcome=1 ", log)) == 1 for mid in twice)
        assert in_order(s)


class Hanging(Sink):
    """A smarthost that takes connections and says nothing."""

    def talk(self, s):
        while s.recv(4096):
            pass


def test_one_hangs_the_next_takes_over():
    with Hanging() as bad, Sink() as good:
        with gateway(bad, good, more="timeout 2s") as g:
            g.start()
            for i in range(6):
                assert g.send(mails.mail(subject=f"Number {i}", message_id=f"<n{i}@partner.example>"), sender="ann@partner.example")[0] == 250
            wait_for(lambda: len(good.mails) == 6, "all six by the other one")
            # It is not asked again for each letter.
            assert bad.sessions <= len(g.pids("deliver"))


@pytest.mark.parametrize("verb, word", [
    ("CONNECT", "554 5.7.1 go away"), ("MAIL", "421 4.3.2 shutting down"), ("RCPT", "451 4.3.0 try later"), ("MAIL", "452 4.3.1 no space"),
    ("DATA", "drop"), ("DATA", "421 4.3.2 shutting down")])
def test_one_refuses_the_next_takes_over(verb, word):
    with Sink() as bad, Sink() as good:
        bad.script = lambda v, argument: word if v == verb else None
        with gateway(bad, good) as g:
            g.start()
            for i in range(3):
                assert g.send(mails.mail(subject=f"Number {i}", message_id=f"<n{i}@partner.example>"), sender="ann@partner.example")[0] == 250
            wait_for(lambda: len(good.mails) == 3, "all three by the other one")
            assert not bad.mails
            wait_for(lambda: queued(g) == 0, "the records")


def test_one_cuts_behind_the_end_and_the_next_takes_over():
    """Taken or not, nobody knows: it leaves once more, by the other one, with the same Message-ID."""
    with Sink() as bad, Sink() as good:
        bad.script = lambda verb, argument: "drop" if verb == "." else None
        with gateway(bad, good, extra="limit deliveries 1") as g:
            g.start()
            assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
            wait_for(lambda: rows(g, where="attempts = 1 AND state = 1")[0][0] == 1, "the lost try")
            assert not good.mails
            released(g)
            wait_for(lambda: len(good.mails) == 1, "the other one")
            wait_for(lambda: queued(g) == 0, "the record")
            assert good.mails[0]["Message-ID"] == f"<{rows(g, 'message_id')[0][0]}>"
            assert bad.sessions == 1


def test_a_refusal_for_now_holds_the_thread_back():
    """The second answer does not overtake the first to the same reader; other tickets go on."""
    with Sink() as s:
        s.script = away
        with gateway(s, extra="limit deliveries 1") as g:
            g.start()
            one, other = cases(g, 2)
            for number, text in ((one, "Answer 1."), (one, "Answer 2."), (other, "Answer 3.")):
                say(g, number, text)
            wait_for(lambda: queued(g) == 3, "the letters")
            refused = []

            def script(verb, argument):
                if verb == "." and not refused:
                    refused.append(True)
                    return "451 4.7.1 not this one now"
                return None
            s.script = script
            released(g)
            wait_for(lambda: queued(g) == 2, "the other ticket")
            assert [number_in(m) for m in s.mails] == [3]
            wait_for(lambda: rows(g, "code, attempts", "state = 1 AND code = 451") == [(451, 1)], "the refusal")
            act(g, "retry", "code = 451")
            wait_for(lambda: queued(g) == 0, "the rest")
            assert [number_in(m) for m in s.mails] == [3, 1, 2]
