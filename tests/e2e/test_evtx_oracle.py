"""Our reading of Windows event logs beside Debian's libevtx: the same events with the same values."""

import json
import random
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from evtx_files import EVENTS, HOST, write
from gateway import BUILD

PROVIDERS = ["disk", "VSS", "volsnap", "Service Control Manager", "Microsoft-Windows-Hyper-V-VMMS", "Ntfs"]
WORDS = ["Provider", "Überprüfung", "volume <C:>", "a&b", "\\Device\\Harddisk1", "日本", "retried", "x\r\ny", "\"quoted\"", ""]
NS = "{http://schemas.microsoft.com/win/2004/08/events/event}"


# No characters beyond U+FFFF: libevtx 20181227 takes their surrogates for others.
def made(seed):
    """Events that are all different, so that none is counted with another."""
    r = random.Random(seed)
    events = []
    for i in range(r.randrange(1, 40)):
        values = ["".join(chr(97 + int(c)) for c in str(i)) + "only"] + [r.choice(WORDS) for _ in range(r.randrange(4))]
        data = {f"param{k}": v for k, v in enumerate(values)} if r.random() < 0.5 else values
        events.append((r.choice(PROVIDERS), r.randrange(1, 50), r.randrange(6), f"2026-11-{r.randrange(1, 30):02}T10:00:00.{i:03}",
                       "System", HOST, data))
    return write(events, per_chunk=r.randrange(1, 30), first=r.randrange(1, 100000))


def by_libevtx(path):
    """Record number to source, code, text and time of what is an error or a warning."""
    out = subprocess.run(["evtxexport", "-f", "xml", path], capture_output=True, check=True, timeout=60).stdout.decode()
    found = {}
    for one in out.split("<Event ")[1:]:
        event = ElementTree.fromstring("<Event " + one[:one.index("</Event>")] + "</Event>")
        system = event.find(NS + "System")
        source, number = system.find(NS + "Provider").get("Name"), system.find(NS + "EventID").text
        values = [" ".join(v.split()) for v in (d.text or "" for d in event.iter(NS + "Data")) if v.strip()]
        if system.find(NS + "Level").text in "123":
            found[int(system.find(NS + "EventRecordID").text)] = (
                source, f"Event ID: {number}", f"{source} event {number}: {'; '.join(values)}",
                system.find(NS + "TimeCreated").get("SystemTime")[:23])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_events(tmp_path, seed):
    path = tmp_path / "System.evtx"
    path.write_bytes(write(EVENTS, per_chunk=5) if seed == 0 else made(seed))
    out = json.loads(subprocess.run([BUILD / "vcspgate", "parse", "--logs", path], capture_output=True, check=True, timeout=60).stdout)
    assert out["attachments"][0]["problems"] == []
    assert out["attachments"][0]["log"]["machine"] == HOST
    theirs = by_libevtx(path)
    if seed == 0:
        assert len(theirs) == 6 and len(out["errors"]) == 4
        return
    ours = {e["source"]["line"]: (e["component"], e["code"], e["text"], e["first_at"][:23]) for e in out["errors"]}
    assert ours == theirs
