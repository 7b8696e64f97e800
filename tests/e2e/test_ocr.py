"""Screenshots: the ticket is there at once, what they say follows as ticket.updated; hostile pictures cost their reader only."""

import os
import pathlib
import signal
import sqlite3
import struct
import time
import zlib

import pytest

import mails
from gateway import Gateway, ROOT, wait_for
from schemas import validate

ON = "ocr languages eng\nlimit ocr time 30s"


def picture(name):
    return (ROOT / "tests/corpus" / name).read_bytes()


def png(width, height):
    """A real picture of one colour: it is small however large it is."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    z = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(z.compress(row) for _ in range(height)) + z.flush()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", data) +
            chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def gate():
    with Gateway(ON) as g:
        g.start()
        yield g


def events(gate, n, ack=True):
    items = []

    def came():
        new = gate.claim(n)
        items.extend(new)
        if ack and new:
            gate.ack(new)
        return len(items) >= n
    wait_for(came, f"{n} events")
    assert len(items) == n
    for i in items:
        validate(i["event"], "event.schema.json")
    return [i["event"] for i in items]


def send(gate, *attached, **how):
    code, answer = gate.send(mails.mail(attach=list(attached), **how))
    assert code == 250, answer


def waiting(gate):
    with sqlite3.connect(f"file:{gate.state}/store.db?mode=ro", uri=True) as db:
        return db.execute("SELECT part, tries FROM ocr ORDER BY part").fetchall()


def nothing_waits(gate):
    wait_for(lambda: not waiting(gate), "all pictures to be read")
    assert gate.claim(1, wait=0) == []


def test_the_ticket_comes_first(gate):
    send(gate, ("error.png", picture("ocr-veeam.png"), "image/png"), text="See the picture.\n")
    opened, updated = events(gate, 2)
    assert opened["event"] == "ticket.opened" and opened["changed"] == []
    assert opened["message"]["errors"] == [] and "error" in opened["message"]["completeness"]["missing"]
    assert "text" not in opened["message"]["attachments"][0]
    assert updated["event"] == "ticket.updated" and updated["changed"] == ["extraction"]
    assert updated["ticket"]["number"] == opened["ticket"]["number"] and updated["seq"] == opened["seq"] + 1
    error = updated["message"]["errors"][0]
    assert error["text"].startswith("Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share.")
    assert error["code"] == "Code: 53"
    assert error["source"]["kind"] == "screenshot" and error["source"]["attachment"] == "a1"
    assert "error" not in updated["message"]["completeness"]["missing"]
    assert updated["message"]["attachments"][0]["text"].startswith("Veeam Backup and Replication\nFailed to connect")
    # all else is as it was
    same = {k: v for k, v in updated["message"].items() if k not in ("errors", "completeness", "attachments")}
    assert same == {k: v for k, v in opened["message"].items() if k in same}
    number = opened["ticket"]["number"]
    shown = gate.api("GET", f"/v1/tickets/{number}/messages").json["items"]
    assert [m["errors"] for m in shown] == [updated["message"]["errors"]]
    wait_for(lambda: gate.api("GET", "/v1/tickets?q=administrative+share").json["items"], "the search to find it")
    nothing_waits(gate)


def test_several_pictures_make_one_update(gate):
    send(gate, ("one.png", picture("ocr-windows.png"), "image/png"), ("two.jpg", picture("ocr-veeam-q40.jpg"), "image/jpeg"),
         ("notes.docx", picture("ocr-report.docx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
         ("saved.png", picture("ocr-info.png"), "image/png"),
         text="Error 1053: The service did not respond to the start or control request in a timely fashion.\n")
    opened, updated = events(gate, 2)
    assert updated["event"] == "ticket.updated"
    texts = [e["text"] for e in updated["message"]["errors"]]
    # the body named the one already: it is counted, not told again; the document's equal ones likewise
    assert len([t for t in texts if "1053" in t]) == 1
    assert updated["message"]["errors"][[("1053" in t) for t in texts].index(True)]["count"] >= 3
    assert any(t.startswith("Failed to connect to guest agent") for t in texts)
    assert all("text" in a for a in updated["message"]["attachments"])
    assert "saved successfully" in updated["message"]["attachments"][3]["text"]
    nothing_waits(gate)


def test_the_same_error_in_a_picture_relates_tickets(gate):
    send(gate, ("a.png", picture("ocr-console.png"), "image/png"))
    first = events(gate, 2)[1]
    send(gate, ("b.png", picture("ocr-console.png"), "image/png"), text="Another one.\n")
    opened, updated = events(gate, 2)
    assert opened["ticket"]["related"] == []
    assert [r["number"] for r in updated["ticket"]["related"]] == [first["ticket"]["number"]]


def test_logos_are_not_read(gate):
    send(gate, ("company-logo.png", picture("ocr-logo.png"), "image/png"))
    assert events(gate, 1)[0]["event"] == "ticket.opened"
    nothing_waits(gate)


def test_hostile_pictures(gate):
    """Each gives a ticket at once and a problem later; a mail behind them is not delayed."""
    jpeg, gif = picture("ocr-veeam-q40.jpg"), picture("ocr-windows.gif")
    bad = [("bomb.png", png(20000, 20000), "image/png", "too-large"), ("cut.jpg", jpeg[:300], "image/jpeg", "unreadable"),
           ("broken.gif", gif[:700] + bytes(300) + gif[1000:1400], "image/gif", "unreadable"),
           ("head.png", picture("ocr-veeam.png")[:40], "image/png", "unreadable"),
           ("cut.docx", picture("ocr-report.docx")[:3000], "application/octet-stream", "truncated")]
    start = time.monotonic()
    for name, data, kind, _ in bad:
        send(gate, (name, data, kind), subject=name)
    send(gate, subject="no picture at all")
    assert time.monotonic() - start < 10
    seen = events(gate, 2 * len(bad) + 1)
    opened = {e["ticket"]["subject"]: e for e in seen if e["event"] == "ticket.opened"}
    updated = {e["ticket"]["subject"]: e for e in seen if e["event"] == "ticket.updated"}
    assert len(opened) == len(bad) + 1 and len(updated) == len(bad)
    for name, _, _, problem in bad:
        a = updated[name]["message"]["attachments"][0]
        assert problem in a["problems"] and "text" not in a
    # the reader lives
    send(gate, ("error.png", picture("ocr-dark.png"), "image/png"))
    assert "0x80070005" in events(gate, 2)[1]["message"]["errors"][0]["text"]
    nothing_waits(gate)


def test_killed_in_the_middle(gate):
    (reader,) = gate.pids("ocr")
    os.kill(reader, signal.SIGSTOP)
    send(gate, ("error.png", picture("ocr-windows.png"), "image/png"))
    assert events(gate, 1)[0]["event"] == "ticket.opened"
    wait_for(lambda: waiting(gate) == [("a1", 1)], "the picture to be at its reader")
    os.kill(reader, signal.SIGKILL)
    (updated,) = events(gate, 1)
    assert updated["event"] == "ticket.updated" and "Error 1053" in updated["message"]["errors"][0]["text"]
    nothing_waits(gate)


def test_kill_of_all_of_it():
    with Gateway(ON) as g:
        g.start()
        (reader,) = g.pids("ocr")
        os.kill(reader, signal.SIGSTOP)
        send(g, ("error.png", picture("ocr-windows.png"), "image/png"))
        assert events(g, 1)[0]["event"] == "ticket.opened"
        wait_for(lambda: waiting(g) == [("a1", 1)], "the picture to be at its reader")
        g.kill()
        os.kill(reader, signal.SIGKILL) if os.path.exists(f"/proc/{reader}") else None
        g.start(sample=False)
        (updated,) = events(g, 1)
        assert updated["event"] == "ticket.updated" and "Error 1053" in updated["message"]["errors"][0]["text"]


def test_given_up_after_three_tries():
    """Every reader of it dies."""
    with Gateway(ON) as g:
        g.start()
        send(g, ("error.png", picture("ocr-windows.png"), "image/png"), subject="first")
        events(g, 2)
        dead = set()

        def kill_readers():
            for pid in set(g.pids("ocr")) - dead:
                os.kill(pid, signal.SIGSTOP)
                if any(tries > len(dead) for _, tries in waiting(g)):
                    os.kill(pid, signal.SIGKILL)
                    dead.add(pid)
                else:
                    os.kill(pid, signal.SIGCONT)
            return len(dead) >= 3
        (reader,) = g.pids("ocr")
        os.kill(reader, signal.SIGSTOP)
        send(g, ("error.png", picture("ocr-session.png"), "image/png"), subject="second")
        wait_for(kill_readers, "three readers to be dead")
        opened, updated = events(g, 2)
        assert [p["code"] for p in updated["message"]["problems"]] == ["ocr.failed"]
        assert updated["message"]["attachments"][0]["problems"] == ["unreadable"]


def test_off():
    with Gateway() as g:
        g.start()
        assert g.pids("ocr") == []
        send(g, ("error.png", picture("ocr-veeam.png"), "image/png"))
        assert events(g, 1)[0]["event"] == "ticket.opened"
        assert waiting(g) == [] and g.claim(1, wait=0) == []


def test_a_language_that_is_not_there():
    """Mail goes on; pictures wait."""
    with Gateway("ocr languages eng+xyz") as g:
        g.start()
        send(g, ("error.png", picture("ocr-veeam.png"), "image/png"))
        assert events(g, 1)[0]["event"] == "ticket.opened"
        assert "ocr-unavailable" in g.logs()
        assert waiting(g) == [("a1", 0)]
        g.stop()
        g.conf_path.write_text(g.text.replace("eng+xyz", "eng"))
        g.start(sample=False)
        assert events(g, 1)[0]["event"] == "ticket.updated"
