"""make bench: letters a second that leave for a smarthost (smtp-sink), from the outbox to the durable record of each, beside
smtp-source sending as many mails of the same size to the same sink over one connection.

    BENCH_LETTERS=500
"""

import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import mails  # noqa: E402
from gateway import Gateway, free_port, wait_for  # noqa: E402

LETTERS = int(os.environ.get("BENCH_LETTERS", "500"))


def start_sink(port):
    proc = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    wait_for(lambda: subprocess.run(["smtp-source", "-m", "1", f"127.0.0.1:{port}"], capture_output=True).returncode == 0, "smtp-sink")
    return proc


def main():
    port = free_port()
    with Gateway(extra=f"smarthost smtp://127.0.0.1:{port} tls none") as g:
        g.start()
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee")
        g.send(mails.mail(), sender="ann@partner.example")
        wait_for(lambda: g.api("GET", "/v1/tickets/1001").status == 200, "the ticket")
        for i in range(LETTERS):
            assert g.api("POST", "/v1/tickets/1001/messages", {"from": "lee@support.example", "text": f"Answer {i}. " * 100}).status == 202

        def waiting():
            return sum(1 for _ in queued(g))

        wait_for(lambda: waiting() >= LETTERS, "the letters", 120)
        # All have been tried once and wait for their next time: the clock of the outbox is set to now.
        g.stop()
        subprocess.run(["sqlite3", str(g.state / "store.db"), "UPDATE outbox SET next_at = 0 WHERE state = 1"], check=True)
        sink = start_sink(port)
        start = time.monotonic()
        g.start(sample=False)
        wait_for(lambda: waiting() == 0, "delivery", 300)
        ours = LETTERS / (time.monotonic() - start)
        start = time.monotonic()
        subprocess.run(["smtp-source", "-d", "-s", "1", "-m", str(LETTERS), "-l", "4096", f"127.0.0.1:{port}"], check=True, capture_output=True)
        source = LETTERS / (time.monotonic() - start)
        sink.terminate()
        sink.wait()
        print(f"letters per second from the outbox, start of the daemon included: {ours:.0f}; smtp-source to the same sink: {source:.0f}")


def queued(g):
    cursor = ""
    while cursor is not None:
        page = g.api("GET", f"/v1/outbox?state=queued&limit=200&cursor={cursor}").json
        yield from page["items"]
        cursor = page["next"]


if __name__ == "__main__":
    sys.exit(main())
