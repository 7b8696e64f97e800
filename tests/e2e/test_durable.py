"""A 250 means that it is on disk. kill -9 keeps the page cache and proves little, so the state folder is rebuilt from
synced bytes only, at random cuts of a recorded run."""

import os
import random
import re
import sqlite3
import struct
import subprocess
import threading

import pytest

import mails
from gateway import Gateway, wait_for

MAILS, LARGE_EVERY, CUTS = 240, 20, 200
HEAD = struct.Struct("<cQQI")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("durable")
    folder.chmod(0o755)
    shim, log = folder / "shim.so", folder / "sync.log"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(shim), os.path.join(os.path.dirname(__file__), "shim_sync.c")],
                   check=True)
    log.touch(mode=0o666)
    log.chmod(0o666)
    answers = []

    def send(g, share):
        for i in share:
            text = "x" * 76 + "\n"
            mail = mails.mail(subject=f"Durable {i}", text=text * (5000 if i % LARGE_EVERY == 0 else 20))
            code, said = g.send(mail)
            assert code == 250, said
            answers.append(re.search(r"[0-9A-HJKMNP-TV-Z]{26}", said).group())

    with Gateway(env={"LD_PRELOAD": str(shim), "VCSPGATE_TEST_SYNC_LOG": str(log)}) as g:
        g.start()
        threads = [threading.Thread(target=send, args=(g, range(n, MAILS, 6))) for n in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing")
        state_ino = g.state.stat().st_ino
        assert g.stop() == 0
    assert len(set(answers)) == MAILS
    yield log.read_bytes(), state_ino, answers


def records(log):
    pos = 0
    while pos < len(log):
        kind, ino, off, n = HEAD.unpack_from(log, pos)
        pos += HEAD.size
        yield kind.decode(), ino, off, log[pos:pos + n]
        pos += n


class Disk:
    """What a power cut would leave."""

    def __init__(self):
        self.live, self.synced = {}, {}          # inode -> content
        self.names, self.synced_names = {}, {}   # folder inode -> {name: inode}

    def apply(self, kind, ino, off, data):
        if kind == "O":
            self.names.setdefault(off, {})[data.decode()] = ino
            self.live.setdefault(ino, bytearray())
        elif kind in "WF":
            content = self.live.setdefault(ino, bytearray())
            if len(content) < off:
                content.extend(bytes(off - len(content)))
            content[off:off + len(data)] = data
        elif kind == "T":
            content = self.live.setdefault(ino, bytearray())
            del content[off:]
            content.extend(bytes(off - len(content)))
        elif kind == "S":
            self.synced[ino] = bytes(self.live.get(ino, b""))
        elif kind == "D":
            self.synced_names[ino] = dict(self.names.get(ino, {}))
        elif kind == "U":
            for folder in self.names.values():
                for name in [n for n, i in folder.items() if i == ino]:
                    del folder[name]

    def rebuild(self, folder, state_ino):
        """The durable files of the state folder, databases only; blob names are returned."""
        for name in ("store.db", "store.db-wal"):
            ino = self.synced_names.get(state_ino, {}).get(name)
            (folder / name).write_bytes(self.synced.get(ino, b""))
        for leftover in folder.glob("*-shm"):
            leftover.unlink()
        return {name: len(self.synced[ino]) for folder_ino, names in self.synced_names.items() if folder_ino != state_ino
                for name, ino in names.items() if ino in self.synced}


def sealed_size(n):
    chunks = max(1, -(-n // 65536))
    return 20 + n + 16 * chunks


def test_no_acknowledged_mail_is_lost_at_any_cut(run, tmp_path):
    log, state_ino, answers = run
    events = list(records(log))
    acks = [i for i, e in enumerate(events) if e[0] == "A"]
    assert len(acks) >= MAILS
    random.seed(20261124)
    # Half the cuts right behind a reply, where a promise is youngest; half anywhere.
    cuts = sorted(random.sample(acks, CUTS // 2) + random.sample(range(acks[0], len(events)), CUTS - CUTS // 2))
    disk, promised, pos, checked = Disk(), set(), 0, 0
    for cut in cuts:
        while pos <= cut:
            kind, ino, off, data = events[pos]
            if kind == "A":
                promised.update(re.findall(rb"accepted as ([0-9A-HJKMNP-TV-Z]{26})", data))
            else:
                disk.apply(kind, ino, off, data)
            pos += 1
        blobs = disk.rebuild(tmp_path, state_ino)
        db = sqlite3.connect(tmp_path / "store.db")
        assert db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        kept = dict(db.execute("SELECT ulid, blob FROM message"))
        sizes = dict(db.execute("SELECT blob, size FROM message WHERE blob IS NOT NULL"))
        inline = {r[0] for r in db.execute("SELECT m.ulid FROM message m JOIN message_body b ON b.message = m.id "
                                           "WHERE b.sealed IS NOT NULL AND m.ticket > 0")}
        db.close()
        for ulid in promised:
            ulid = ulid.decode()
            assert ulid in kept, f"{ulid} was acknowledged before record {cut} and is gone"
            if kept[ulid] is None:
                assert ulid in inline
            else:
                assert blobs.get(kept[ulid]) == sealed_size(sizes[kept[ulid]]), "the bytes of a large mail are gone"
            checked += 1
    assert checked > CUTS


def test_the_check_can_fail(run, tmp_path):
    """The same rebuild without any sync record must miss mail: the net has no hole of its own."""
    log, state_ino, _ = run
    disk = Disk()
    for e in records(log):
        if e[0] not in "AS":
            disk.apply(*e)
    disk.rebuild(tmp_path, state_ino)
    db = sqlite3.connect(tmp_path / "store.db")
    with pytest.raises(sqlite3.DatabaseError):
        db.execute("SELECT ulid FROM message").fetchall()
    db.close()


def test_a_backup_beside_the_daemon(tmp_path):
    """Reading and writing the databases with other programs (INSTALL, backup) leaves the daemon its write-ahead log."""
    with Gateway() as g:
        g.start()
        g.opened(mails.mail(subject="Before"))
        for name in ("store.db", "registry.db"):
            done = subprocess.run(["sqlite3", str(g.state / name), f".backup {tmp_path}/{name}"], capture_output=True)
            assert done.returncode == 0, done.stderr
            with sqlite3.connect(g.state / name) as db:
                db.execute("CREATE TABLE other(x)")
                db.execute("DROP TABLE other")
            db.close()
        event = g.opened(mails.mail(subject="After"))
        g.tool("partner", "add", "--id", "late-msp", "--name", "Late MSP", "--vcsp-id", "99", "--domain", "late.example")
        g.kill()
        g.start(sample=False)
        number = event["ticket"]["number"]
        assert g.api("GET", f"/v1/tickets/{number}").status == 200
        assert "late-msp" in g.tool("partner", "list")
    saved = sqlite3.connect(tmp_path / "store.db")
    assert saved.execute("SELECT count(*) FROM ticket").fetchone() == (1,) and saved.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    saved.close()
