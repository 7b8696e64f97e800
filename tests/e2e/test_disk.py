"""A full disk: 452, nothing half-written, and recovery without a restart."""

import os
import subprocess

import pytest

import mails
from gateway import Gateway, wait_for


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
