"""kill -9 of each role, and of the whole daemon, in the middle of a stream: every mail that got 250 is one ticket."""

import contextlib
import os
import re
import signal
import smtplib
import sqlite3
import threading
import time

import pytest

import mails
from gateway import Gateway, wait_for

TOTAL, SENDERS = 2000, 8


class Stream:
    """Sends mails over several sessions; a mail without a 250 is sent again, as an MTA would."""

    def __init__(self, g, total):
        self.g, self.accepted, self.failed, self.lock = g, {}, [], threading.Lock()
        self.threads = [threading.Thread(target=self.work, args=(range(n, total, SENDERS),)) for n in range(SENDERS)]

    def work(self, share):
        session = None
        for i in share:
            mid = f"<stream.{i}@partner.example>"
            mail = mails.mail(subject=f"Stream {i}", message_id=mid)
            end = time.monotonic() + 60
            while mid not in self.accepted:
                if time.monotonic() > end:
                    self.failed.append(mid)
                    return
                try:
                    if session is None:
                        session = self.g.smtp()
                    session.ehlo_or_helo_if_needed()
                    session.sendmail("a@relay.example", ["support@support.example"], mail)
                    with self.lock:
                        self.accepted[mid] = True
                except (smtplib.SMTPException, OSError):
                    with contextlib.suppress(Exception):
                        session.close()
                    session = None
                    time.sleep(0.01)  # the MTA's retry, shortened
        with contextlib.suppress(Exception):
            session.quit()

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def join(self):
        for t in self.threads:
            t.join()
        assert not self.failed

    def __exit__(self, *_):
        for t in self.threads:
            t.join()


def each_is_one_ticket(g, stream):
    wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 120)
    g.stop()
    db = sqlite3.connect(g.state / "store.db")
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    rows = db.execute("SELECT m.message_id, m.ticket, t.pending FROM message m JOIN ticket t ON t.number = m.ticket").fetchall()
    opened = db.execute("SELECT ticket, count(*) FROM event WHERE kind = 'ticket.opened' GROUP BY ticket").fetchall()
    db.close()
    ids = [r[0].strip("<>") for r in rows]
    assert len(ids) == len(set(ids)), "a mail became two"
    assert {m.strip("<>") for m in stream.accepted} <= set(ids), "an acknowledged mail is missing"
    assert len({r[1] for r in rows}) == len(rows) and not any(r[2] for r in rows)
    assert dict(opened) == {r[1]: 1 for r in rows}


@pytest.mark.parametrize("role", ["smtp", "gate", "parser", "queue", "api"])
def test_a_role_dies(role):
    with Gateway() as g:
        g.start()
        with Stream(g, TOTAL) as stream:
            for share in (1, 2, 3):
                wait_for(lambda: len(stream.accepted) > share * TOTAL // 5, "part of the stream", 120)
                for pid in wait_for(lambda: g.pids(role), "the role"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            stream.join()
        wait_for(g.ready, "the gateway to be whole again")
        each_is_one_ticket(g, stream)


def test_the_whole_daemon_dies():
    with Gateway() as g:
        g.start()
        with Stream(g, TOTAL) as stream:
            for share in (1, 2, 3):
                wait_for(lambda: len(stream.accepted) > share * TOTAL // 5, "part of the stream", 120)
                g.kill()
                g.start(sample=False)
            stream.join()
        each_is_one_ticket(g, stream)
        assert not re.search(r"event=(corrupt|panic)", g.logs())
