"""RAR archives whose volumes come as the files of one mail: read where all are there, the missing one named where not."""

import json
import subprocess
from email.message import EmailMessage

import pytest

from gateway import BUILD
from rar_files import rar4, rar5

LOG = (b"".join(b"[23.11.2026 22:%02d:00] <01> Info     block %d\r\n" % (i % 60, i) for i in range(200))
       + b"[23.11.2026 22:59:00] <01> Error    Repository is not available (System.Exception)\r\n")
OTHER = b"[23.11.2026 22:01:00] <01> Error    Disk is full (System.IO.IOException)\r\n"
OLD = ["logs.rar", "logs.r00", "logs.r01"]
NEW = ["logs.part1.rar", "logs.part2.rar", "logs.part3.rar"]


def volumes(how, cuts):
    ends = [*cuts, len(LOG)]
    pieces = [[("logs/Svc.log", LOG, begin, end)] for begin, end in zip([0, *cuts], ends)]
    pieces[-1].append(("logs/Job.log", OTHER, 0, len(OTHER)))
    return rar5(pieces) if how == "5" else rar4(pieces, new_names=how == "4new")


def parsed(files):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ann Lee <ann@partner.example>", "Logs"
    mail.set_content("Attached.")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    out = subprocess.run([BUILD / "vcspgate", "parse"], input=bytes(mail), capture_output=True, check=True, timeout=60)
    return json.loads(out.stdout)


# One volume of 100 bytes is less than libarchive looks at.
@pytest.mark.parametrize("cuts", [(4000,), (3000, 6000), (100, 200), (5000, len(LOG) - 20)])
@pytest.mark.parametrize("how", ["4", "4new", "5"])
def test_all_are_there(how, cuts):
    files = list(zip(OLD if how == "4" else NEW, volumes(how, cuts)))
    for order in (files, files[::-1]):
        out = parsed(order)
        assert sorted(e["text"] for e in out["errors"]) == ["Disk is full", "Repository is not available"]
        assert [a["problems"] for a in out["attachments"]] == [[]] * len(files)
        assert [e["size"] for a in out["attachments"] for e in a["entries"]] == [len(LOG), len(OTHER)]
        assert out["problems"] == []


@pytest.mark.parametrize("missing", [0, 1, 2])
@pytest.mark.parametrize("how", ["4", "4new", "5"])
def test_one_is_missing(how, missing):
    names = OLD if how == "4" else NEW
    files = [f for i, f in enumerate(zip(names, volumes(how, (3000, 6000)))) if i != missing]
    out = parsed(files)
    assert [(p["code"], p["detail"].split(": ")[1]) for p in out["problems"]] == [("archive.volume-missing", names[missing])]
    assert any("split-volume" in a["problems"] for a in out["attachments"])
