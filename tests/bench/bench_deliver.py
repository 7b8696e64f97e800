"""make bench: letters a second that leave for a smarthost (smtp-sink), from the outbox to the durable record of each, beside
postfix's own smtp client emptying a queue of as many mails into the same sink, and smtp-source over one connection (nothing
kept, nothing recorded: the sink's own speed). Ours counts from the start of the daemon, postfix from the flush of its queue.

    BENCH_LETTERS=2000
"""

import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import mails  # noqa: E402
from gateway import Gateway, free_port, wait_for  # noqa: E402
from postfix import Postfix  # noqa: E402

LETTERS = int(os.environ.get("BENCH_LETTERS", "2000"))
TICKETS = max(1, LETTERS // 10)
SIZE = 4096


def start_sink(port):
    proc = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    wait_for(lambda: subprocess.run(["smtp-source", "-m", "1", f"127.0.0.1:{port}"], capture_output=True).returncode == 0, "smtp-sink")
    return proc


def rate(start):
    return LETTERS / (time.monotonic() - start)


def acknowledgements(g):
    found, cursor = [], ""
    while cursor is not None:
        page = g.api("GET", f"/v1/outbox?limit=200&cursor={cursor}").json
        found += [i["id"] for i in page["items"]]
        cursor = page["next"]
    return found


def ours(port, extra=""):
    """Cases, and L2's answers to them, queued while no smarthost listens."""
    with Gateway(extra=f"smarthost smtp://127.0.0.1:{port} tls none\n{extra}") as g:
        g.start()
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee")
        numbers = [re.search(r"case (\d+)", g.send(mails.mail(subject=f"Case {i}", message_id=f"<{i}@partner.example>"),
                                                   sender="ann@partner.example")[1]).group(1) for i in range(TICKETS)]
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "the tickets", 120)
        wait_for(lambda: len(acknowledgements(g)) == TICKETS, "the acknowledgements", 120)
        for ulid in acknowledgements(g):
            g.api("POST", f"/v1/outbox/{ulid}/cancel")
        for i in range(LETTERS):
            number = numbers[i % TICKETS]
            assert g.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": f"Answer {i}. " * 100}).status == 202
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "the answers", 120)
        g.stop()
        db = sqlite3.connect(g.state / "store.db", isolation_level=None)

        def count(state):
            return db.execute("SELECT count(*) FROM outbox WHERE state = ?", (state,)).fetchone()[0]

        db.execute("UPDATE outbox SET next_at = 0 WHERE state = 1")
        assert count(1) == LETTERS, count(1)
        sink = start_sink(port)
        start = time.monotonic()
        g.start(sample=False)
        wait_for(lambda: count(1) == 0, "delivery", 300)
        found = rate(start)
        assert count(3) == LETTERS
        sink.terminate()
        sink.wait()
        g.stop()
        return found


def postfix(folder, port):
    """Deferred before they were tried once, then flushed."""
    with Postfix(folder, f"smtp:[127.0.0.1]:{port}", "defer_transports = smtp\n") as p:
        subprocess.run(["smtp-source", "-s", "10", "-m", str(LETTERS), "-l", str(SIZE), "-f", "case@support.example",
                        "-t", "ann@support.example", f"127.0.0.1:{p.port}"], check=True, capture_output=True)
        wait_for(lambda: p.log().count("status=deferred") >= LETTERS, "postfix's queue", 300)
        sink = start_sink(port)
        subprocess.run(["postconf", "-c", str(p.etc), "-X", "defer_transports"], check=True)
        assert p.run("reload").returncode == 0
        log = open(p.dir / "log")
        sent = 0

        def gone():
            nonlocal sent
            sent += log.read().count("status=sent")
            return sent >= LETTERS

        start = time.monotonic()
        assert p.run("flush").returncode == 0
        wait_for(gone, "postfix", 300)
        found = rate(start)
        sink.terminate()
        sink.wait()
        return found


def source(port):
    sink = start_sink(port)
    start = time.monotonic()
    subprocess.run(["smtp-source", "-d", "-s", "1", "-m", str(LETTERS), "-l", str(SIZE), f"127.0.0.1:{port}"], check=True,
                   capture_output=True)
    found = rate(start)
    sink.terminate()
    sink.wait()
    return found


def main():
    port = free_port()
    with Gateway() as g:  # its folder
        key = g.dir / "dkim.pem"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        key.chmod(0o644)
        print(f"letters per second to smtp-sink, {LETTERS} of about {SIZE} bytes in {TICKETS} tickets")
        print(f"  ours, from the outbox, each recorded         {ours(port):6.0f}")
        print(f"  the same, signed with RSA of 2048 bits       {ours(port, f'dkim sign support.example selector s1 key {key}'):6.0f}")
        print(f"  postfix, a queue of as many flushed          {postfix(g.dir / 'postfix', port):6.0f}")
        print(f"  smtp-source, one connection, nothing kept    {source(port):6.0f}")


if __name__ == "__main__":
    sys.exit(main())
