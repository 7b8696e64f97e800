"""Held mail for the operator: cause, evidence, the forms of a release; explain and replay, which have no effect."""

import json
import re

import pytest

import mails
from gateway import Gateway, wait_for

ULID = r"[0-9A-HJKMNP-TV-Z]{26}"


@pytest.fixture(scope="module")
def gate():
    with Gateway() as g:
        yield g.start()


def held_id(gate, **how):
    code, text = gate.send(mails.mail(**how))
    assert code == 250 and "review" in text, text
    ident = re.search(ULID, text).group()
    wait_for(lambda: [h for h in gate.api("GET", "/v1/held?limit=200").json["items"] if h["id"] == ident], "the held mail")
    return ident


def accounting(gate):
    return gate.api("GET", "/v1/queue/stats").json["accounting"]


def test_held_mail_says_why_and_what_to_do(gate):
    ident = held_id(gate, sender="cat@partner.example", subject="Who am I")
    shown = gate.tool("held", "show", ident)
    for words in ("Why it is held (unlisted-contact)", f"vcspgate held release {ident} --register",
                  "Is it really them: authenticated", "  class         partner-domain", "  YES  V15", "Who am I"):
        assert words in shown, shown
    assert "none of its listed contacts" in gate.tool("held", "list")
    cause = gate.api("GET", f"/v1/held/{ident}").json["cause"]
    assert cause["code"] == "unlisted-contact" and "reject" in cause["actions"]
    unproven = gate.api("GET", f"/v1/held/{held_id(gate, authenticated=False)}").json["cause"]
    assert unproven["code"] == "unverified-sender" and "reject" not in unproven["actions"]


def test_release_as_contact_registers_nobody(gate):
    ident = held_id(gate, sender="cat2@partner.example")
    gate.tool("partner", "set", "acme-msp", "--unlisted", "reject")
    try:
        assert gate.run_tool("held", "release", ident).returncode == 77
        assert "released" in gate.tool("held", "release", ident, "--as", "contact")
    finally:
        gate.tool("partner", "set", "acme-msp", "--unlisted", "hold")
    assert gate.api("GET", "/v1/contacts/cat2@partner.example").status == 404


def test_release_and_register(gate):
    ident = held_id(gate, sender="dan@partner.example", subject="Register me")
    assert "released" in gate.tool("held", "release", ident, "--register")
    assert gate.api("GET", "/v1/contacts/dan@partner.example").json["partner"] == "acme-msp"
    code, text = gate.send(mails.mail(sender="dan@partner.example", subject="A contact now"))
    assert code == 250 and "case" in text


def test_registry_rules_stop_a_registration(gate):
    code, text = gate.send(mails.mail(sender="bob@customer.example"), to="postmaster@support.example")
    assert code == 250, text
    ident = re.search(ULID, text).group()
    nameless = gate.run_tool("held", "release", ident, "--register")
    assert nameless.returncode == 64 and b"--partner" in nameless.stderr
    refused = gate.run_tool("held", "release", ident, "--register", "--partner", "acme-msp", "--external")
    assert refused.returncode in (65, 77) and refused.stderr, refused.stderr
    assert ident in gate.tool("held", "list", "--limit", "200")
    assert gate.run_tool("held", "release", ident, "--partner", "acme-msp").returncode == 64


def test_explain_what_is_stored(gate):
    _, text = gate.send(mails.mail(subject="Explain me"))
    ident = re.search(ULID, text).group()
    shown = gate.tool("explain", ident)
    assert "Explain me" in shown and "  YES  V11" in shown and "Is it really them: authenticated" in shown
    code, text = gate.send(mails.mail(sender="eve@stranger.example"))
    reference = re.search(ULID, text).group()
    assert code == 550 and "  YES  V18" in gate.tool("explain", reference)
    assert gate.run_tool("explain", "0" * 26).returncode == 66


def test_explain_has_no_effect(gate):
    before = accounting(gate)
    done = gate.tool("explain", "--from", "x@relay.example", "--peer", "192.0.2.1", "--helo", "h.example",
                     stdin=mails.mail(subject="Never stored").replace(b"\r\n", b"\n"))
    assert "V12" in done and "unverified-sender" in done and "YES" in done, done
    answer = json.loads(gate.tool("explain", "--json", stdin=mails.mail(sender="eve@stranger.example")))
    assert answer["outcome"] == "rejected" and answer["rule"] == "V18" and answer["evidence"]["trace"][-1] == ["V18", True]
    large = mails.mail(subject="Large") + b"line of text\r\n" * 50000
    assert json.loads(gate.tool("explain", "--json", stdin=large))["rule"] == "V12"
    assert accounting(gate) == before
    assert gate.api("GET", "/v1/tickets?q=never").json["items"] == []


def test_replay_shows_what_would_differ(gate):
    gate.tool("partner", "add", "--id", "late", "--name", "Late", "--domain", "late.example")
    gate.tool("contact", "add", "--partner", "late", "--address", "kim@late.example", "--name", "Kim")
    _, text = gate.send(mails.mail(sender="kim@late.example", subject="Before"))
    ident = re.search(ULID, text).group()
    before = accounting(gate)
    assert ident not in gate.tool("replay", "--since", "1h", "--limit", "1000")
    gate.tool("partner", "set", "late", "--status", "suspended")
    after = gate.tool("replay", "--since", "1h", "--limit", "1000")
    assert ident in after and "then V11 accepted" in after and "now  V9 rejected" in after, after
    lines = [json.loads(l) for l in gate.tool("replay", "--limit", "1000", "--json").splitlines()]
    assert [l["now"]["rule"] for l in lines if l["id"] == ident] == ["V9"]
    assert accounting(gate) == before
    assert gate.run_tool("replay", "--since", "yesterday").returncode == 64
