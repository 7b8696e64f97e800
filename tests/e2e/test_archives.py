"""The archive mails of the corpus through the sandboxed parser: it finds what the parser without a sandbox finds, and members come
out one by one, those behind a password in the mail too."""

import json
import subprocess
import urllib.parse

import mails
from gateway import ROOT, TOOL, wait_for

CORPUS = sorted((ROOT / "tests/corpus").glob("archive-*.eml"))
PROOF = f"Authentication-Results: {mails.proof('ann@partner.example')}\r\n".encode()


def crlf(path):
    return PROOF + path.read_bytes().replace(b"\n", b"\r\n")


def message_of(gate, wanted):
    """The parsed message with that Message-ID."""
    seen = {}

    def there():
        items = gate.claim(100, wait=0)
        if items:
            gate.ack(items)
        seen.update({i["event"]["message"]["message_id"]: i["event"]["message"] for i in items if i["event"]["message"]})
        return seen.get(wanted)
    return wait_for(there, f"the ticket of {wanted}")


def member(gate, message, attachment, path):
    where = urllib.parse.quote(path, safe="/")
    return gate.api("GET", f"/v1/messages/{message['id']}/attachments/{attachment}/entries/{where}")


def test_the_sandbox_changes_nothing(gate):
    assert len(CORPUS) >= 15
    for path in CORPUS:
        mail = crlf(path)
        code, text = gate.send(mail)
        assert code == 250, text
        done = subprocess.run([TOOL, "parse"], input=mail, capture_output=True, check=True)
        alone = json.loads(done.stdout)
        got = message_of(gate, alone["message_id"])
        for key in ("attachments", "errors", "subject", "body"):
            assert got[key] == alone[key], f"{path.name}: {key}"
        assert all(p in got["problems"] for p in alone["problems"]), path.name  # the queue adds some of its own


def test_members_come_out(gate):
    sealed = (ROOT / "tests/corpus/archive-password-aes-german.eml")
    code, text = gate.send(crlf(sealed).replace(b"<password-aes", b"<again-password-aes"))
    assert code == 250, text
    m = message_of(gate, "again-password-aes-german@partner.example")
    answer = member(gate, m, "a1", m["attachments"][0]["entries"][0]["path"])
    assert answer.status == 200 and b"Cannot connect to host esx07.lab.example" in answer.body

    code, text = gate.send(crlf(ROOT / "tests/corpus/archive-sealed.eml").replace(b"<sealed@", b"<again-sealed@"))
    assert code == 250, text
    m = message_of(gate, "again-sealed@partner.example")
    assert 400 <= member(gate, m, "a1", "Job.log").status < 500

    code, text = gate.send(crlf(ROOT / "tests/corpus/archive-nested-case.eml").replace(b"<nested-case@", b"<again-nested@"))
    assert code == 250, text
    m = message_of(gate, "again-nested@partner.example")
    deep = [e["path"] for e in m["attachments"][0]["entries"] if e["path"].endswith("!/messages.1")]
    answer = member(gate, m, "a1", deep[0])
    assert answer.status == 200 and answer.body.startswith(b"Nov 24 02:05:09 nas1 kernel: link is down")
