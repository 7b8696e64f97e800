"""Mailboxes with much in them, and what may go wrong meanwhile. VCSPGATE_IMAP_MAILS=5000 for the large size (minutes); the usual one is
small enough for every run."""

import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import time

import pytest

from dovecot import Dovecot
from gateway import Gateway, wait_for
from mails import mail
from test_disk import small_disk  # noqa: F401 (a fixture)
from test_imap import MOVES, box
from test_imap_hostile import lay_down, peak_kb

LARGE = int(os.environ.get("VCSPGATE_IMAP_MAILS", "0"))
PROVED = f"authserv-id mx.support.example {MOVES}"


def numbered(n, **more):
    return [(f"{i}", mail(subject=f"mail {i:05}", **more)) for i in range(n)]


def ledger(g):
    """Rows of the ledger, and their bytes by the database's own count, NULL where it cannot count."""
    with sqlite3.connect(f"file:{g.state}/store.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*), count(DISTINCT uid), max(state), min(state) FROM imap_mail").fetchone()


def test_a_full_mailbox(tmp_path):
    """Every mail once, in the order of the mailbox, in little memory; no row of the ledger is left open."""
    n = LARGE or 700
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, more=PROVED)) as g:
        g.start()
        g.stop()
        lay_down(d, numbered(n))
        g.start(sample=False)
        began = time.monotonic()
        wait_for(lambda: d.count() == 0, "the folder to be empty", 60 + n / 20)
        took = time.monotonic() - began
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 60 + n / 20)
        tickets = sorted(g.every("/v1/tickets"), key=lambda t: t["number"])
        subjects = [t["subject"] for t in tickets]
        assert sorted(subjects) == [f"mail {i:05}" for i in range(n)]
        late = max(i - subjects.index(f"mail {i:05}") for i in range(0, n, 50))
        assert d.count("Done") == n
        rows = ledger(g)
        assert rows == (n, n, 5, 5), rows
        assert peak_kb(g) < 64 << 10
        print(f"{n} mails in {took:.1f} s, {n / took:.0f}/s, imap {peak_kb(g)} kB, store {(g.state / 'store.db').stat().st_size} bytes, "
              f"out of order by at most {late}")


def test_a_conversation_in_one_look(tmp_path):
    """A mail and the answers to it that came while we were away: one ticket, whatever is judged at the same time."""
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, more=PROVED)) as g:
        g.start()
        g.stop()
        mails = []
        for c in range(8):
            first = f"<first{c}@partner.example>"
            mails.append(("", mail(subject=f"case {c}", message_id=first)))
            for i in range(4):
                mails.append(("", mail(subject=f"Re: case {c}", text=f"answer {i}\n", headers={"In-Reply-To": first, "References": first})))
        lay_down(d, mails)
        g.start(sample=False)
        wait_for(lambda: d.count() == 0, "the folder to be empty")
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing")
        subjects = sorted(t["subject"] for t in g.every("/v1/tickets"))
        assert subjects == [f"case {c}" for c in range(8)], subjects


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_any_moment(tmp_path, seed):
    """kill -9 of the fetcher or the queue, at random moments, until the mailbox is empty: none lost, none doubled, none given up."""
    n, rnd = LARGE and 1000 or 250, random.Random(seed)
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, more=PROVED)) as g:
        g.start()
        lay_down(d, numbered(n))
        kills = {"imap": 0, "queue": 0}
        end = time.monotonic() + (400 if LARGE else 60)
        while d.count() > 0 and sum(kills.values()) < (18 if LARGE else 7) and time.monotonic() < end:
            time.sleep(rnd.uniform(0.05, 0.8) if LARGE else rnd.uniform(0.01, 0.3))
            role = "queue" if kills["imap"] > kills["queue"] * 2 else "imap"
            for pid in g.pids(role):
                os.kill(pid, signal.SIGKILL)
                kills[role] += 1
        wait_for(lambda: d.count() == 0, "all to be filed", 200)
        wait_for(g.ready, "the gateway to be whole again")
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 60)
        assert kills["imap"] > 1 and kills["queue"] > 0, kills
        assert sorted(t["subject"] for t in g.every("/v1/tickets")) == [f"mail {i:05}" for i in range(n)]
        assert sorted(d.subjects("Done")) == [f"mail {i:05}" for i in range(n)] and not d.subjects("Failed")
        print(f"{n} mails, kills {kills}")


@pytest.mark.parametrize("role", [None, "imap"])
def test_two_fetchers_on_one_mailbox(tmp_path, role):
    """Over one store, under two names of the server: each mail is one ticket and lies in one folder once, also when one of them dies."""
    n = LARGE or 300
    with Dovecot() as d:
        lines = [box(d, tmp_path, "tls none", host, more=PROVED).replace("imap support", f"imap {name}", 1)
                 for name, host in (("one", "localhost"), ("two", "127.0.0.1"))]
        with Gateway(extra="\n".join(lines)) as g:
            g.start()
            wait_for(lambda: g.logs().count("event=imap-open") == 2, "both to be there")
            lay_down(d, numbered(n))
            if role:
                wait_for(lambda: g.logs().count("event=imap-mail") > n // 4, "some mails")
                os.kill(random.Random(1).choice(g.pids(role)), signal.SIGKILL)
            wait_for(lambda: d.count() == 0, "the folder to be empty", 60 + n / 20)
            wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 60)
            assert sorted(t["subject"] for t in g.every("/v1/tickets")) == [f"mail {i:05}" for i in range(n)]
            # Where both move one at the same time, this server copies it twice; tickets are what counts.
            assert set(d.subjects("Done")) == {f"mail {i:05}" for i in range(n)} and not d.subjects("Failed")
            assert "event=imap-failed" not in g.logs()
            print(f"{n} mails, judged {g.logs().count('event=imap-mail')} times")


def test_a_full_disk(small_disk, tmp_path_factory):  # noqa: F811
    """What cannot be kept stays in the mailbox, untouched, and comes in when there is room; the server is not asked all the while."""
    n, large = 40, "words of a large mail\n" * 20000
    with Dovecot() as d, Gateway(extra=box(d, tmp_path_factory.mktemp("imap"), more=PROVED), state=small_disk / "state") as g:
        g.start()
        filler = small_disk / "filler"
        with open(filler, "wb", buffering=0) as f:
            for block in (65536, 512):
                with pytest.raises(OSError):
                    while True:
                        os.write(f.fileno(), bytes(block))
        lay_down(d, [(f"{i}", mail(subject=f"mail {i:05}", text=large if i % 20 == 7 else "words\n" * 500)) for i in range(n)])
        wait_for(lambda: "kind=ours" in g.logs() or "code=4" in g.logs(), "the trouble to be noted", 60)
        wait_for(lambda: g.success_age() >= 3000, "three seconds without success")
        assert d.count() > 0 and not d.subjects("Failed")
        assert len(g.logs()) < 1 << 20
        filler.unlink()
        wait_for(lambda: d.count() == 0, "the folder to be empty", 120)
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing")
        assert sorted(t["subject"] for t in g.every("/v1/tickets")) == [f"mail {i:05}" for i in range(n)]
        assert len(d.subjects("Done")) == n and not d.subjects("Failed") and "event=role-died" not in g.logs()
