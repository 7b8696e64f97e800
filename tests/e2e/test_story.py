"""A whole case by mail, through a real MTA and real mailboxes: at its end each mailbox holds what POLICY allows it, no more and no
less, as one thread. Only postfix speaks to the gateway, and it alone is spoken to."""

import contextlib
import email
import email.policy
import os
import re

import pytest

import clients
import mails
from dovecot import Dovecot
from gateway import Gateway, wait_for
from postfix import Postfix

ANN, BOB, EVE, GONE = "ann@partner.example", "bob@customer.example", "eve@customer.example", "gone@customer.example"
LEE, DESK, SUPPORT = "lee@vendor.example", "l2@desk.example", "support@support.example"
BOXES = {ANN: "ann", BOB: "bob", EVE: "eve", DESK: "desk", LEE: "lee"}
NAMES = {ANN: "Ann Lee", BOB: "Bob Ray", EVE: "Eve Fox", LEE: "Lee Park"}


class Town:
    """Three companies and the vendor on one postfix, their mailboxes folders of one dovecot."""

    def __init__(self, stack):
        self.dovecot = stack.enter_context(Dovecot())
        self.gate = stack.enter_context(Gateway())
        self.postfix = Postfix(self.gate.dir / "postfix", f"smtp:[127.0.0.1]:{self.gate.smtp_port}", self.mailboxes())
        stack.enter_context(self.postfix)
        self.gate.conf_path.write_text(self.gate.text + f"smarthost smtp://127.0.0.1:{self.postfix.port} tls none\n"
                                       f"support name \"Example Support\"\nnotify agents any {DESK}\n")
        self.gate.start()
        self.gate.tool("agent", "add", "--address", LEE, "--name", NAMES[LEE])
        self.written = {box: [] for box in BOXES}

    def mailboxes(self):
        user = self.dovecot.uid
        users = self.gate.dir / "users"
        users.write_text("".join(f"{address} .{box}/\n" for address, box in BOXES.items()))
        domains = {address.rsplit("@", 1)[1] for address in BOXES}
        return f"""virtual_mailbox_domains = {" ".join(sorted(domains))}
virtual_mailbox_base = {self.dovecot.dir}/mail/Maildir
virtual_mailbox_maps = texthash:{users}
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
virtual_minimum_uid = 1
smtpd_reject_unlisted_recipient = no
"""

    def send(self, mail, *to):
        """What a person sends, by the MTA of their company."""
        sender = email.utils.parseaddr(email.message_from_bytes(mail)["From"])[1]
        code, said = self.gate.send(mail, sender=sender, to=to, port=self.postfix.port)
        assert code == 250, said
        self.written[sender].append(mail)

    def reply(self, form, letter, sender, text, to=None, cc=None, **more):
        case = email.utils.parseaddr(letter["From"])[1]
        to = to or case
        everybody = [a for _, a in email.utils.getaddresses([to] + ([cc] if cc else []))]
        self.send(clients.reply(form, letter.raw, f"{NAMES[sender]} <{sender}>", text, to=to, cc=cc, **more), *everybody)

    def box(self, who):
        """All mails of a mailbox in the order of their arrival."""
        with contextlib.suppress(AssertionError), self.dovecot.client(BOXES[who]) as c:
            found = c.search(None, "ALL")[1][0].split()
            return [Letter(c.fetch(n, "(BODY.PEEK[])")[1][0][1]) for n in found]
        return []

    def came(self, who, word):
        """The one mail with this word in its new text."""
        def found():
            return [m for m in self.box(who) if word in m.new_text]
        wait_for(found, f"{word!r} in the mailbox of {who}\n{self.postfix.log()[-2500:]}")
        assert len(found()) == 1, f"{who} has it twice: {word}"
        return found()[0]

    def messages(self, number):
        return self.gate.api("GET", f"/v1/tickets/{number}/messages").json["items"]

    def outbox(self, number, **want):
        items = self.gate.api("GET", f"/v1/outbox?ticket={number}").json["items"]
        return [i for i in items if all(i[k] == v for k, v in want.items())]

    def settled(self, number, n):
        """The ticket has n messages, and every letter that they cause has left."""
        wait_for(lambda: len(self.messages(number)) == n, f"{n} messages")
        wait_for(lambda: not self.outbox(number, state="queued") and not self.outbox(number, state="sending"), "the letters")


class Letter:
    def __init__(self, raw):
        self.raw = raw
        self.mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.text = self.mail.get_body(("plain",)).get_content()
        self.new_text = "".join(line for line in self.text.splitlines(True) if not line.startswith(">"))

    def __getitem__(self, name):
        return self.mail[name]

    @property
    def everything(self):
        """Header and decoded text parts: whatever a reader of this mail could find."""
        parts = [p.get_content() for p in self.mail.walk() if p.get_content_maintype() == "text"]
        return "\n".join([str(self.mail.items()), *parts])


@pytest.fixture
def town():
    if os.getuid() != 0:
        pytest.skip("postfix needs root")
    with contextlib.ExitStack() as stack:
        yield Town(stack)


def threads(town, who, algorithm):
    """How many threads dovecot makes of a mailbox together with what its owner sent (RFC 5256)."""
    with town.dovecot.client(BOXES[who]) as c:
        answer = c.uid("THREAD", algorithm, "UTF-8", "ALL")[1][0].decode()
    depth, roots = 0, 0
    for char in answer:
        roots += char == "(" and depth == 0
        depth += {"(": 1, ")": -1}.get(char, 0)
    return roots


def holds(town, who, *words):
    """The mailbox has one mail for each of these words, and no other."""
    box = town.box(who)
    firsts = [m.new_text[:300] for m in box]
    for word in words:
        assert sum(word in m.new_text for m in box) == 1, (who, word, firsts)
    assert len(box) == len(words), (who, firsts)


def test_a_case(town):
    # 1. Ann opens with logs, Bob and a colleague whose mailbox is gone in Cc
    town.send(mails.escalation(subject="Job fails", cc=f"Bob Ray <{BOB}>, {GONE}"), SUPPORT, BOB)
    ack = town.came(ANN, "we have opened case #")
    number = int(re.search(r"case #(\d+)", ack.text).group(1))
    assert BOB in ack.text and "first answer by" in ack.text
    ticket, _ = town.came(DESK, f"Case #{number}"), town.came(BOB, "brought you into case")
    # 2. what cannot be delivered comes back by the MTA, and is tied to its recipient
    bounced = wait_for(lambda: town.outbox(number, recipient=GONE, state="failed"), "the bounce")
    assert [i["kind"] for i in bounced] == ["joined"]
    # 3. L2 answers by mail
    town.reply("outlook", ticket, LEE, "Please replace the disk in bay four.")
    at_ann, at_bob = town.came(ANN, "replace the disk"), town.came(BOB, "replace the disk")
    town.settled(number, 2)
    # 4. Bob answers without Ann; then his program says that he is away
    town.reply("gmail", at_bob, BOB, "Bay four has a new disk.")
    dropped, at_desk = town.came(ANN, "Bay four has a new disk"), town.came(DESK, "Bay four has a new disk")
    assert "without you in To or Cc" in dropped.text
    town.settled(number, 3)
    town.reply("apple", at_bob, BOB, "I am on holiday until Monday.", headers={"Auto-Submitted": "auto-replied"})
    town.settled(number, 4)
    # 5. a note among agents, a word from Ann to all of them
    town.reply("thunderbird", at_desk, LEE, "#note\nThe controller is suspect, see the firmware list.")
    town.came(DESK, "The controller is suspect")
    town.settled(number, 5)
    town.reply("gmail", at_ann, ANN, "Eve looks after the array from now on.", cc=f"Bob Ray <{BOB}>, Eve Fox <{EVE}>")
    all_of_them = town.came(DESK, "Eve looks after the array")
    at_eve = town.came(EVE, "brought you into case")
    town.settled(number, 6)
    town.reply("thunderbird", all_of_them, LEE, "Then update the firmware, Eve.")
    for who in (ANN, BOB, EVE):
        town.came(who, "Then update the firmware")
    town.settled(number, 7)
    # 6. Eve's program keeps no thread fields, only the address; Ann closes; late she comes back, and the case with her
    town.reply("outlook", at_eve, EVE, "Firmware is updated.", thread=False)
    last = town.came(ANN, "Firmware is updated")
    town.settled(number, 8)
    town.reply("outlook", last, ANN, "#close\nSolved, thank you.")
    town.came(DESK, "Solved, thank you")
    assert town.gate.api("GET", f"/v1/tickets/{number}").json["status"] == "closed"
    town.reply("outlook", at_ann, ANN, "It is back since this night.")
    town.came(DESK, "It is back since this night")
    assert town.gate.api("GET", f"/v1/tickets/{number}").json["status"] == "open"
    town.settled(number, 10)
    read_back(town, number)


def read_back(town, number):
    from_lee = "replace the disk", "Then update the firmware"
    holds(town, ANN, "we have opened case", *from_lee, "Bay four has a new disk", "Firmware is updated")
    holds(town, BOB, "the nightly job of our customer", "brought you into case", *from_lee, "Eve looks after the array")
    holds(town, EVE, "brought you into case", "Eve looks after the array", "Then update the firmware")
    holds(town, DESK, "the nightly job", f"did not reach {GONE}", *from_lee, "Bay four has a new disk", "The controller is suspect", "Eve looks after",
          "Firmware is updated", "Solved, thank you", "It is back since")
    holds(town, LEE)
    assert sum(i["attempts"] for i in town.outbox(number, recipient=GONE)) == 1
    for who in (ANN, BOB, EVE):
        for m in town.box(who):
            assert LEE not in m.everything and DESK not in m.everything and "controller is suspect" not in m.everything
            assert "holiday" not in m.everything
    for m in (m for m in town.box(EVE) if SUPPORT.partition("@")[2] in m["From"]):
        assert "nightly job" not in m.everything and "bay four" not in m.everything.lower()
    for who in (ANN, BOB, EVE, DESK):
        town.dovecot.deliver(*town.written[who], folder=BOXES[who])
        assert threads(town, who, "REFERENCES") == 1, who
        # by Message-IDs alone; what Eve's program sent names none
        assert threads(town, who, "REFS") == (2 if who == EVE else 1), who
