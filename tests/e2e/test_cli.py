"""The command line as a new administrator meets it."""

import json
import re
import subprocess

import pytest

import mails
from gateway import ROOT, TOOL
from schemas import validate


def tool(*args, stdin=b""):
    return subprocess.run([TOOL, *args], input=stdin, capture_output=True, timeout=120)


def test_the_manual_has_every_command():
    page = (ROOT / "gateway/ctl/vcspgate.1").read_text()
    macros = {".It", ".Cm", "Cm", "Brq", "Op"}
    items = [[w for w in re.split(r"[\s|]+", line) if w not in macros] for line in page.splitlines() if re.match(r"\.(It )?Cm ", line)]
    commands = [line.split("  ")[1].split() for line in tool("--help").stdout.decode().splitlines() if line.startswith("  ")]
    assert len(commands) > 40
    missing = [w for w in commands if not any(w[0] == i[0] and set(w[1:2]) <= set(i) for i in items)]
    assert missing == []


@pytest.mark.parametrize("args, code, words", [
    ([], 64, b"usage"), (["nonsense"], 64, b"no such command"), (["partner"], 64, b"a verb is missing"),
    (["partner", "fly"], 64, b"no such verb"), (["partner", "add", "--id", "x"], 64, b"--name NAME is missing"),
    (["partner", "add", "--what", "x"], 64, b"unknown option --what"), (["held", "show"], 64, b"ID is missing"),
    (["partner", "add", "--id"], 64, b"--id needs ID"), (["queue", "claim", "--max", "x"], 64, b"bad value"),
    (["parse", "/does/not/exist"], 66, b"No such file"), (["parse", "-"], 65, b"empty input"),
    (["parse", "--now", "yesterday"], 64, b"--now takes a time"), (["-s", "/nowhere.sock", "partner", "list"], 69, b"not reachable"),
    (["-s", "/nowhere.sock", "inject"], 75, b"not reachable"),
])
def test_mistakes_are_named(args, code, words):
    done = tool(*args)
    assert done.returncode == code and words in done.stderr, done.stderr
    assert done.stderr.count(b"\n") <= 1 or not args


@pytest.mark.parametrize("args", [["--help"], ["partner", "--help"], ["partner", "add", "--help"], ["parse", "--help"]])
def test_help_on_every_level(args):
    done = tool(*args)
    assert done.returncode == 0 and done.stdout.startswith(b"usage: vcspgate")


def test_parse_gives_the_message_object():
    done = tool("parse", "--now", "2026-11-24T02:31:00Z", "-", stdin=mails.escalation())
    m = json.loads(done.stdout)
    validate(m, "message.schema.json")
    assert m["fields"]["product"] == "Veeam Backup & Replication" and m["fields"]["severity"] == 2
    assert m["body"]["signature"].endswith("Acme MSP")


@pytest.mark.parametrize("junk", ids=range(6), argvalues=[b"\0", b"\xff" * 5000, b"From", b":\r\n\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
                                  + b"--x\r\n" * 20000, b"To: " + b"g:" * 60000 + b"\r\n\r\nx\r\n"])
def test_any_bytes_give_an_object(junk):
    done = tool("parse", "-", stdin=junk)
    assert done.returncode == 0, done.stderr
    validate(json.loads(done.stdout), "message.schema.json")


def test_parse_text_and_logs(tmp_path):
    body = json.loads(tool("parse", "--text", "-", stdin=b"New words\n\nOn Mon, Ann wrote:\n> old words\n-- \nBob\n").stdout)
    assert body["text"] == "New words" and "old words" in body["quoted"]
    (tmp_path / "Job.log").write_text(mails.LOG)
    (tmp_path / "logs.zip").write_bytes(mails.bundle())
    found = json.loads(tool("parse", "--logs", str(tmp_path / "Job.log"), str(tmp_path / "logs.zip")).stdout)
    assert [a["kind"] for a in found["attachments"]] == ["log", "log-archive"]
    assert found["errors"][0]["exception"] == "Veeam.Backup.Common.CStopSessionException"


def test_registry_rules_are_explained(gate):
    """P7 and the role rules, at the command line."""
    for args, words in [
        (("customer", "add", "--partner", "acme-msp", "--address", "bob@partner.example"), "partner.example"),
        (("partner", "add", "--id", "x1", "--name", "X", "--domain", "customer.example"), "customer.example"),
        (("contact", "add", "--partner", "acme-msp", "--address", "c@customer.example"), "customer.example"),
        (("agent", "add", "--address", "x@partner.example", "--name", "X"), "partner.example"),
        (("partner", "add", "--id", "x2", "--name", "X", "--domain", "co.uk"), "co.uk"),
        (("partner", "add", "--id", "x3", "--name", "X", "--domain", "gmail.com"), "gmail.com"),
        (("contact", "add", "--partner", "acme-msp", "--address", "x@outside.example"), "external"),
        (("contact", "add", "--partner", "acme-msp", "--address", "x@outside.example", "--external", "--case-admin"), "case"),
    ]:
        done = gate.run_tool(*args)
        assert done.returncode in (65, 77), (args, done)
        assert words in done.stderr.decode(), (args, done.stderr)
    assert "ann@partner.example" in gate.tool("contact", "list", "--partner", "acme-msp")
    assert gate.run_tool("partner", "show", "nobody").returncode == 66
    assert json.loads(gate.tool("partner", "show", "acme-msp", "--json"))["domains"] == ["partner.example"]


def test_import_is_all_or_nothing(gate, tmp_path):
    csv = tmp_path / "registry.csv"
    csv.write_text("kind,partner,name,address,domain\n"
                   "partner,imp,Imported,,imported.example\n"
                   "contact,imp,Ida,ida@imported.example,\n"
                   "contact,imp,Bad,not an address,\n"
                   "customer,nobody,Late,,late.example\n")
    done = gate.run_tool("registry", "import", str(csv))
    assert done.returncode == 65
    assert f"{csv}:4:".encode() in done.stderr and f"{csv}:5:".encode() in done.stderr
    assert gate.run_tool("partner", "show", "imp").returncode == 66
    csv.write_text("\n".join(csv.read_text().split("\n")[:3]) + "\n")
    gate.tool("registry", "import", str(csv))
    assert "ida@imported.example" in gate.tool("contact", "list", "--partner", "imp")
    gate.tool("registry", "import", str(csv))
    exported = gate.tool("registry", "export", "--format", "csv")
    again = tmp_path / "again.csv"
    again.write_text(exported)
    gate.tool("registry", "import", str(again))
    assert gate.tool("registry", "export", "--format", "csv") == exported


def test_json_is_the_daemons_answer(gate):
    listed = json.loads(gate.tool("partner", "list", "--json"))
    assert set(listed) == {"items", "next"} and listed["items"][0]["id"]
    first = json.loads(gate.tool("partner", "list", "--limit", "1", "--json"))
    assert first["next"] is not None
    rest = json.loads(gate.tool("partner", "list", "--cursor", first["next"], "--json"))
    assert first["items"][0]["id"] not in [p["id"] for p in rest["items"]]
