"""Our TNEF beside Debian's ytnef: the same attachments with the same bytes, the same RTF out of its compression."""

import base64
import json
import random
import subprocess

import pytest

from gateway import BUILD
from outlook_files import BINARY, STRING8, UNICODE, compressed_rtf, tnef

WORDS = ["backup", "repository", "failed", "tape", "proxy", "\\par ", "{\\b bold}", "job", " ", "  ", "0x80070005", "\\u8211?"]


def parsed(tmp_path, content):
    mail = (b"From: a@partner.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
            b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(content) + b"--b--\n")
    out = subprocess.run([BUILD / "vcspgate", "parse"], input=mail, capture_output=True, check=True, timeout=60)
    return json.loads(out.stdout)


def by_ytnef(tmp_path, content):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "winmail.dat").write_bytes(content)
    subprocess.run(["ytnef", "-f", folder, "-F", tmp_path / "winmail.dat"], capture_output=True, check=True, timeout=60)
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("seed", range(12))
def test_attachments(tmp_path, seed):
    r = random.Random(seed)
    wanted = {f"FILE{i}.BIN": r.randbytes(r.randrange(1, 5000)) for i in range(r.randrange(1, 9))}
    content = tnef([(0x1000, UNICODE, "text"), (0x0037, STRING8, "subject")], [(n, b, []) for n, b in wanted.items()])
    theirs = {n: b for n, b in by_ytnef(tmp_path, content).items() if n in wanted}
    ours = parsed(tmp_path, content)["attachments"][0]
    assert theirs == wanted
    listed = {e["path"]: e["size"] for e in ours["entries"] if e["path"] != "message.txt"}
    assert listed == {n: len(b) for n, b in theirs.items()}
    assert ours["problems"] == []


@pytest.mark.parametrize("seed", range(12))
def test_rtf(tmp_path, seed):
    r = random.Random(100 + seed)
    rtf = "{\\rtf1\\ansi\\deff0 " + "".join(r.choice(WORDS) for _ in range(r.randrange(1, 800))) + "}"
    content = tnef([(0x1009, BINARY, compressed_rtf(rtf.encode()))], subject="s")
    theirs = [b for n, b in by_ytnef(tmp_path, content).items() if n.endswith(".rtf")]
    assert [b.rstrip(b"\0") for b in theirs] == [rtf.encode()]
    text = parsed(tmp_path, content)["body"]["full"]
    for word in ("backup", "repository", "failed", "bold"):
        assert text.count(word) == rtf.count(word)
