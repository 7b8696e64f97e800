"""make bench: accepted mails per second beside Postfix and smtp-sink, tickets ready per second, memory. Figures and ratios
only; nothing here passes or fails.

    BENCH_RUNS=5 BENCH_SECONDS=60 BENCH_SIZES=4096,102400,1048576 BENCH_SESSIONS=1,20,100
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from gateway import Gateway, free_port, wait_for  # noqa: E402
from postfix import Postfix  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
SIZES = [int(n) for n in os.environ.get("BENCH_SIZES", "4096,102400,1048576").split(",")]
SESSIONS = [int(n) for n in os.environ.get("BENCH_SESSIONS", "1,20,100").split(",")]
SENDER, RCPT = "ann@partner.example", "support@support.example"


def count_for(size, sessions):
    base = 3000 if size <= 4096 else 400 if size <= 102400 else 40
    return max(base if sessions > 1 else base // 3, sessions)


def send(port, size, sessions, count):
    start = time.monotonic()
    subprocess.run(["smtp-source", "-d", "-s", str(sessions), "-m", str(count), "-l", str(size), "-f", SENDER, "-t", RCPT,
                    f"127.0.0.1:{port}"], check=True, capture_output=True, timeout=600)
    return count / (time.monotonic() - start)


def memory(g):
    """Sum of PSS over all processes, KiB (shared pages counted once, by share)."""
    pids = [g.proc.pid] + [p for r in ("smtp", "gate", "verify", "parser", "queue", "api") for p in g.pids(r)]
    total = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    return total


def gateway(folder):
    g = Gateway(root=folder / "gateway", trust="trust relay 127.0.0.0/8 as authenticated",
                extra="limit sessions 1000 per-peer 1000")
    return g.start()


class Sink:
    def __init__(self):
        self.port = free_port()

    def __enter__(self):
        self.proc = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.port}", "1000"], stderr=subprocess.DEVNULL)
        wait_for(lambda: subprocess.run(["smtp-source", "-m", "1", f"127.0.0.1:{self.port}"], capture_output=True).returncode == 0,
                 "smtp-sink")
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.wait()


def settle(g):
    wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 300)


def table(g, postfix, sink):
    print(f"accepted mails per second, median of {RUNS} alternating runs (min-max); ratio of medians")
    print(f"{'size':>8} {'sessions':>8} {'vcspgate':>20} {'postfix':>18} {'smtp-sink':>18} {'/postfix':>9} {'/sink':>7}")
    for size in SIZES:
        for sessions in SESSIONS:
            rates = {"g": [], "p": [], "s": []}
            n = count_for(size, sessions)
            for _ in range(RUNS):
                rates["g"].append(send(g.smtp_port, size, sessions, n))
                settle(g)
                rates["p"].append(send(postfix.port, size, sessions, max(n // 4, sessions)))
                rates["s"].append(send(sink.port, size, sessions, n))
            m = {k: statistics.median(v) for k, v in rates.items()}
            cell = {k: f"{m[k]:.0f} ({min(v):.0f}-{max(v):.0f})" for k, v in rates.items()}
            print(f"{size:>8} {sessions:>8} {cell['g']:>20} {cell['p']:>18} {cell['s']:>18} {m['g'] / m['p']:>9.2f} "
                  f"{m['g'] / m['s']:>7.2f}", flush=True)


def ready(g):
    """Feeds for SECONDS and counts what became claimable in that time; the backlog must not grow."""
    start, sent, worst, backlog = time.monotonic(), 0, 0, []
    first = g.api("GET", "/v1/queue/stats").json["depth"]
    while time.monotonic() - start < SECONDS:
        send(g.smtp_port, 4096, 20, 1000)
        sent += 1000
        backlog.append(g.api("GET", "/v1/queue/stats").json["unparsed"])
        worst = max(worst, memory(g))
    elapsed = time.monotonic() - start
    done = g.api("GET", "/v1/queue/stats").json["depth"] - first
    print(f"over {elapsed:.0f} s at 20 sessions, 4 KB: accepted {sent / elapsed:.0f}/s, tickets ready {done / elapsed:.0f}/s, "
          f"unparsed after each 1,000: {backlog[:3]} … {backlog[-3:]}, most {max(backlog)}")
    print(f"memory, sum of PSS of all processes: at most {worst / 1024:.0f} MiB", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="vg-bench-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        (folder / "gateway").mkdir()
        g = gateway(folder)
        try:
            print(f"memory, idle: {memory(g) / 1024:.0f} MiB")
            with Postfix(folder / "postfix", "discard:", "smtpd_client_connection_count_limit = 0\nmessage_size_limit = 20000000\n"
                         "default_process_limit = 200\n") as postfix, Sink() as sink:
                table(g, postfix, sink)
            ready(g)
        finally:
            g.stop()


main()
