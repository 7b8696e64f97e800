"""Signed thread tokens against an oracle of our own: the tags are minted here, from the master key file, by hashlib."""

import hashlib
import json
import re
import signal
import sqlite3
import struct
import subprocess

import pytest

import mails
from gateway import DAEMON, Gateway, wait_for

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CASE, BOUNCE, LOOP, MESSAGE = 1, 2, 3, 4


def kdf(master, context, number):
    """crypto_kdf_derive_from_key: BLAKE2b with the context as personalisation and the number as salt."""
    return hashlib.blake2b(b"", digest_size=32, key=master, salt=struct.pack("<QQ", number, 0),
                           person=context.ljust(16, b"\0")).digest()


def token_key(gate, generation=1):
    master = (gate.dir / "master.key").read_bytes()
    return kdf(master, b"vcspgate", 2) if generation == 1 else kdf(master, b"vcsptokn", generation)


def base32(number):
    text = ""
    while number:
        text = ALPHABET[number & 31] + text
        number >>= 5
    return text


def tag(key, purpose, number, participant):
    """Key id and MAC: 80 bits in base 32."""
    mark = ALPHABET[hashlib.blake2b(b"key id", digest_size=16, key=key).digest()[0] & 31]
    mac = hashlib.blake2b(struct.pack("<BQQ", purpose, number, participant), digest_size=16, key=key).digest()
    bits = int.from_bytes(mac[:10], "big")
    return mark + "".join(ALPHABET[bits >> 75 - 5 * i & 31] for i in range(16))


def case(key, ticket, participant):
    return f"case+{ticket}.{tag(key, CASE, ticket, participant)}{base32(participant)}@support.example"


def message_id(key, ticket, number):
    return f"<vg.{tag(key, MESSAGE, ticket, number)}{base32(ticket)}-{base32(number)}@support.example>"


def participant(gate, ticket, address="ann@partner.example"):
    with sqlite3.connect(f"file:{gate.state}/store.db?mode=ro", uri=True) as db:
        return db.execute("SELECT id FROM participant WHERE ticket = ? AND address = ? ORDER BY id DESC",
                          (ticket, address)).fetchone()[0]


def number_of(text):
    return int(re.search(r"case (\d+)", text).group(1))


def open_ticket(gate, **more):
    code, text = gate.send(mails.mail(**more))
    assert code == 250, text
    return number_of(text)


def reply(gate, to, headers=None, **more):
    """(ticket that the reply went to, thread evidence of the stored message)"""
    code, text = gate.send(mails.mail(subject="Re: it", to=to, headers=headers, **more), to=to)
    assert code == 250, text
    with sqlite3.connect(f"file:{gate.state}/store.db?mode=ro", uri=True) as db:
        facts = db.execute("SELECT b.facts FROM message m JOIN message_body b ON b.message = m.id ORDER BY m.id DESC "
                           "LIMIT 1").fetchone()[0]
    return number_of(text), json.loads(facts)["thread"]


@pytest.fixture
def own():
    """A gateway whose keys the test may rotate."""
    with Gateway() as g:
        g.start()
        yield g


def rotate(gate, keep=None):
    option = "--rotate-tokens" if keep is None else f"--rotate-tokens={keep}"
    done = subprocess.run([DAEMON, option, "-c", str(gate.conf_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = gate.logs().count("event=reloaded")
    gate.proc.send_signal(signal.SIGHUP)
    wait_for(lambda: gate.logs().count("event=reloaded") > seen, "the reload")
    return done.stdout


def test_own_token_names_the_ticket(gate):
    n = open_ticket(gate)
    to = case(token_key(gate), n, participant(gate, n))
    got, thread = reply(gate, to)
    assert got == n and thread["by"] == "token" and thread["forged_tags"] == 0


def test_letter_case_does_not_matter(gate):
    n = open_ticket(gate)
    local, domain = case(token_key(gate), n, participant(gate, n)).split("@")
    got, thread = reply(gate, f"{local.upper()}@{domain.upper()}")
    assert got == n and thread["by"] == "token"


@pytest.mark.parametrize("change", ["ticket", "participant", "mac", "key-id", "cut", "other-purpose", "other-key"])
def test_forged_tag_matches_nothing_and_is_audited(gate, change):
    n, other = open_ticket(gate), open_ticket(gate)
    p, key = participant(gate, n), token_key(gate)
    good = case(key, n, p)
    local = good.split("@")[0]
    head = len(f"case+{n}.")
    swap = {c: "0" if c != "0" else "1" for c in ALPHABET}
    bad = {
        "ticket": good.replace(f"+{n}.", f"+{other}."),
        "participant": local[:head + 17] + base32(participant(gate, other)) + "@support.example",
        "mac": local[:head + 5] + swap[local[head + 5]] + local[head + 6:] + "@support.example",
        "key-id": local[:head] + swap[local[head]] + local[head + 1:] + "@support.example",
        "cut": local[:head + 10] + "@support.example",
        "other-purpose": f"case+{n}.{tag(key, BOUNCE, n, p)}{base32(p)}@support.example",
        "other-key": case(b"\0" * 32, n, p),
    }[change]
    assert bad != good
    got, thread = reply(gate, bad)
    assert got not in (n, other)
    assert thread["forged_tags"] == 1 and thread["chosen"] == 0


def test_tag_of_another_participant_gives_no_right(gate):
    """A leaked token says which ticket is meant; who may join is the verdict's."""
    n = open_ticket(gate)
    to = case(token_key(gate), n, participant(gate, n))
    got, thread = reply(gate, to, sender="Olaf <olaf@other.example>")
    assert got != n and n in thread["foreign"]


def test_removed_participants_token_stops(gate):
    n = open_ticket(gate)
    p, key = participant(gate, n), token_key(gate)
    assert reply(gate, case(key, n, p))[0] == n
    # The store is told directly: whoever removes a participant leaves this behind.
    with sqlite3.connect(f"{gate.state}/store.db") as db:
        db.execute("UPDATE participant SET removed_at = 1 WHERE id = ?", (p,))
    got, thread = reply(gate, case(key, n, p))
    assert got != n and thread["candidates"] == [] and thread["forged_tags"] == 0


def test_forged_message_id_is_counted(gate):
    n = open_ticket(gate)
    key = token_key(gate)
    forged = message_id(b"\1" * 32, n, 1)
    valid = message_id(key, n, 1)
    got, thread = reply(gate, "support@support.example",
                        {"In-Reply-To": forged, "References": f"{forged} <vg.x@support.example>"})
    assert got != n and thread["forged_ids"] == 3 and thread["candidates"] == []
    # Signed, but the store knows of no such message: it names nothing either.
    got, thread = reply(gate, "support@support.example", {"In-Reply-To": valid})
    assert got != n and thread["forged_ids"] == 0 and thread["candidates"] == []


def test_bad_return_path_is_refused_at_rcpt(gate):
    key = token_key(gate)
    with gate.smtp() as s:
        s.ehlo()
        s.mail("")
        assert s.rcpt(f"bounce+{tag(key, BOUNCE, 7, 0)}{base32(7)}@support.example")[0] == 250
        assert s.rcpt(f"bounce+{tag(key, LOOP, 7, 0)}{base32(7)}@support.example")[0] == 550


def test_rotation_overlaps(own):
    n = open_ticket(own)
    p = participant(own, n)
    first, second, third = (case(token_key(own, g), n, p) for g in (1, 2, 3))
    assert reply(own, second)[0] != n
    assert "generation 2 mints, 1 before" in rotate(own, 1)
    assert reply(own, first)[0] == n and reply(own, second)[0] == n and reply(own, third)[0] != n
    rotate(own, 1)
    assert reply(own, third)[0] == n and reply(own, second)[0] == n
    got, thread = reply(own, first)
    assert got != n and thread["forged_tags"] == 1
    # All are dropped, and none comes back, not after a restart either.
    rotate(own, 0)
    rotate(own, 7)
    assert own.stop() == 0
    own.start(sample=False)
    assert reply(own, case(token_key(own, 5), n, p))[0] == n and reply(own, case(token_key(own, 4), n, p))[0] == n
    for dropped in (first, second, third):
        assert reply(own, dropped)[0] != n


def test_damaged_generation_file_keeps_the_keys(own):
    n = open_ticket(own)
    to = case(token_key(own), n, participant(own, n))
    (own.dir / "master.key.tokens").write_text("generation 0\n")
    own.hangup()
    wait_for(lambda: "event=token-keys" in own.logs() and "event=reloaded" in own.logs(), "the reload")
    assert reply(own, to)[0] == n
    done = subprocess.run([DAEMON, "--rotate-tokens", "-c", str(own.conf_path)], capture_output=True, text=True)
    assert done.returncode == 78 and "master.key.tokens" in done.stderr
