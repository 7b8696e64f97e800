"""Outgoing mail: acknowledgements, copies, L2's answers; what the smarthost says; what is left over after trouble."""

import json
import os
import re
import subprocess

import dkim
import pytest

import mails
from gateway import ROOT, Gateway, wait_for
from sink import Sink



def gateway(sink, more="tls none", extra="", **how):
    return Gateway(extra=f"smarthost smtp://127.0.0.1:{sink.port} {more}\nsupport name \"Example Support\"\n{extra}", **how)


@pytest.fixture
def sink():
    with Sink() as s:
        yield s


@pytest.fixture
def desk(sink):
    with gateway(sink) as g:
        g.start()
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee Park")
        g.sink = sink
        yield g


def opened(g, **more):
    """Ann's mail, its ticket, her acknowledgement."""
    before = len(g.sink.to("ann@partner.example"))
    code, answer = g.send(mails.mail(**more), sender="ann@partner.example")
    assert code == 250, answer
    number = int(re.search(r"case (\d+)", answer).group(1))
    wait_for(lambda: len(g.sink.to("ann@partner.example")) > before, "an acknowledgement")
    return number, g.sink.to("ann@partner.example")[-1]


def answer_to(letter, sender, text, cc=None, to=None):
    return mails.mail(sender=sender, to=to or letter["From"].addresses[0].addr_spec, subject="Re: " + letter["Subject"], text=text,
                      headers={"In-Reply-To": letter["Message-ID"], "References": f"{letter['References']} {letter['Message-ID']}"}, cc=cc)


def test_an_acknowledgement_comes_back(desk):
    number, ack = opened(desk, subject="Job fails", message_id="<first@partner.example>")
    assert ack["Subject"] == f"[#{number}] Job fails"
    assert ack["From"].addresses[0].display_name == "Example Support"
    assert re.fullmatch(rf"case\+{number}\.[a-z0-9]+@support\.example", ack["From"].addresses[0].addr_spec)
    assert re.fullmatch(r"bounce\+[a-z0-9.]+@support\.example", ack.path)
    assert ack["Auto-Submitted"] == "auto-replied" and ack["In-Reply-To"] == "<first@partner.example>"
    assert f"case #{number}: Job fails" in ack.text and "the log files" in ack.text
    assert "<html>" in ack.mail.get_body(("html",)).get_content()
    row = desk.api("GET", f"/v1/outbox?ticket={number}").json["items"][0]
    wait_for(lambda: desk.api("GET", f"/v1/outbox?ticket={number}").json["items"][0]["state"] == "sent", "the record")
    assert row["recipient"] == "ann@partner.example" and row["kind"] == "acknowledgement"
    assert any(c.startswith("RCPT TO:<ann@partner.example> NOTIFY=") for c in desk.sink.commands)


def test_an_encrypted_archive_is_asked_about(desk):
    """What we cannot open, the acknowledgement says, with the word that an answer has to hold."""
    proof = f"Authentication-Results: {mails.proof('ann@partner.example')}\r\n".encode()
    sealed = (ROOT / "tests/corpus/archive-sealed.eml").read_bytes().replace(b"\n", b"\r\n")
    code, answer = desk.send(proof + sealed, sender="ann@partner.example")
    assert code == 250, answer
    wait_for(lambda: desk.sink.to("ann@partner.example"), "an acknowledgement")
    text = " ".join(desk.sink.to("ann@partner.example")[0].text.split())
    for name in ("logs.zip", "logs.7z", "hidden.7z"):
        assert f'We cannot open "{name}": it is encrypted.' in text
    assert '(a line "Password: ...")' in text


def test_an_answer_to_it_joins_the_ticket(desk):
    number, ack = opened(desk)
    code, answer = desk.send(answer_to(ack, "Ann Lee <ann@partner.example>", "More: it failed again.\n"), sender="ann@partner.example",
                             to=ack["From"].addresses[0].addr_spec)
    assert code == 250 and f"case {number}" in answer
    wait_for(lambda: len(desk.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 2, "the second message")
    # nobody else is on it, and no second acknowledgement is sent
    assert len(desk.api("GET", f"/v1/outbox?ticket={number}").json["items"]) == 1


def test_an_answer_without_the_case_address_joins_by_its_message_id(desk):
    """Mail programs that take the address book's support address keep In-Reply-To."""
    number, ack = opened(desk)
    wait_for(lambda: desk.api("GET", f"/v1/outbox?ticket={number}").json["items"][0]["message_id"], "the record of its Message-ID")
    mail = mails.mail(subject="Something else", headers={"In-Reply-To": ack["Message-ID"]})
    assert f"case {number}" in desk.send(mail, sender="ann@partner.example")[1]
    # whoever it was not sent to gets nothing by it
    stranger = mails.mail(sender="Bob <bob@customer.example>", headers={"In-Reply-To": ack["Message-ID"]})
    assert f"case {number}" not in desk.send(stranger, sender="bob@customer.example")[1]


def test_three_ways(desk):
    """Everybody gets one copy of what is meant for them, under the writer's name, and nothing else."""
    number, _ = opened(desk, cc="Bob <bob@customer.example>", to="support@support.example")
    wait_for(lambda: desk.sink.to("bob@customer.example"), "Bob's letter")
    joined = desk.sink.to("bob@customer.example")[0]
    assert "brought you into case" in joined.text and "Ann Lee" in joined.text
    # Bob answers to the case alone: Ann is told, and that she was left out
    code, _ = desk.send(answer_to(joined, "Bob <bob@customer.example>", "It was the disk.\n"), sender="bob@customer.example",
                        to=joined["From"].addresses[0].addr_spec)
    assert code == 250
    wait_for(lambda: len(desk.sink.to("ann@partner.example")) == 2, "Ann's copy")
    copy = desk.sink.to("ann@partner.example")[1]
    assert "It was the disk." in copy.text and "without you in To or Cc" in copy.text
    assert "via Example Support" in copy["From"].addresses[0].display_name
    # L2 answers to it: both get it, and the agent's address stands nowhere
    answer = desk.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "Replace the disk."})
    assert answer.status == 202, answer.json
    for who in ("ann@partner.example", "bob@customer.example"):
        wait_for(lambda: any("Replace the disk." in m.text for m in desk.sink.to(who)), f"L2's answer to {who}")
        reply = [m for m in desk.sink.to(who) if "Replace the disk." in m.text]
        assert len(reply) == 1 and b"lee@support.example" not in reply[0].data and "#public" not in reply[0].text
        assert reply[0]["From"].addresses[0].display_name == "Lee Park via Example Support"
        assert "Auto-Submitted" not in reply[0].mail
    # a note among agents reaches nobody
    sent = len(desk.sink.mails)
    assert desk.api("POST", f"/v1/tickets/{number}/messages",
                    {"from": "lee@support.example", "text": "Do not tell them.", "visibility": "internal"}).status == 202
    wait_for(lambda: len(desk.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 4, "the note")
    assert len(desk.sink.mails) == sent and all("Do not tell" not in m.text for m in desk.sink.mails)
    assert desk.api("GET", f"/v1/tickets/{number}").json["sla"]["state"] == "met"


def test_a_removed_customer_gets_nothing_more(desk):
    number, _ = opened(desk, cc="Bob <bob@customer.example>")
    wait_for(lambda: desk.sink.to("bob@customer.example"), "Bob's letter")
    desk.tool("ticket", "remove-participant", str(number), "bob@customer.example")
    wait_for(lambda: len(desk.sink.to("bob@customer.example")) == 2, "the notice")
    before = 2
    assert desk.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "For the partner."}).status == 202
    wait_for(lambda: any("For the partner." in m.text for m in desk.sink.to("ann@partner.example")), "Ann's copy")
    assert len(desk.sink.to("bob@customer.example")) == before


def outbox(g, state):
    return g.api("GET", f"/v1/outbox?state={state}").json["items"]


def test_a_customer_waits_for_the_contact(desk):
    """T3: while no contact can be reached, no customer gets a copy."""
    number, _ = opened(desk, cc="Bob <bob@customer.example>")
    wait_for(lambda: desk.sink.to("bob@customer.example"), "Bob's letter")
    before = len(desk.sink.to("bob@customer.example"))
    desk.sink.script = lambda verb, argument: "450 4.2.0 later" if verb == "RCPT" and "ann@" in argument else None
    assert desk.api("POST", f"/v1/tickets/{number}/messages", {"from": "lee@support.example", "text": "In order."}).status == 202
    wait_for(lambda: len(outbox(desk, "queued")) == 2 and all(i["answer"] for i in outbox(desk, "queued")), "both to wait")
    assert len(desk.sink.to("bob@customer.example")) == before
    desk.sink.script = lambda verb, argument: None
    for item in outbox(desk, "queued"):
        desk.tool("outbox", "retry", item["id"])
    wait_for(lambda: any("In order." in m.text for m in desk.sink.to("ann@partner.example")), "Ann's copy")
    for item in outbox(desk, "queued"):
        desk.run_tool("outbox", "retry", item["id"])  # Ann's may be noted as sent by now, which refuses it
    wait_for(lambda: len(desk.sink.to("bob@customer.example")) > before, "Bob's copy")


def test_a_hard_refusal_is_told_and_remembered(desk):
    desk.sink.script = lambda verb, argument: "550 5.1.1 no such user" if verb == "RCPT" else None
    assert desk.send(mails.mail(), sender="ann@partner.example")[0] == 250
    wait_for(lambda: outbox(desk, "failed"), "the failure")
    assert outbox(desk, "failed")[0]["answer"] == "no such user"
    kinds = [i["event"]["event"] for i in desk.claim(10)]
    assert "ticket.opened" in kinds
    desk.sink.script = lambda verb, argument: None
    assert desk.send(mails.mail(), sender="ann@partner.example")[0] == 250
    wait_for(lambda: outbox(desk, "held"), "the next one held back")
    desk.tool("outbox", "release", outbox(desk, "held")[0]["id"])
    wait_for(lambda: desk.sink.to("ann@partner.example"), "the released one")


def test_nothing_is_lost_while_the_smarthost_is_away():
    with Sink() as s:
        port = s.port
        s.script = lambda verb, argument: "421 4.3.2 go away" if verb == "CONNECT" else None
        with gateway(s) as g:
            g.start()
            g.sink = s
            for i in range(5):
                assert g.send(mails.mail(subject=f"Number {i}"), sender="ann@partner.example")[0] == 250
            # One letter tries for all; the others keep their place and their first try.
            wait_for(lambda: "event=smarthost-away failures=1 " in g.logs(), "a try")
            wait_for(lambda: len(outbox(g, "queued")) == 5, "five letters")
            assert len([i for i in outbox(g, "queued") if i["attempts"] == 0]) >= 3
            s.script = lambda verb, argument: None
            g.tool("outbox", "retry", outbox(g, "queued")[0]["id"])
            wait_for(lambda: len(s.to("ann@partner.example")) == 5, "all five")
            assert "event=smarthost-back" in g.logs()
            assert {m["Subject"].split("] ")[1] for m in s.mails} == {f"Number {i}" for i in range(5)}
            assert len({m["Message-ID"] for m in s.mails}) == 5
        assert port == s.port


def test_lost_after_the_end_of_data_it_comes_once_more_with_its_message_id(desk):
    dropped = []

    def script(verb, argument):
        if verb == "." and not dropped:
            dropped.append(True)
            return "drop"
        return None
    desk.sink.script = script
    assert desk.send(mails.mail(), sender="ann@partner.example")[0] == 250
    wait_for(lambda: dropped and any(i["attempts"] for i in outbox(desk, "queued")), "the lost try")
    desk.tool("outbox", "retry", outbox(desk, "queued")[0]["id"])
    wait_for(lambda: desk.sink.to("ann@partner.example"), "the second try")
    wait_for(lambda: outbox(desk, "sent"), "the record")
    assert desk.sink.mails[0]["Message-ID"] == f"<{outbox(desk, 'sent')[0]['message_id']}>"


def test_killed_roles_lose_nothing(desk):
    for i in range(6):
        assert desk.send(mails.mail(subject=f"Number {i}"), sender="ann@partner.example")[0] == 250
        if i == 1:
            for pid in desk.pids("deliver"):
                os.kill(pid, 9)
        if i == 3:
            for pid in desk.pids("queue"):
                os.kill(pid, 9)
            wait_for(lambda: desk.send(mails.mail(subject="again"), sender="ann@partner.example")[0] == 250, "the queue")

    def subjects():
        return {m["Subject"].split("] ")[1] for m in desk.sink.mails}
    wait_for(lambda: {f"Number {i}" for i in range(6)} <= subjects(), "every acknowledgement", 60)
    ids = [m["Message-ID"] for m in desk.sink.mails]
    for mid in set(ids):
        assert len({m.data.split(b"\r\n\r\n", 1)[1] for m in desk.sink.mails if m["Message-ID"] == mid}) <= 2


def certificate(folder, name):
    cert, key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=IP:{name}" if name[0].isdigit() else f"subjectAltName=DNS:{name}",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def test_tls_and_a_password(tmp_path):
    cert, key = certificate(tmp_path, "127.0.0.1")
    (tmp_path / "pass").write_text("geheim\n")
    with Sink(tls=(cert, key), user="gate", password="geheim") as s:
        with gateway(s, f"tls required ca {cert} user gate password file {tmp_path}/pass") as g:
            g.start()
            assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
            wait_for(lambda: s.to("ann@partner.example"), f"a mail\n{g.logs()[-2000:]}")
            assert any(c.startswith("AUTH PLAIN") for c in s.commands)


def test_a_wrong_certificate_gets_no_mail(tmp_path):
    cert, key = certificate(tmp_path, "other.example")
    with Sink(tls=(cert, key)) as s, gateway(s, f"tls required ca {cert}") as g:
        g.start()
        assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
        wait_for(lambda: any("TLS" in i["answer"] for i in outbox(g, "queued")), "a refusal of the certificate")
        assert not s.mails and not any(c.startswith("MAIL") for c in s.commands)


def test_no_mail_in_clear_where_tls_is_required():
    with Sink() as s, gateway(s, "tls required") as g:
        g.start()
        assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
        wait_for(lambda: any("STARTTLS" in i["answer"] for i in outbox(g, "queued")), "a refusal")
        assert not s.mails


def test_the_next_smarthost_takes_over(sink):
    with Sink() as dead:
        dead.close()
        with Gateway(extra=f"smarthost smtp://127.0.0.1:{dead.port} tls none\nsmarthost smtp://127.0.0.1:{sink.port} tls none") as g:
            g.start()
            assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
            wait_for(lambda: sink.to("ann@partner.example"), "the mail")


def test_signed_with_dkim(tmp_path, sink):
    from test_sender import rsa_key
    pem, record = rsa_key(None)
    (tmp_path / "dkim.pem").write_bytes(pem)
    with gateway(sink, extra=f"dkim sign support.example selector s1 key {tmp_path}/dkim.pem") as g:
        g.start()
        assert g.send(mails.mail(subject="Sp\u00e4t"), sender="ann@partner.example")[0] == 250
        wait_for(lambda: sink.to("ann@partner.example"), "the mail")
        data = sink.mails[0].data
        assert dkim.verify(data, dnsfunc=lambda name, timeout=5: record.encode())
        assert not dkim.verify(data.replace(b"opened", b"closed"), dnsfunc=lambda name, timeout=5: record.encode())


def test_automatic_mail_gets_no_letter(desk):
    number, ack = opened(desk)
    code, _ = desk.send(mails.mail(subject="Re: " + ack["Subject"], to=ack["From"].addresses[0].addr_spec,
                                   headers={"Auto-Submitted": "auto-replied", "In-Reply-To": ack["Message-ID"]}),
                        sender="ann@partner.example", to=ack["From"].addresses[0].addr_spec)
    assert code == 250
    wait_for(lambda: len(desk.api("GET", f"/v1/tickets/{number}/messages").json["items"]) == 2, "the automatic mail")
    assert len(desk.api("GET", f"/v1/outbox?ticket={number}").json["items"]) == 1


@pytest.mark.parametrize("line, word", [
    ("smarthost relay.example:25", "smtp://"), ("smarthost smtp://relay.example", "port"),
    ("smarthost smtp://relay.example:25 tls implicit", "none|optional|required"), ("smarthost smtp://relay.example:25 user u", "go together"),
    ("smarthost smtp://relay.example:25 tls none user u password file /x", "in clear"), ("dkim sign support.example key /x", "selector"),
])
def test_broken_lines_are_named(sink, line, word):
    with Gateway(extra=line) as g:
        done = subprocess.run([str(g.conf_path).replace(str(g.conf_path), os.path.join(os.environ["VCSPGATE_BUILD"], "vcspgated")), "-n", "-c",
                               str(g.conf_path)], capture_output=True, text=True)
        assert done.returncode != 0 and word in done.stderr and re.search(r":\d+:\d+: ", done.stderr), done.stderr


def test_what_the_api_refuses(desk):
    number, _ = opened(desk)
    for body, field in (({"text": "x"}, "from"), ({"from": "ann@partner.example", "text": "x"}, "from"), ({"from": "lee@support.example"}, "text"),
                        ({"from": "lee@support.example", "text": "x", "visibility": "secret"}, "visibility"),
                        ({"from": "lee@support.example", "text": "x", "attachments": [{"name": "a"}]}, "attachments[0]")):
        answer = desk.api("POST", f"/v1/tickets/{number}/messages", body)
        assert answer.status == 422 and answer.json["field"] == field, (body, answer.json)
    assert desk.api("POST", "/v1/tickets/999999/messages", {"from": "lee@support.example", "text": "x"}).status == 404
    assert desk.api("GET", "/v1/outbox?state=odd").status == 422
    wait_for(lambda: outbox(desk, "sent"), "the acknowledgement")
    assert desk.api("POST", f"/v1/outbox/{outbox(desk, 'sent')[0]['id']}/cancel").status == 409
    assert json.loads(desk.tool("outbox", "list", "--state", "sent", "--json"))["items"]


def check(g):
    return subprocess.run([os.path.join(os.environ["VCSPGATE_BUILD"], "vcspgated"), "-n", "-c", str(g.conf_path)], capture_output=True, text=True)


def test_an_operators_own_text(tmp_path, sink):
    (tmp_path / "ack.txt").write_text("Gr\u00fc\u00df Gott{{#name}}, {{name}}{{/name}}! Fall {{number}}.\n")
    with gateway(sink, extra=f"templates {tmp_path}") as g:
        tmp_path.chmod(0o755)
        g.start()
        assert g.send(mails.mail(), sender="ann@partner.example")[0] == 250
        wait_for(lambda: sink.to("ann@partner.example"), "the letter")
        assert sink.mails[0].text.strip() == "Gr\u00fc\u00df Gott, Ann Lee! Fall 1001."


def test_a_broken_text_is_named(tmp_path, sink):
    (tmp_path / "reply.txt").write_text("one\n{{#people}}\n{{nobody}}\n{{/people}}\n")
    with gateway(sink, extra=f"templates {tmp_path}") as g:
        done = check(g)
        assert done.returncode == 78 and f"{tmp_path}/reply.txt:3: no such value" in done.stderr, done.stderr
    with gateway(sink, extra="templates /nonexistent/folder") as g:
        assert "no such folder" in check(g).stderr


def test_an_operator_hears_of_held_mail(sink):
    """At the start, and not again before its time."""
    with gateway(sink, extra="hold digest ops@support.example every 1h") as g:
        g.start()
        assert "review" in g.send(mails.mail(subject="Who am I?", authenticated=False), sender="ann@partner.example")[1]
        g.stop()
        g.start(sample=False)
        wait_for(lambda: sink.to("ops@support.example"), f"the digest {g.logs()[-1500:]}")
        digest = sink.to("ops@support.example")[0]
        assert digest["Subject"] == "1 held mails" and "ann@partner.example" in digest.text and "Who am I?" in digest.text
        assert digest["Auto-Submitted"] == "auto-generated"
        g.stop()
        g.start(sample=False)
        wait_for(lambda: g.api("GET", "/v1/outbox").json["items"][0]["state"] == "sent", "the record")
        assert len(sink.mails) == 1


def test_a_flood_of_notices_waits(desk):
    for i in range(14):
        assert desk.send(mails.mail(subject=f"Number {i}"), sender="ann@partner.example")[0] == 250
    wait_for(lambda: len([i for i in outbox(desk, "queued") if "many notices" in i["answer"]]) == 4, "four to wait")
    wait_for(lambda: len(desk.sink.to("ann@partner.example")) == 10, "the ten that may pass")
    # a queue that died remembers what had left
    wait_for(lambda: len(outbox(desk, "sent")) == 10, "their records")
    before = desk.pids("queue")
    os.kill(before[0], 9)
    wait_for(lambda: desk.pids("queue") not in ([], before), "another queue")
    wait_for(lambda: desk.api("GET", "/readyz").status == 200, "it to answer")
    for i in outbox(desk, "queued"):
        desk.tool("outbox", "retry", i["id"])
    wait_for(lambda: len([i for i in outbox(desk, "queued") if "many notices" in i["answer"]]) == 4, "four to wait again")
    assert len(desk.sink.to("ann@partner.example")) == 10
