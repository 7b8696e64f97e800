"""The smarthost is away for long, in a time of day that the test moves."""

import mmap
import os
import struct
import subprocess

import pytest

from gateway import free_port, wait_for
from sink import Sink
from test_outgoing import gateway, opened

HALF_HOUR, DAY = 1800, 86400
ANN, LEE = "ann@partner.example", "lee@support.example"


class Clock:
    def __init__(self, folder):
        folder.chmod(0o755)
        self.shim, self.path = folder / "clock.so", folder / "ahead"
        source = os.path.join(os.path.dirname(__file__), "shim_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.shim), source], check=True)
        self.path.write_bytes(struct.pack("<q", 0))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 8)
        self.env = {"LD_PRELOAD": str(self.shim), "VCSPGATE_TEST_CLOCK": str(self.path)}

    def pass_by(self, seconds):
        self.map[:] = struct.pack("<q", struct.unpack("<q", self.map[:])[0] + seconds)


@pytest.fixture
def desk(tmp_path):
    clock = Clock(tmp_path)
    sink = Sink()
    with gateway(sink, extra="notify agents any l2@desk.example", env=clock.env) as g:
        g.start()
        g.tool("agent", "add", "--address", LEE, "--name", "Lee Park")
        g.clock, g.sink = clock, sink
        yield g
    g.sink.close()


def answer(g, number, text):
    done = g.api("POST", f"/v1/tickets/{number}/messages", {"from": LEE, "text": text})
    assert done.status == 202, done.json


def outage(g):
    """Nobody listens any more; what the port said stays known, so that a new smarthost can take its place."""
    g.sink.close()
    return g.sink.port


def queued(g):
    return [i for i in g.api("GET", "/v1/outbox?state=queued&limit=200").json["items"] if i["recipient"] == ANN]


def test_a_day_without_it(desk):
    """What L2 wrote in that day leaves once, and in order within each case."""
    numbers = [opened(desk, subject=f"Case {i}")[0] for i in range(4)]
    wait_for(lambda: len(desk.sink.to("l2@desk.example")) == 4, "the cases, told")
    port = outage(desk)
    for half_hour in range(48):
        desk.clock.pass_by(HALF_HOUR)
        answer(desk, numbers[half_hour % 4], f"Step {half_hour}.")
    wait_for(lambda: "event=smarthost-away" in desk.logs(), "the word that it is away")
    waiting = wait_for(lambda: len(queued(desk)) == 48 and queued(desk), "the queue")
    assert all(i["state"] == "queued" for i in waiting)
    assert not [m for m in desk.sink.mails if "Step" in m.text]
    with Sink(port=port) as back:
        desk.clock.pass_by(HALF_HOUR)
        answer(desk, numbers[0], "Step 48.")
        wait_for(lambda: len(back.to(ANN)) >= 49, f"all letters, not {len(back.to(ANN))}\n{desk.logs()[-1500:]}")
        wait_for(lambda: not queued(desk), "their records")
        steps = [(m["Subject"], int(m.text.split("Step ")[1].split(".")[0])) for m in back.to(ANN)]
        assert sorted(n for _, n in steps) == list(range(49))
        for i in range(4):
            of_case = [n for subject, n in steps if subject.endswith(f"Case {i}")]
            assert of_case == sorted(of_case) and len(of_case) >= 12
        assert "event=smarthost-back" in desk.logs()


def test_five_days_without_it(desk):
    """What could not leave for five days has failed, and is told."""
    number, _ = opened(desk)
    wait_for(lambda: desk.sink.to("l2@desk.example"), "the case, told")
    port = outage(desk)
    answer(desk, number, "Replace the disk.")
    wait_for(lambda: "event=smarthost-away" in desk.logs(), "the word that it is away")
    desk.clock.pass_by(5 * DAY + HALF_HOUR)
    answer(desk, number, "Did it help?")
    wait_for(lambda: ANN in [i["recipient"] for i in desk.api("GET", "/v1/outbox?state=failed").json["items"]], "the failure")
    events = []

    def told():
        items = desk.claim(10, wait=1)
        desk.ack(items)
        events.extend(i["event"]["event"] for i in items)
        return "delivery.failed" in events
    wait_for(told, "the event")
    # the younger one has its own five days, and agents hear of the older one
    with Sink(port=port) as back:
        desk.clock.pass_by(HALF_HOUR)
        answer(desk, number, "Hello again.")
        wait_for(lambda: len(back.to(ANN)) == 2, "the younger ones")
        assert ["Replace" in m.text for m in back.to(ANN)] == [False, False]
        wait_for(lambda: [m for m in back.to("l2@desk.example") if "did not reach" in m.text], "the word to agents")
