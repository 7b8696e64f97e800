"""Mail fetched from a mailbox: a real dovecot, and servers that misbehave."""

import base64
import http.server
import json
import os
import re
import signal
import threading
import time
import urllib.parse

import pytest

from gateway import Gateway, wait_for
from imap_dummy import Dummy
from dovecot import Dovecot, certificates, password_file
from mails import mail

MOVES = "processed Done rejected Rejected failed Failed"


def box(dovecot, folder, how="tls implicit", host="localhost", port=None, more=MOVES, poll="1s"):
    """An `imap` line."""
    port = port or (dovecot.tls_port if "implicit" in how else dovecot.port)
    ca = f"ca {dovecot.dir}/ca.pem" if "none" not in how else ""
    return (f"imap support {host}:{port} {how} {ca} user support password file {password_file(folder)} "
            f"poll {poll} {more}")


@pytest.mark.parametrize("how", ["tls none", "tls required", "tls implicit"])
def test_mail_is_judged_and_filed(tmp_path, how):
    """Read by a person or not: held mail (nothing proves its sender here) goes to Done, refused mail to Rejected."""
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, how)) as g:
        g.start()
        d.deliver(mail(subject="Backup fails"), flags="(\\Seen \\Answered)")
        d.deliver(mail(sender="eve@nowhere.example", subject="Buy"))
        wait_for(lambda: d.count() == 0, "the folder to be empty")
        held = g.api("GET", "/v1/held").json["items"]
        assert [h["reason"] for h in held] == ["unverified-sender"]
        assert (d.subjects("Done"), d.subjects("Rejected"), d.subjects("Failed")) == (["Backup fails"], ["Buy"], [])
        assert {b"\\Seen", b"\\Answered"} <= set(d.flags("Done")[0])


MICROSOFT = ("spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=partner.example; dkim=none (message not signed)\r\n header.d=none;"
             "dmarc=pass action=none\r\n header.from=partner.example;compauth=pass reason=100")


@pytest.mark.parametrize("authserv, field, opens", [
    ("mx.support.example", True, True), ("mx.other.example", True, False), ("none", MICROSOFT, True), ("none", True, False)])
def test_the_providers_word(tmp_path, authserv, field, opens):
    """POLICY (c) for a mailbox: the configured id, no other, and `none` for a field without one."""
    with Dummy(caps="MOVE") as s, Gateway(extra=dummy_box(s, tmp_path, f"authserv-id {authserv} {MOVES}")) as g:
        g.start()
        m = mail(subject="believed?", authenticated=field if field is True else "x").replace(
            b"Authentication-Results: x", b"Authentication-Results: " + MICROSOFT.encode())
        s.mails[1] = m
        wait_for(lambda: len(filed(s, "Done")) == 1, "the mail to be filed")
        if opens:
            event = g.claim()[0]["event"]
            assert event["message"]["sender"]["authentication"]["result"] == "authenticated"
            assert event["ticket"]["partner"]["id"] == "acme-msp" and event["message"]["date"]
        else:
            assert [h["reason"] for h in g.api("GET", "/v1/held").json["items"]] == ["unverified-sender"]


@pytest.mark.parametrize("certificate, host, why", [
    ("wrong", "localhost", "the name does not match"), ("good", "127.0.0.1", "the name does not match"),
    ("unknown", "localhost", "not by a trusted issuer")])
@pytest.mark.parametrize("how", ["tls required", "tls implicit"])
def test_another_server_gets_no_password(tmp_path, certificate, host, why, how):
    with Dovecot(certificate) as d, Gateway(extra=box(d, tmp_path, how, host)) as g:
        g.start(sample=False)
        wait_for(lambda: f"kind=tls step=tls error=\"certificate: {why}\"" in g.logs(), "the refusal")
        assert "imap-open" not in g.logs()


# ---- servers that lack something, or misbehave ----

def dummy_box(server, folder, more=MOVES, poll="1s"):
    return box(None, folder, "tls none", "127.0.0.1", server.port, more, poll)


def filed(server, folder):
    return sorted(f for f, m in server.filed if f == folder)


@pytest.mark.parametrize("caps, left, wanted", [
    ("MOVE", 0, "UID MOVE 1:2"), ("UIDPLUS", 0, "UID EXPUNGE 1:2"), ("", 2, "UID STORE 1:2 +FLAGS.SILENT (\\Deleted)")])
def test_without_extensions(tmp_path, caps, left, wanted):
    with Dummy([mail(subject="one"), mail(subject="two")], caps) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: len(s.filed) == 2, "both to be filed")
        wait_for(lambda: len([c for c in s.commands if "UID SEARCH" in c]) > 3, "some more looks")
        assert len(s.mails) == left and len(s.filed) == 2
        assert any(wanted in c for c in s.commands), s.commands
        assert not any(c.startswith("EXPUNGE") or "\\Seen" in c or "BODY[" in c for c in s.commands)


def bye(text):
    def trick(c, tag, line):
        c.send(f"* BYE {text}\r\n")
        c.sock.shutdown(2)
    return trick


def refuse(text):
    def trick(c, tag, line):
        c.send(f"{tag} NO {text}\r\n")
    return trick


@pytest.mark.parametrize("step, trick, kind", [
    ("greeting", bye("[UNAVAILABLE] later"), "unavailable"),
    ("greeting", bye("go away"), "unavailable"),
    ("CAPABILITY", bye("[UNAVAILABLE] later"), "unavailable"),
    ("LOGIN", refuse("[AUTHENTICATIONFAILED] wrong"), "login"),
    ("LOGIN", refuse("[UNAVAILABLE] directory down"), "unavailable"),
    ("LOGIN", refuse("[LIMIT] too many connections"), "limit"),
    ("SELECT", bye("[LIMIT] enough"), "limit"),
    ("UID SEARCH", bye("shutting down"), "unavailable"),
    ("UID FETCH", bye("shutting down"), "unavailable"),
    ("IDLE", bye("shutting down"), "unavailable"),
    ("greeting", lambda c, t, l: c.send("* PREAUTH hello\r\n"), "protocol"),
    ("greeting", lambda c, t, l: c.send("220 mail.example ESMTP\r\n"), "protocol"),
    ("greeting", lambda c, t, l: [c.send("* OK " + "x" * 65536) for _ in range(100)], "protocol"),
    ("UID SEARCH", lambda c, t, l: [c.send("* OK " + "x" * 65536 + "\r\n") for _ in range(1000)], "protocol"),
    ("SELECT", lambda c, t, l: c.send(f"* 1 EXISTS\r\n{t} OK no validity\r\n"), "protocol"),
])
def test_servers_that_say_no(tmp_path, step, trick, kind):
    with Dummy([mail()], tricks={step: trick}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: "event=imap-trouble" in g.logs(), "the trouble to be noted")
        first = next(line for line in g.logs().splitlines() if "event=imap-trouble" in line)
        assert f"kind={kind} " in first, first
        assert "event=ended" not in g.logs() and len(g.pids("imap")) == 1, g.logs()


# ---- mails that cannot be had ----

def cut(c, tag, line):
    """Breaks off in the middle of the literal of the mail with UID 1, and of no other."""
    if "UID FETCH 1 BODY" not in line:
        return True
    c.send("* 1 FETCH (UID 1 BODY[]<0> {500000}\r\nFrom: x@y.example\r\n")
    c.sock.shutdown(2)


def die_of_it(c, tag, line):
    """The server cannot even name the size of the mail with UID 1, alone or among others."""
    if not re.match(r"UID FETCH 1[ :,]", line):
        return True
    c.sock.shutdown(2)


@pytest.mark.parametrize("trick, to_the_end", [(cut, False), (die_of_it, True)])
def test_a_mail_that_cannot_be_fetched_stops_no_other(tmp_path, trick, to_the_end):
    mails = [mail(subject=f"mail {i}") for i in range(4)]
    with Dummy(mails, tricks={"UID FETCH": trick}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: len(filed(s, "Rejected")) == 3, "the others to be filed")
        assert 1 in s.mails
        if not to_the_end:
            return
        wait_for(lambda: len(filed(s, "Failed")) == 1, "the poison to be given up", 120)
        assert not s.mails and "event=imap-failed" in g.logs()


def test_larger_than_the_limit(tmp_path):
    big = mail(subject="big", text="x" * 70 + "\n" * 1 + ("y" * 70 + "\n") * 2000)
    with Dummy([big, mail(subject="small")]) as s, Gateway(extra=dummy_box(s, tmp_path) + "\nlimit message-size 65536") as g:
        g.start(sample=False)
        wait_for(lambda: len(s.filed) == 2, "both to be filed")
        assert len(filed(s, "Failed")) == 1 and "larger than limit message-size" in g.logs()


def test_no_room_in_the_folder(tmp_path):
    """The verdict stands, the mail stays, nothing is fetched or judged again."""
    trick = {"UID MOVE": refuse("[OVERQUOTA] full"), "UID COPY": refuse("[OVERQUOTA] full")}
    with Dummy([mail()], tricks=trick) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: "event=imap-move" in g.logs(), "the refusal to be noted")
        wait_for(lambda: len([c for c in s.commands if "UID SEARCH" in c]) > 3, "some more looks")
        assert len([c for c in s.commands if "BODY.PEEK" in c]) == 1 and not any("CREATE" in c for c in s.commands)


def deep(c, tag, line):
    """An answer that nobody asked for, and that libetpan's parser dies of: 2 million levels."""
    if not line.startswith("UID FETCH 1 BODY"):
        return True
    c.send("* 1 FETCH (UID 1 BODYSTRUCTURE " + "(" * 2000000 + "\r\n")
    c.sock.shutdown(2)


def test_a_fetcher_that_dies_takes_nobody_along(tmp_path):
    mails = [mail(subject=f"mail {i}") for i in range(4)]
    with Dummy(mails, tricks={"UID FETCH": deep}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start()
        wait_for(lambda: len(filed(s, "Done")) == 3, "the others to be filed", 120)
        assert 1 in s.mails and g.send(mail(subject="by SMTP"))[0] == 250


def test_no_bytes_in_clear_behind_starttls(tmp_path):
    """CVE-2020-15953: what came with the answer to STARTTLS must not be read as if it came inside."""
    def inject(c, tag, line):
        c.send(f"{tag} OK begin\r\n* CAPABILITY IMAP4rev1\r\n{int(tag) + 1} OK done\r\n")

    certificates(tmp_path)
    with Dummy([mail()], caps="STARTTLS MOVE", tricks={"STARTTLS": inject}) as s, \
            Gateway(extra=dummy_box(s, tmp_path).replace("tls none", f"tls required ca {tmp_path}/ca.pem")) as g:
        g.start(sample=False)
        wait_for(lambda: "event=imap-trouble" in g.logs(), "the refusal to be noted")
        assert not any("LOGIN" in c for c in s.commands)


def test_starttls_is_not_optional(tmp_path):
    certificates(tmp_path)
    with Dummy([mail()]) as s, Gateway(extra=dummy_box(s, tmp_path).replace("tls none", f"tls required ca {tmp_path}/ca.pem")) as g:
        g.start(sample=False)
        wait_for(lambda: 'kind=tls step=starttls error="the server does not offer it"' in g.logs(), "the refusal to be noted")
        assert not any("LOGIN" in c for c in s.commands)


# ---- the ledger ----

def test_uids_not_flags(tmp_path):
    """Mail that came back by hand, a new UIDVALIDITY, a server that forgot: known by content, filed, no second ticket."""
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        g.start()
        d.deliver(*[mail(subject=f"mail {i}") for i in range(3)])
        wait_for(lambda: len(d.subjects("Done")) == 3, "three filed")
        with d.client("Done") as c:
            c.store("1:*", "+FLAGS", "(\\Seen)")
            c.uid("MOVE", "1:*", "INBOX")
        wait_for(lambda: len(d.subjects("Done")) == 3 and d.count() == 0, "the same three filed again")
        assert len(g.api("GET", "/v1/held").json["items"]) == 3
        assert g.logs().count("event=imap-mail") == 6


def test_uidvalidity_changes(tmp_path):
    """Nothing is moved here, so that all of it comes again under other numbers."""
    mails = [mail(subject=f"mail {i}") for i in range(3)]
    with Dummy(mails) as s, Gateway(extra=dummy_box(s, tmp_path, "")) as g:
        g.start()
        wait_for(lambda: len(g.api("GET", "/v1/held").json["items"]) == 3 or g.logs().count("event=imap-mail") >= 3, "three judged")
        first = g.logs().count("event=imap-mail")
        g.stop()
        g.start(sample=False)
        wait_for(lambda: s.connections > 1 and len([c for c in s.commands if "UID SEARCH" in c]) > 3, "another connection")
        assert g.logs().count("event=imap-mail") == first
        g.stop()
        s.validity = 8
        g.start(sample=False)
        wait_for(lambda: g.logs().count("event=imap-mail") == first + 3, "the three to be looked at again")
        assert len(g.api("GET", "/v1/held").json["items"]) <= 3


def test_new_mail_is_seen_by_idle(tmp_path):
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, poll="29m")) as g:
        g.start()
        wait_for(lambda: "event=imap-open" in g.logs(), "the mailbox to be open")
        for n in range(1, 4):
            d.deliver(mail(subject=f"mail {n}"))
            wait_for(lambda: len(d.subjects("Done")) == n, f"mail {n} to be filed", 10)


@pytest.mark.parametrize("role", ["imap", "gate", "queue"])
def test_hundreds_of_mails_and_kills(tmp_path, role):
    """kill -9 again and again: none lost, none doubled."""
    n = 600
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        g.start()
        mails = [mail(subject=f"mail {i}") for i in range(n)]
        d.deliver(*mails)
        for step in range(1, 6):
            wait_for(lambda: g.logs().count("event=imap-mail") > step * 40 or d.count() == 0, "some more mails")
            wait_for(lambda: g.pids(role), f"{role} to run")
            for pid in g.pids(role):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: d.count() == 0, "all to be filed", 120)
        wait_for(g.ready, "the gateway to be whole again")
        assert sorted(d.subjects("Done")) == sorted(f"mail {i}" for i in range(n))
        stats = {s["subject"] for s in g.every("/v1/held")}
        assert stats == {f"mail {i}" for i in range(n)} and len(g.every("/v1/held")) == n


def test_fifty_megabytes_in_little_memory(tmp_path):
    big = mail(subject="big", attach=[("disk.bin", os.urandom(36 << 20), "application/octet-stream")])
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        g.start()
        d.deliver(big)
        wait_for(lambda: d.subjects("Done") == ["big"], "the mail to be filed", 90)
        status = open(f"/proc/{g.pids('imap')[0]}/status").read()
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
        assert peak < 64 << 10, f"{peak} kB"
        print(f"peak {peak} kB for {len(big)} bytes")


# ---- logging in ----

class TokenEndPoint:
    """RFC 6749 over HTTP on loopback: answers are given in order, the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.forms = list(answers), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.forms.append(dict(urllib.parse.parse_qsl(form)))
                status, body = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                data = json.dumps(body).encode()
                self.send_response(status)
                if status == 200:
                    self.send_header("Transfer-Encoding", "chunked")
                    data = b"5\r\n" + data[:5] + b"\r\n%x\r\n" % (len(data) - 5) + data[5:] + b"\r\n0\r\n\r\n"
                else:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tenant/oauth2/v2.0/token"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


def oauth_box(server, folder, endpoint, refresh=True):
    for name, text in [("secret", "s3cr&t\n"), ("refresh", "r/1\n")]:
        (folder / name).write_text(text)
    more = f"refresh file {folder}/refresh" if refresh else ""
    return (f"imap support 127.0.0.1:{server.port} tls none user support@vendor.example auth xoauth2 token {endpoint.url} client app-1 "
            f"secret file {folder}/secret {more} scope \"https://outlook.example/.default offline_access\" poll 1s {MOVES}")


def bearer(c, tag, line):
    """AUTHENTICATE XOAUTH2 with the token `good`; what it says else is kept."""
    given = base64.b64decode(line.split(" ")[2])
    if given == b"user=support@vendor.example\x01auth=Bearer good\x01\x01":
        return c.send(f"{tag} OK in\r\n")
    c.send("+ " + base64.b64encode(b'{"status":"400"}').decode() + "\r\n")
    c.file.readline()
    return c.send(f"{tag} NO [AUTHENTICATIONFAILED] token expired\r\n")


OAUTH = "MOVE SASL-IR AUTH=XOAUTH2"


@pytest.mark.parametrize("refresh", [True, False])
def test_xoauth2(tmp_path, refresh):
    first = {"access_token": "good", "expires_in": 3600, "refresh_token": "r/2", "token_type": "Bearer"}
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, TokenEndPoint((200, first)) as e, \
            Gateway(extra=oauth_box(s, tmp_path, e, refresh)) as g:
        g.start()
        wait_for(lambda: len(filed(s, "Done")) == 1, "the mail to be filed")
        want = {"client_id": "app-1", "client_secret": "s3cr&t", "scope": "https://outlook.example/.default offline_access"}
        want |= {"grant_type": "refresh_token", "refresh_token": "r/1"} if refresh else {"grant_type": "client_credentials"}
        assert e.forms == [want]
        assert "good" not in g.logs() and "s3cr&t" not in g.logs() and "r/1" not in g.logs()


def test_xoauth2_refused_and_renewed(tmp_path):
    """An end-point that is down, one that refuses, a token that the server does not take: each is said, none is hammered."""
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, \
            TokenEndPoint((503, {}), (400, {"error": "invalid_grant"})) as e, Gateway(extra=oauth_box(s, tmp_path, e)) as g:
        g.start(sample=False)
        wait_for(lambda: 'kind=unavailable step=token error="the token end-point answered 503"' in g.logs(), "the first to be noted")
        assert s.connections == 0


def test_xoauth2_refused_by_the_server(tmp_path):
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, TokenEndPoint((200, {"access_token": "old"})) as e, \
            Gateway(extra=oauth_box(s, tmp_path, e)) as g:
        g.start(sample=False)
        wait_for(lambda: "kind=login step=login" in g.logs(), "the refusal to be noted")
        assert "old" not in g.logs().replace("folder", "")


@pytest.mark.parametrize("script, opens", [
    ("#!/bin/sh\necho good\n", True), ("#!/bin/sh\nexit 1\n", False), ("#!/bin/sh\nprintf 'go od'\n", False), ("no program", False)])
def test_xoauth2_by_a_command(script, opens):
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, Gateway() as g:
        command = g.dir / "token"
        command.write_text(script)
        command.chmod(0o755)
        g.conf_path.write_text(g.text + f"imap support 127.0.0.1:{s.port} tls none user support@vendor.example auth xoauth2 "
                               f"token-command {command} poll 1s {MOVES}\n")
        g.start()
        if opens:
            wait_for(lambda: len(filed(s, "Done")) == 1, "the mail to be filed")
            assert "good" not in g.logs()
        else:
            wait_for(lambda: 'kind=login step=token error="token-command printed none"' in g.logs(), "the trouble to be noted")
            assert s.connections == 0


def test_plain(tmp_path):
    with Dovecot() as d, Gateway(extra=box(d, tmp_path, more=f"auth plain {MOVES}")) as g:
        g.start()
        d.deliver(mail(subject="plain"))
        wait_for(lambda: d.subjects("Done") == ["plain"], "the mail to be filed")


def test_a_new_password_is_tried_at_once(tmp_path):
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        path = password_file(tmp_path, "old")
        g.start()
        wait_for(lambda: "kind=login step=login" in g.logs(), "the refusal to be noted")
        password_file(tmp_path)
        assert path.read_text() != "old"
        g.hangup()
        wait_for(lambda: "event=imap-open" in g.logs(), "the mailbox to be open", 20)


def test_trickle(tmp_path):
    """A byte now and then keeps no connection: `timeout` bounds a command as a whole."""
    def trickle(c, tag, line):
        while True:
            c.send("*")
            time.sleep(0.1)

    with Dummy([mail()], tricks={"UID SEARCH": trickle}) as s, \
            Gateway(extra=dummy_box(s, tmp_path, f"timeout 2s {MOVES}")) as g:
        g.start(sample=False)
        wait_for(lambda: 'kind=network step=search error="took too long"' in g.logs(), "the deadline", 10)


def test_alarm(tmp_path):
    """The age of the last success grows while the mailbox cannot be reached, also before the first one."""
    with Dummy([mail()], tricks={"LOGIN": refuse("[AUTHENTICATIONFAILED] no")}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        first = g.success_age()
        wait_for(lambda: g.success_age() >= first + 500, "the age to grow")
    with Dummy([mail()]) as s, Gateway(extra=dummy_box(s, tmp_path, poll="500ms")) as g:
        g.start(sample=False)
        wait_for(lambda: len(s.filed) == 1, "the mail to be filed")
        assert g.success_age() < 20000
