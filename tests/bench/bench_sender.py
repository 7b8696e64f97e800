"""make bench: what it costs to prove senders, and what mails that wait for a dead DNS cost the others. Figures only.

    BENCH_RUNS=3 BENCH_MAILS=2000
"""

import os
import pathlib
import socket
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import mails  # noqa: E402
import test_sender  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from nameserver import Blackhole, Unbound  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
MAILS = int(os.environ.get("BENCH_MAILS", "2000"))
SESSIONS, STUCK = 20, 200
PADDING = "".join(f"line {i} of a text that fills the mail to some four kilobytes\n" for i in range(60))


class Client:
    """A bare SMTP client: little Python between two mails."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120, source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say(b"EHLO mail.partner.example\r\n", 1)

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                return line

    def say(self, data, replies):
        self.socket.sendall(data)
        return [self.reply() for _ in range(replies)]

    def begin(self, mail, sender):
        """Up to the message; its reply is left unread."""
        path = sender.encode()
        self.say(b"MAIL FROM:<" + path + b">\r\nRCPT TO:<support@support.example>\r\nDATA\r\n", 3)
        self.socket.sendall(mail + b".\r\n")

    def send(self, mail, sender):
        self.begin(mail, sender)
        answer = self.reply()
        if not answer.startswith(b"250"):
            raise SystemExit(f"refused: {answer}")

    def close(self):
        self.socket.close()


def rate(port, messages, sender):
    """Mails a second over SESSIONS sessions at once."""
    clients = [Client(port) for _ in range(SESSIONS)]

    def work(which):
        for mail in messages[which::SESSIONS]:
            clients[which].send(mail, sender)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(SESSIONS)]
    start = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds = time.monotonic() - start
    for c in clients:
        c.close()
    return len(messages) / seconds


def settle(gate):
    wait_for(lambda: gate.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing", 300)


def plain(count, domain="partner"):
    return [mails.mail(sender=f"ann@{domain}.example", authenticated=False, text=PADDING) for _ in range(count)]


def show(name, rates, base=None):
    middle = statistics.median(rates)
    ratio = f"{middle / base:6.2f}" if base else ""
    print(f"{name:<44} {middle:8.0f} ({min(rates):.0f}-{max(rates):.0f}) {ratio}", flush=True)
    return middle


def proofs():
    """The same sender over one resolver whose answers are warm; the relay's word costs no proof at all."""
    print(f"accepted mails per second at {SESSIONS} sessions, 4 KB, median of {RUNS} runs (min-max); ratio to the relay's word")
    world = test_sender.World()
    relayed = Gateway(trust="trust relay 127.0.0.0/8 as authenticated", extra="limit sessions 1000 per-peer 1000")
    relayed.start()
    try:
        base = show("relay `as authenticated`", [rate(relayed.smtp_port, plain(MAILS), "ann@partner.example") for _ in range(RUNS)])
        settle(relayed)
        show("SPF and DMARC", [rate(world.gate.smtp_port, plain(MAILS), "ann@partner.example") for _ in range(RUNS)], base)
        settle(world.gate)
        for name, selector, key in (("RSA-2048", "rsa", world.rsa), ("Ed25519", "ed", world.ed)):
            signed = [[world.mail("strict", key, selector, text=PADDING) for _ in range(MAILS)] for _ in range(RUNS)]
            show(f"DKIM {name} and DMARC", [rate(world.gate.smtp_port, s, "ann@strict.example") for s in signed], base)
            settle(world.gate)
    finally:
        relayed.close()
        world.close()


def stuck_beside_healthy():
    zones = {"partner.example": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]}, "_dmarc.partner.example": {"TXT": ["v=DMARC1; p=reject"]}}
    print(f"accepted mails per second at {SESSIONS} sessions proved by SPF, without and beside {STUCK} sessions whose names no "
          "server answers")
    with Blackhole() as hole, Unbound(zones, forward={"dead.example": f"127.0.0.1@{hole.port}"}) as dns, Gateway(
            trust="", extra=f"resolver {dns.address} timeout 30s\nlimit sessions 1000 per-peer 1000") as gate:
        gate.start()
        alone, beside = [], []
        for _ in range(RUNS):
            alone.append(rate(gate.smtp_port, plain(MAILS), "ann@partner.example"))
            settle(gate)
            waiting = [Client(gate.smtp_port, "127.0.0.2") for _ in range(STUCK)]
            for i, c in enumerate(waiting):
                c.begin(plain(1, f"host{i}.dead")[0], f"ann@host{i}.dead.example")
            beside.append(rate(gate.smtp_port, plain(MAILS), "ann@partner.example"))
            for c in waiting:
                c.close()
            settle(gate)
        base = show("alone", alone)
        show(f"beside {STUCK} that wait", beside, base)


if __name__ == "__main__":
    proofs()
    stuck_beside_healthy()
