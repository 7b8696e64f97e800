"""Mailboxes whose server lies, tires, or loses its memory, and mails that are no mails. Each server is a scripted one unless its bytes matter."""

import base64
import contextlib
import os
import pathlib
import random
import re
import subprocess

import pytest

from dovecot import Dovecot
from gateway import DAEMON, Gateway, wait_for
from imap_dummy import Dummy
from mails import mail
from test_imap import (MOVES, OAUTH, TokenEndPoint, bearer, box, bye, dummy_box, filed, oauth_box, refuse)


def trouble(g):
    return [line for line in g.logs().splitlines() if "event=imap-trouble" in line]


def searches(s):
    return len([c for c in s.commands if "UID SEARCH" in c])


def peak_kb(g):
    return max(int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{p}/status").read_text()).group(1)) for p in g.pids("imap"))


# ---- literals and answers that lie ----

def instead(text, uid=1):
    """This answer in place of the bytes of one mail."""
    def trick(c, tag, line):
        if f"UID FETCH {uid} BODY" not in line:
            return True
        c.send(text)
        return c.send(f"{tag} OK done\r\n")
    return trick


LIES = [
    "* 1 FETCH (UID 1 BODY[]<0> {10}\r\n" + "x" * 5000 + ")\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {-1}\r\nhello)\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\nhello)\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {18446744073709551617}\r\nhello)\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {99999999999999999999999999}\r\nhello)\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {300000}\r\n" + "x" * 300000 + ")\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> {}\r\n)\r\n",
    "* 9 FETCH (UID 99 BODY[]<0> {5}\r\nhello)\r\n",
    "* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n",
    "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n",
    "* 1 EXPUNGE\r\n",
    "", "\r\n", "\0\0\0\r\n", "* " + "(" * 1000 + "\r\n",
]


@contextlib.contextmanager
def many(servers, folder, more=MOVES, sample=True):
    """One gateway with a mailbox for each of the servers, which misbehave at the same time: (servers, gateway)."""
    with contextlib.ExitStack() as stack:
        for s in servers:
            stack.enter_context(s)
        lines = [dummy_box(s, folder, more).replace("imap support", f"imap box{i}", 1) for i, s in enumerate(servers)]
        g = stack.enter_context(Gateway(extra="\n".join(lines)))
        g.start(sample=sample)
        yield servers, g


def names(servers, good):
    return {f"box{i}" for i, s in enumerate(servers) if not good(s)}


def test_answers_that_lie(tmp_path):
    """Each costs its one mail; the next are filed, in little memory."""
    servers = [Dummy([mail(subject=f"mail {i}") for i in range(3)], tricks={"UID FETCH": instead(text)}) for text in LIES]
    with many(servers, tmp_path, sample=False) as (_, g):
        wait_for(lambda: not names(servers, lambda s: len(filed(s, "Rejected")) >= 2),
                 "the others to be filed", 60)
        assert not names(servers, lambda s: not filed(s, "Done") and len(filed(s, "Rejected")) == 2)
        assert len(g.pids("imap")) == len(servers) and "event=role-died" not in g.logs()
        assert peak_kb(g) < 64 << 10


def test_answers_for_others_among_ours(tmp_path):
    """What belongs to no mail that was asked for is passed over, flags of a colleague's client among it."""
    def noise(c, tag, line):
        c.send("* 7 FETCH (UID 70 BODY[]<0> {5}\r\nwrong)\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 9 EXISTS\r\n* OK [ALERT] hello\r\n"
               '* 7 FETCH (UID 70 RFC822.SIZE 5 INTERNALDATE "24-Nov-2026 02:31:00 +0000")\r\n')
        return True

    with Dummy([mail(subject=f"mail {i}") for i in range(3)], tricks={"UID FETCH": noise}) as s, \
            Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start()
        wait_for(lambda: len(filed(s, "Done")) == 3, "all to be filed")
        assert {h["subject"] for h in g.every("/v1/held")} == {"mail 0", "mail 1", "mail 2"} and not trouble(g)


@pytest.mark.parametrize("order", ["3 1 2 2 1", "2 3 1\r\n* SEARCH 1 3", "0 3 2 1 9"])
def test_uids_in_any_order(tmp_path, order):
    def shuffled(c, tag, line):
        if len(c.server.mails) < 3:
            return True
        return c.send(f"* SEARCH {order}\r\n{tag} OK done\r\n")

    with Dummy([mail(subject=f"mail {i}") for i in range(3)], tricks={"UID SEARCH": shuffled}) as s, \
            Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start()
        wait_for(lambda: len(filed(s, "Done")) == 3, "all to be filed", 60)
        assert g.logs().count("event=imap-mail") == 3


def lie_about_sizes(said, beyond):
    def lie(c, tag, line):
        if "RFC822.SIZE" in line:
            for n, u in enumerate(c.uids(line.split(" ")[2]), 1):
                c.send(f'* {n} FETCH (UID {u} RFC822.SIZE {said} INTERNALDATE "24-Nov-2026 02:31:00 +0000")\r\n')
            return c.send(f"{tag} OK done\r\n")
        uid, at = (int(x) for x in re.search(r"FETCH (\d+) BODY.PEEK\[\]<(\d+)", line).groups())
        if at < len(c.server.mails[uid]) or beyond == "empty":
            return True
        if beyond == "nil":
            c.send(f"* 1 FETCH (UID {uid} BODY[]<{at}> NIL)\r\n")
        return c.send(f"{tag} OK done\r\n")
    return lie


def test_sizes_that_lie(tmp_path):
    """RFC822.SIZE is an estimate with some servers, and bytes beyond the end are answered in three ways."""
    cases = [(said, beyond) for said in (0, 10, 100000, 400000) for beyond in ("empty", "nil", "nothing")]
    mails = [[mail(subject=f"{said} {beyond} {n}", text="line of a large mail\n" * n) for n in (1, 20000, 262144 // 21)]
             for said, beyond in cases]
    servers = [Dummy(m, tricks={"UID FETCH": lie_about_sizes(*case)}) for m, case in zip(mails, cases)]
    with many(servers, tmp_path) as (_, g):
        wait_for(lambda: not names(servers, lambda s: len(filed(s, "Done")) == 3), "all to be filed", 60)
        raw = {h["subject"]: g.api("GET", f"/v1/messages/{h['id']}/raw").body for h in g.every("/v1/held")}
        for m in sum(mails, []):
            subject = re.search(rb"Subject: (.*)\r\n", m).group(1).decode()
            assert raw[subject].endswith(m), subject


# ---- floods ----

def flood(step, line):
    block = (line * (65536 // len(line) + 1)).encode()

    def trick(c, tag, text):
        if step == "IDLE":
            c.send("+ idling\r\n")
        while c.server.sent < 1 << 30:
            c.send(block)
            c.server.sent += len(block)

    server = Dummy([mail()] if step == "UID FETCH" else [], tricks={step: trick})
    server.sent = 0
    return server


def test_a_gigabyte_of_lines(tmp_path):
    """Nobody listens to the end of it."""
    servers = [flood(step, line) for step in ("CAPABILITY", "SELECT", "UID SEARCH", "UID FETCH", "IDLE")
               for line in ("* 1 EXISTS\r\n", "* OK " + "x" * 1000 + "\r\n", "* 1 FETCH (FLAGS (\\Seen))\r\n", "y" * 1024)]
    with many(servers, tmp_path, f"timeout 20s {MOVES}", sample=False) as (_, g):
        wait_for(lambda: len({re.search(r"box=(\w+)", t).group(1) for t in trouble(g)}) == len(servers), "the end of patience", 90)
        assert not names(servers, lambda s: s.sent < 64 << 20)
        assert "event=role-died" not in g.logs() and peak_kb(g) < 160 << 10, peak_kb(g)


# ---- refusals in the middle ----

def test_enough_for_now(tmp_path):
    """A server that has enough of us is left alone at once, and no mail is blamed for it."""
    answers = [(refuse("[LIMIT] too many commands"), "limit"), (refuse("[OVERQUOTA] bandwidth limit exceeded"), "limit"),
               (refuse("[UNAVAILABLE] backend"), "unavailable"), (refuse("[INUSE] locked"), "unavailable"),
               (bye("[LIMIT] enough"), "limit"), (refuse("[AUTHENTICATIONFAILED] session expired"), "login")]
    cases = [(a, kind, when) for a, kind in answers for when in ("RFC822.SIZE", "BODY")]

    def trick(answer, when):
        return {"UID FETCH": lambda c, tag, line: answer(c, tag, line) if when in line else True}
    servers = [Dummy([mail(subject=f"mail {i}") for i in range(5)], tricks=trick(a, when)) for a, _, when in cases]
    with many(servers, tmp_path, sample=False) as (_, g):
        for i, (_, kind, when) in enumerate(cases):
            mine = wait_for(lambda: [t for t in trouble(g) if f"box=box{i} " in t], f"the refusal to box{i} to be noted")
            assert f"kind={kind} " in mine[0], mine
            assert len([c for c in servers[i].commands if when in c]) == 1, servers[i].commands
        for s in servers:
            s.tricks.clear()
        g.stop()
        g.start(sample=False)
        wait_for(lambda: not names(servers, lambda s: len(s.filed) >= 4), "the others to be filed")
        assert not any(filed(s, "Failed") for s in servers) and "event=imap-failed" not in g.logs()


def test_uidvalidity_changes_while_connected(tmp_path):
    """The numbers mean nothing from then on: nothing is moved by an old one."""
    def change(c, tag, line):
        if c.server.validity == 7 and searches(c.server) > 2:
            c.server.validity = 8
            c.server.mails = {1: mail(subject="another")}
            c.send("* OK [UIDVALIDITY 8] restored from a backup\r\n")
        return True

    with Dummy([], tricks={"UID SEARCH": change}) as s, Gateway(extra=dummy_box(s, tmp_path, poll="500ms")) as g:
        g.start(sample=False)
        wait_for(lambda: len(s.filed) == 1, "the mail to be filed", 60)
        assert s.connections == 2 and "UIDVALIDITY has changed" in trouble(g)[0]


def test_expunged_by_another_between_two_pieces(tmp_path):
    """It is gone; half a mail is no mail."""
    def expunge(c, tag, line):
        if "UID FETCH 1 BODY.PEEK[]<262144" in line:
            c.server.mails.pop(1, None)
            return c.send(f"* 1 EXPUNGE\r\n{tag} OK [EXPUNGEISSUED] some are gone\r\n")
        return True

    mails = [mail(subject="large", text="line of a large mail\n" * 20000), mail(subject="small")]
    with Dummy(mails, tricks={"UID FETCH": expunge}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start()
        wait_for(lambda: len(filed(s, "Done")) == 1, "the other to be filed")
        wait_for(lambda: searches(s) > 2, "some more looks")
        assert [h["subject"] for h in g.every("/v1/held")] == ["small"] and not filed(s, "Failed")


def test_a_person_tidies_up_meanwhile(tmp_path):
    """A real server, two clients: what the other one deletes or moves is not ours any more, and stops nothing."""
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        g.start()
        with d.client("INBOX") as c:
            lay_down(d, [("", mail(subject=f"mail {i}", text="text\n" * 200)) for i in range(400)])
            wait_for(lambda: g.logs().count("event=imap-mail") > 20, "some mails")
            c.noop()
            _, found = c.uid("SEARCH", "ALL")
            mine = found[0].split()[::3]
            c.uid("STORE", b",".join(mine), "+FLAGS", "(\\Deleted)")
            c.expunge()
        wait_for(lambda: d.count() == 0, "the folder to be empty", 60)
        assert not d.subjects("Failed") and "event=imap-failed" not in g.logs()
        assert len(set(d.subjects("Done"))) == len(d.subjects("Done")) >= 400 - len(mine)


# ---- before the folder is open ----

def test_nothing_is_believed_before_tls(tmp_path):
    """PREAUTH in place of a greeting where STARTTLS was demanded: TLS could be left out that way."""
    with Dummy([mail()], caps="STARTTLS", tricks={"greeting": lambda c, t, l: c.send("* PREAUTH hello\r\n")}) as s, \
            Gateway(extra=dummy_box(s, tmp_path).replace("tls none", "tls required")) as g:
        g.start(sample=False)
        wait_for(lambda: trouble(g), "the refusal to be noted")
        assert "kind=protocol step=greeting" in trouble(g)[0] and not s.commands[:-1]


@pytest.mark.parametrize("caps, tricks, want", [
    ("LOGINDISABLED", {}, 'kind=login step=login error="the server does not allow LOGIN"'),
    ("MOVE", {"SELECT": refuse("[CANNOT] not selectable")}, 'kind=protocol step=select error="CANNOT not selectable"'),
    ("MOVE", {"SELECT": refuse("[NONEXISTENT] no such folder")}, 'kind=protocol step=select error="NONEXISTENT no such folder"'),
    ("MOVE", {"SELECT": lambda c, t, l: c.send(f"{t} BAD User is authenticated but not connected.\r\n")}, "kind=protocol step=select"),
])
def test_no_way_in(tmp_path, caps, tricks, want):
    with Dummy([mail()], caps=caps, tricks=tricks) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: trouble(g), "the trouble to be noted")
        assert want in trouble(g)[0] and not any("FETCH" in c for c in s.commands)


def test_capabilities_after_the_login_count(tmp_path):
    """MOVE is offered to those who are logged in only, IDLE to those who are not."""
    def capability(c, tag, line):
        logged_in = any("LOGIN" in x for x in c.server.commands)
        return c.send(f"* CAPABILITY IMAP4rev1 {'MOVE' if logged_in else 'IDLE'}\r\n{tag} OK done\r\n")

    with Dummy([mail()], tricks={"CAPABILITY": capability}) as s, Gateway(extra=dummy_box(s, tmp_path)) as g:
        g.start(sample=False)
        wait_for(lambda: len(s.filed) == 1, "the mail to be filed")
        wait_for(lambda: searches(s) > 2, "looks without IDLE")
        assert any("UID MOVE" in c for c in s.commands) and not any(c == "IDLE" for c in s.commands)


def test_a_dead_peer_is_noticed(tmp_path):
    """While waiting for half an hour the kernel asks after a minute whether the other end lives (/proc/net/tcp, timer 2)."""
    with Dummy() as s, Gateway(extra=dummy_box(s, tmp_path, poll="29m")) as g:
        g.start(sample=False)
        wait_for(lambda: "IDLE" in s.commands, "IDLE")

        def timers():
            rows = [line.split() for line in open("/proc/net/tcp")][1:]
            return [r[5] for r in rows if r[2] == f"0100007F:{s.port:04X}" and r[3] == "01"]
        wait_for(lambda: timers() and all(t.startswith("02:") and int(t[3:], 16) <= 6100 for t in timers()), f"the timer, {timers()}")


# ---- tokens ----

def test_the_examples_of_the_manual(tmp_path):
    """What INSTALL tells to write is taken as it stands there, but for the places of secrets."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "INSTALL").read_text()
    lines = [" ".join(m.group(0).split()) for m in re.finditer(r"^ {7}imap .*\n(?: {12}.*\n)+", text, re.M)]
    assert len(lines) == 3 and sum("auth xoauth2" in line for line in lines) == 2
    for line in lines:
        line = re.sub(r"/etc/vcspgate/(\S+)", rf"{tmp_path}/\1", line)
        for name in re.findall(rf"{tmp_path}/(\S+)", line):
            (tmp_path / name).write_text("secret\n")
            (tmp_path / name).chmod(0o600)
        g = Gateway(extra=line)
        with contextlib.closing(g):
            done = subprocess.run([DAEMON, "-n", "-c", str(g.conf_path)], capture_output=True, timeout=30)
            assert done.returncode == 0, (line, done.stderr)


def test_a_token_that_expires_in_the_middle(tmp_path):
    """The server ends a long session; the old token is refused once, another one is had at once."""
    first, now = {"access_token": "old", "expires_in": 3600}, {"good": "old"}

    def check(c, tag, line):
        if base64.b64decode(line.split(" ")[2]).endswith(f"Bearer {now['good']}\x01\x01".encode()):
            return c.send(f"{tag} OK in\r\n")
        c.send("+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        c.file.readline()
        return c.send(f"{tag} NO [AUTHENTICATIONFAILED] token expired\r\n")

    def expire(c, tag, line):
        if now["good"] == "old" and searches(c.server) > 2:
            now["good"] = "new"
            c.sock.shutdown(2)
        return True

    with Dummy([], OAUTH, {"AUTHENTICATE": check, "UID SEARCH": expire}) as s, \
            TokenEndPoint((200, first), (200, {"access_token": "new"})) as e, Gateway(extra=oauth_box(s, tmp_path, e)) as g:
        g.start(sample=False)
        wait_for(lambda: now["good"] == "new", "the end of the session")
        s.mails[1] = mail()
        wait_for(lambda: len(s.filed) == 1, "the mail to be filed", 60)
        kinds = re.findall(r"event=imap-trouble.*kind=(\w+)", g.logs())
        assert kinds == ["network", "token"] and len(e.forms) == 2


def test_a_revoked_refresh_token(tmp_path):
    """Said in the provider's words, once, and then waited for."""
    refusal = {"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired due to inactivity.\r\nTrace ID: 1"}
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, TokenEndPoint((400, refusal)) as e, \
            Gateway(extra=oauth_box(s, tmp_path, e)) as g:
        g.start(sample=False)
        wait_for(lambda: trouble(g), "the refusal to be noted")
        assert 'kind=login step=token error="the token end-point answered 400 invalid_grant: AADSTS700082: ' in trouble(g)[0]
        wait_for(lambda: g.success_age() >= 3000, "three seconds")
        assert len(e.forms) == 1 and s.connections == 0
        metrics = g.api("GET", "/metrics").body.decode()
        assert int(re.search(r"^vcspgate_imap_errors_total (\d+)$", metrics, re.M).group(1)) == 1


def test_a_token_command_that_hangs():
    """It is ended after its time, said, and leaves no process behind."""
    with Dummy([mail()], OAUTH, {"AUTHENTICATE": bearer}) as s, Gateway() as g:
        command = g.dir / "token"
        command.write_text("#!/bin/sh\necho go\nexec sleep 987654\n")
        command.chmod(0o755)
        g.conf_path.write_text(g.text + f"imap support 127.0.0.1:{s.port} tls none user support@vendor.example auth xoauth2 "
                               f"token-command {command} poll 1s {MOVES}\n")
        g.start(sample=False)
        wait_for(lambda: trouble(g), "the trouble to be noted", 60)
        assert 'kind=login step=token error="token-command printed none"' in trouble(g)[0] and s.connections == 0
        running = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if p.exists() and b"987654" in p.read_bytes()]
        assert not running


# ---- garbage ----

def garbage():
    """(name, bytes) of what no mail should be, in one folder."""
    rnd = random.Random(7)
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(10000))
    comment = b"From: " + b"(" * 100000 + b" ann@partner.example\r\nSubject: comments\r\n\r\ntext\r\n"
    yield "random", rnd.randbytes(50000)
    yield "nuls", bytes(30000)
    yield "deep", b"From: ann@partner.example\r\nSubject: deep\r\n" + deep
    yield "comments", comment
    yield "lines", b"\r\n" * 20000
    yield "one-line", b"x" * 2000000
    yield "bare-cr", b"From: ann@partner.example\rSubject: cr\r\rtext\r" * 100
    yield "head-only", b"From: ann@partner.example\r\nSubject: no body"
    yield "many-fields", b"".join(b"X-%d: y\r\n" % i for i in range(200000)) + b"\r\ntext\r\n"
    yield "eight-bit", b"From: \xff\xfe\xfd <ann@partner.example>\r\nSubject: \x80\x81\r\n\r\n\xff\xff\r\n"
    yield "two-from", b"From: ann@partner.example\r\nFrom: eve@evil.example\r\nSubject: two\r\n\r\ntext\r\n"
    yield "empty", b""
    for i in range(20):
        yield f"random {i}", rnd.randbytes(rnd.randrange(1, 4000))


def lay_down(server, named):
    """Straight into the Maildir: a server's own APPEND takes not everything."""
    box_dir = server.dir / "mail" / "Maildir"
    with server.client("INBOX"):
        pass
    for i, (name, data) in enumerate(named):
        path = box_dir / "tmp" / f"{1700000000 + i}.{i}.test"
        path.write_bytes(data)
        os.chown(path, server.uid.pw_uid, server.uid.pw_gid)
        path.rename(box_dir / "new" / path.name)


def test_a_mailbox_of_garbage(tmp_path):
    """All of it leaves the folder, the mails among it are judged, nobody dies."""
    named = []
    for i, g in enumerate(garbage()):
        named += [g, (f"good {i}", mail(subject=f"good {i}"))]
    with Dovecot() as d, Gateway(extra=box(d, tmp_path)) as g:
        g.start()
        lay_down(d, named)
        wait_for(lambda: d.count() == 0, "the folder to be empty", 90)
        done = [x for x in d.subjects("Done") if x.startswith("good")]
        assert len(done) == len(named) // 2
        assert d.count("Done") + d.count("Rejected") + d.count("Failed") == len(named)
        assert d.count("Failed") >= 1  # the one without a byte
        wait_for(lambda: g.api("GET", "/v1/queue/stats").json["unparsed"] == 0, "parsing")
        assert "event=role-died" not in g.logs() and not [t for t in trouble(g) if "ours" in t]
        print("done", len(done), "rejected", d.count("Rejected"), "failed", d.count("Failed"))
