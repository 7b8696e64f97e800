"""The main job: a partner's mail becomes one claimable ticket; customers and strangers are turned away in the dialogue."""

import json
import re
import subprocess

import pytest

import mails
from gateway import wait_for
from schemas import validate


def drain(gate):
    """Everything that is claimable, or becomes so from what was accepted already, acknowledged."""
    seen = []

    def empty():
        parsed = gate.api("GET", "/v1/queue/stats").json["unparsed"] == 0
        items = gate.claim(100, wait=0)
        if items:
            gate.ack(items)
            seen.extend(i["event"] for i in items)
        return parsed and not items
    wait_for(empty, "an empty queue")
    return seen


def audit(gate, code_text):
    reference = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", code_text).group()
    items = json.loads(gate.tool("audit", "--reference", reference, "--json"))["items"]
    assert len(items) == 1
    return items[0]


def test_partner_mail_becomes_one_claimed_ticket(gate):
    drain(gate)
    mail = mails.escalation()
    code, text = gate.send(mail)
    assert code == 250 and "case " in text, text
    number = int(re.search(r"case (\d+)", text).group(1))

    claimed = subprocess.run(
        ["curl", "-sS", "--unix-socket", gate.sock, "http://localhost/v1/queue/claim", "-H",
         "Content-Type: application/json", "-d", '{"max":1,"wait_seconds":20}'], capture_output=True, check=True).stdout
    item = json.loads(claimed)["items"][0]
    event = item["event"]
    validate(event, "event.schema.json")
    assert item["attempt"] == 1
    assert event["event"] == "ticket.opened" and event["ticket"]["number"] == number
    assert event["ticket"]["severity"] == 2 and event["ticket"]["route"] == "vbr"
    assert event["ticket"]["partner"] == {"id": "acme-msp", "name": "Acme MSP", "vcsp_id": "12345", "region": "emea"}
    assert event["ticket"]["sla"]["state"] == "running"
    assert [p["address"] for p in event["ticket"]["participants"]] == ["ann@partner.example"]
    m = event["message"]
    assert m["sender"]["class"] == "contact" and m["sender"]["authentication"]["result"] == "authenticated"
    assert m["verdict"]["rule"] == "V11" and m["direction"] == "in"
    assert m["completeness"] == {"logs": True, "error": True, "product": True, "version": True, "triage": True, "missing": []}
    a = m["attachments"][0]
    assert a["name"] == "VeeamBackupLogs.zip" and a["kind"] == "log-archive"
    assert [e["path"] for e in a["entries"]] == ["Backup_Job_1/Job.Backup_Job_1.log", "Backup_Job_1/readme.txt"]
    e = m["errors"][0]
    assert e["text"] == "Operation was canceled by user HOST\\Administrator" and e["count"] == 20
    assert e["exception"] == "Veeam.Backup.Common.CStopSessionException"
    assert e["source"]["path"] == "Backup_Job_1/Job.Backup_Job_1.log" and e["source"]["line"] == 3

    raw = gate.api("GET", m["raw_url"])
    assert raw.status == 200 and raw.body.endswith(mail)
    added = raw.body[:-len(mail)]
    assert added.startswith(b"Authentication-Results: support.example;") and b"\r\nReceived: from " in added
    got = gate.api("GET", f"/v1/messages/{m['id']}/attachments/{a['id']}")
    assert got.body == mails.bundle()
    part = gate.api("GET", f"/v1/blobs/{a['blake2b']}", headers={"Range": "bytes=10-19"})
    assert part.status == 206 and part.body == mails.bundle()[10:20]
    log = gate.api("GET", f"/v1/messages/{m['id']}/attachments/{a['id']}/entries/Backup_Job_1/Job.Backup_Job_1.log")
    assert log.body.decode() == mails.LOG * 20

    assert gate.ack([item]) == {"items": [{"receipt": item["receipt"], "result": "ok"}]}
    assert gate.ack([item])["items"][0]["result"] in ("unknown", "expired")
    assert not [i for i in drain(gate) if i["ticket"] and i["ticket"]["number"] == number]


@pytest.mark.parametrize("sender, authenticated, rule, words", [
    ("Bob <bob@customer.example>", True, "V17", "cases are opened through your service provider"),
    ("Bob <bob@customer.example>", False, "V18", "not accepted; cases are opened through your service provider"),
    ("eve@stranger.example", False, "V18", "not accepted; cases are opened through your service provider"),
    ("Mallory <new@partner.example>", False, "V18", "not accepted; cases are opened through your service provider"),
])
def test_refused_in_the_dialogue_and_nothing_else(gate, sender, authenticated, rule, words):
    before = gate.api("GET", "/v1/queue/stats").json
    mail = mails.mail(sender=sender, authenticated=authenticated)
    code, text = gate.send(mail)
    assert code == 550 and text.startswith("5.7.1 ") and words in text
    record = audit(gate, text)
    assert record["rule"] == rule
    after = gate.api("GET", "/v1/queue/stats").json
    for key in ("depth", "unparsed", "held"):
        assert after[key] == before[key]


def test_malformed_identity_discloses_nothing(gate):
    mail = mails.mail().replace(b"From: Ann Lee <ann@partner.example>", b"From: ann@partner.example, eve@stranger.example")
    code, text = gate.send(mail)
    assert code == 550 and text.startswith("5.6.0 ") and "partner" not in text.lower().replace("provider", "")
    assert audit(gate, text)["rule"] == "V1"


def test_forged_results_are_ignored(gate):
    """Another authserv-id on top, ours below: the relay did not write it."""
    mail = mails.mail(authenticated="evil.example; dmarc=pass header.from=partner.example",
                      headers={})
    mail = mail.replace(b"From: Ann", b"Authentication-Results: " + mails.proof("ann@partner.example").encode() + b"\r\nFrom: Ann", 1)
    code, text = gate.send(mail)
    assert code == 250 and "review" in text, text


def test_unverified_is_held_and_released(gate):
    drain(gate)
    code, text = gate.send(mails.mail(authenticated=False, subject="Unverified words"))
    assert code == 250 and "review" in text
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    held = wait_for(lambda: [h for h in gate.api("GET", "/v1/held").json["items"] if h["id"] == ident], "the held mail")[0]
    assert held["reason"] == "unverified-sender"
    held_events = [e for e in drain(gate) if e["event"] == "mail.held"]
    assert len(held_events) == 1 and held_events[0]["ticket"] is None
    validate(held_events[0], "event.schema.json")
    assert "Unverified words" in gate.tool("held", "show", ident)
    released = gate.api("POST", f"/v1/held/{ident}/release", {})
    assert released.status == 200, released.body
    opened = wait_for(lambda: [i for i in gate.claim(10, wait=1) if i["event"]["event"] == "ticket.opened"], "the ticket")
    assert opened[0]["event"]["ticket"]["subject"] == "Unverified words"
    assert opened[0]["event"]["message"]["sender"]["authentication"]["result"] == "operator"
    assert not [h for h in gate.api("GET", "/v1/held").json["items"] if h["id"] == ident]


def test_release_runs_the_rules_again(gate):
    gate.tool("partner", "add", "--id", "brief", "--name", "Brief", "--domain", "brief.example")
    gate.tool("contact", "add", "--partner", "brief", "--address", "kim@brief.example", "--name", "Kim")
    code, text = gate.send(mails.mail(sender="kim@brief.example", authenticated=False))
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    gate.tool("partner", "set", "brief", "--status", "suspended")
    stopped = gate.run_tool("held", "release", ident)
    assert stopped.returncode == 77 and b"V9" in stopped.stderr
    assert ident in gate.tool("held", "list")
    gate.tool("held", "delete", ident)
    assert ident not in gate.tool("held", "list")


def test_same_mail_is_accepted_once_over_any_channel(gate):
    drain(gate)
    mail = mails.mail(subject="Only once", message_id="<once.1@partner.example>")
    first = gate.send(mail)
    again = gate.send(b"Received: from elsewhere by mx.example; Tue, 24 Nov 2026 02:31:00 +0000\r\n" + mail)
    over_lmtp = gate.send(mail, lmtp=True, port=gate.lmtp_port)
    assert first[0] == again[0] == over_lmtp[0] == 250
    number = re.search(r"case (\d+)", first[1]).group(1)
    assert f"case {number}" in again[1] and f"case {number}" in over_lmtp[1]
    assert len([e for e in drain(gate) if e["ticket"] and e["ticket"]["number"] == int(number)]) == 1

    other = gate.send(mails.mail(subject="Other content", message_id="<once.1@partner.example>"))
    assert other[0] == 250 and f"case {number}" not in other[1]
    events = [e for e in drain(gate) if e["ticket"] and e["ticket"]["subject"] == "Other content"]
    assert [p["code"] for p in events[0]["message"]["problems"] if "message-id" in p["code"]]


def test_reply_continues_the_ticket_behind_the_partner_wall(gate):
    drain(gate)
    _, text = gate.send(mails.mail(subject="Thread", message_id="<thread.1@partner.example>"))
    number = int(re.search(r"case (\d+)", text).group(1))
    _, text = gate.send(mails.mail(subject="Re: Thread", headers={"In-Reply-To": "<thread.1@partner.example>"}))
    assert f"case {number}" in text
    _, text = gate.send(mails.mail(subject=f"Re: [#{number}] Thread"))
    assert f"case {number}" in text
    _, text = gate.send(mails.mail(sender="olaf@other.example", subject=f"Re: [#{number}] Thread",
                                   headers={"In-Reply-To": "<thread.1@partner.example>"}))
    assert int(re.search(r"case (\d+)", text).group(1)) != number
    mine = [e for e in drain(gate) if e["ticket"] and e["ticket"]["number"] == number and e["event"].startswith("ticket")]
    assert [e["event"] for e in mine] == ["ticket.opened", "ticket.message", "ticket.message"]
    assert [e["seq"] for e in mine] == sorted(e["seq"] for e in mine)
    shown = gate.api("GET", f"/v1/tickets/{number}").json
    assert shown["number"] == number and shown["status"] == "open"
    assert len(gate.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 3
    first = gate.api("GET", f"/v1/tickets/{number}/messages?limit=2").json
    rest = gate.api("GET", f"/v1/tickets/{number}/messages?limit=2&cursor={first['next']}").json
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    assert len(gate.tool("ticket", "export", str(number)).strip().split("\n")) == 3


def test_postmaster_is_held(gate):
    code, text = gate.send(mails.mail(sender="someone@elsewhere.example", authenticated=False), to="postmaster@support.example")
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    assert code == 250
    assert json.loads(gate.tool("held", "show", ident, "--json"))["reason"] == "postmaster"


def test_large_mail_goes_by_descriptor(gate):
    drain(gate)
    body = ("The log follows.\n" + "x" * 70 + "\n") * 30000
    mail = mails.mail(subject="Large", text=body)
    assert len(mail) > 2_000_000
    code, text = gate.send(mail)
    assert code == 250, text
    ident = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", text).group()
    raw = gate.api("GET", f"/v1/messages/{ident}/raw").body
    assert raw.endswith(mail)
    event = [e for e in drain(gate) if e["ticket"] and e["ticket"]["subject"] == "Large"][0]
    assert event["message"]["id"] == ident


def test_leases(gate):
    drain(gate)
    gate.send(mails.mail(subject="Lease"))
    item = gate.claim(1, lease=1)[0]
    assert gate.claim(1, wait=0) == []
    again = wait_for(lambda: gate.claim(1, wait=2), "the lease to end")[0]
    assert again["attempt"] == 2 and again["event"] == item["event"]
    assert gate.ack([item])["items"][0]["result"] == "expired"
    a = gate.api("POST", "/v1/queue/nack", {"receipts": [again["receipt"]], "delay_seconds": 0}).json
    assert a["items"][0]["result"] == "ok"
    third = gate.claim(1)[0]
    assert third["attempt"] == 3
    e = gate.api("POST", "/v1/queue/extend", {"receipts": [third["receipt"]], "lease_seconds": 100}).json
    assert e["items"][0]["result"] == "ok"
    gate.ack([third])


def test_search(gate):
    gate.send(mails.mail(subject="Zanzibar outage", text="Error: Failed to open the quokka disk\n"))
    wait_for(lambda: gate.api("GET", "/v1/tickets?q=zanzibar").json["items"], "the ticket in the index")
    assert len(gate.api("GET", "/v1/tickets?q=quokka").json["items"]) == 1
    assert gate.api("GET", "/v1/tickets?q=nonsenseword").json["items"] == []
    assert gate.api("GET", "/v1/tickets?q=%22%27)%20OR%20(").status in (200, 400)


def test_inject(gate):
    lf = mails.mail(subject="Injected").replace(b"\r\n", b"\n")
    done = gate.run_tool("inject", "--from", "x@relay.example", stdin=lf)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0 and verdict["outcome"] == "held"
    assert gate.api("GET", f"/v1/messages/{verdict['message']}/raw").body.endswith(lf.replace(b"\n", b"\r\n"))
    done = gate.run_tool("inject", stdin=mails.mail(sender="eve@stranger.example"))
    assert done.returncode == 77 and json.loads(done.stdout)["rule"] == "V18"
    assert gate.run_tool("inject", "--to", "x@elsewhere.example", stdin=lf).returncode == 65
    assert gate.run_tool("inject", stdin=b"").returncode == 65


def test_tokens_and_scopes(gate):
    assert gate.api("GET", "/v1/queue/stats", token="wrong").status == 401
    token = json.loads(gate.tool("token", "add", "--name", "backend", "--scope", "queue", "--json"))["token"]
    assert gate.api("GET", "/v1/queue/stats", token=token).status == 200
    refused = gate.api("GET", "/v1/partners", token=token)
    assert refused.status == 403 and refused.headers["Content-Type"] == "application/problem+json"
    assert gate.api("GET", "/healthz", token="none").status == 200
    assert "token" not in gate.tool("token", "list").replace("tokens", "").lower() or token not in gate.tool("token", "list")
    gate.tool("token", "remove", "backend")


def test_metrics_count(gate):
    text = gate.api("GET", "/metrics").body.decode()
    assert re.search(r"^vcspgate_gate_accepted_total [1-9]", text, re.M)
    assert re.search(r"^vcspgate_smtp_data_seconds_bucket\{le=\"\+Inf\"\} [1-9]", text, re.M)


def test_accounting_adds_up(gate):
    s = gate.api("GET", "/v1/queue/stats").json["accounting"]
    assert s["accepted"] == s["queued"] + s["held"] + s["refused_after_queue"] + s["duplicates"]
    assert s["accepted"] > 0
