"""A full disk: 452, nothing half-written, and recovery without a restart."""

import os
import subprocess

import pytest

import mails
from gateway import Gateway, wait_for
from sink import Sink


@pytest.fixture
def small_disk(tmp_path):
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0755", "tmpfs", str(tmp_path)], capture_output=True)
    if done.returncode != 0:
        pytest.skip("no small file system can be mounted here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_full_and_free_again(small_disk):
    with Gateway(state=small_disk / "state") as g:
        g.start()
        assert g.send(mails.mail(subject="Before"))[0] == 250
        filler = small_disk / "filler"
        with open(filler, "wb", buffering=0) as f:
            with pytest.raises(OSError):
                while True:
                    os.write(f.fileno(), bytes(65536))
            with pytest.raises(OSError):
                while True:
                    os.write(f.fileno(), bytes(512))

        codes = set()

        def refused():
            code, _ = g.send(mails.mail(subject="Full", text="words\n" * 3000))
            codes.add(code)
            return code == 452
        wait_for(refused, f"452 on a full disk, got {codes}")
        code, text = g.send(mails.mail(subject="Large and full", text="words of a large mail\n" * 40000))
        assert code in (451, 452), text
        # A refusal that cannot be recorded is not said: the sender tries again and is refused then.
        assert g.send(mails.mail(sender="eve@stranger.example", text="words\n" * 3000))[0] in (451, 452, 550)

        filler.unlink()
        wait_for(lambda: g.send(mails.mail(subject="Free again"))[0] == 250, "recovery")
        assert g.send(mails.mail(subject="Large again", text="words of a large mail\n" * 40000))[0] == 250
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing")
        subjects = {t["subject"] for t in g.api("GET", "/v1/tickets?limit=200").json["items"]}
        assert {"Before", "Free again", "Large again"} <= subjects
        assert "event=role-died" not in g.logs()


def fill(path):
    with open(path, "wb", buffering=0) as f:
        for piece in (65536, 512):
            with pytest.raises(OSError):
                while True:
                    os.write(f.fileno(), bytes(piece))


def test_letters_survive_a_full_disk(small_disk):
    """What leaves while nothing can be recorded is not sent again and again: its record waits for space."""
    with Sink() as s:
        s.script = lambda verb, argument: "421 4.3.2 not now" if verb == "CONNECT" else None
        with Gateway(state=small_disk / "state", extra=f"smarthost smtp://127.0.0.1:{s.port} tls none") as g:
            g.start()
            for i in range(4):
                assert g.send(mails.mail(subject=f"Case {i}", message_id=f"<d{i}@partner.example>"), sender="ann@partner.example")[0] == 250

            def outbox(state):
                return g.api("GET", f"/v1/outbox?state={state}").json["items"]
            wait_for(lambda: len(outbox("queued")) == 4, "the letters")
            filler = small_disk / "filler"
            fill(filler)
            s.script = lambda verb, argument: None
            g.api("POST", f"/v1/outbox/{outbox('queued')[0]['id']}/retry")  # may fail: it cannot be written either
            wait_for(lambda: "event=outbox-failed" in g.logs(), "letters on a full disk", 60)
            filler.unlink()
            wait_for(lambda: g.api("POST", f"/v1/outbox/{(outbox('queued') or outbox('sent'))[0]['id']}/retry").status in (200, 409), "a write")
            wait_for(lambda: len(outbox("sent")) == 4, "the records", 90)
            ids = [m["Message-ID"].strip("<>") for m in s.mails]
            assert len(ids) == len(set(ids)), "sent more than once"
            assert set(ids) == {i["message_id"] for i in outbox("sent")}
            assert "event=role-died" not in g.logs()
