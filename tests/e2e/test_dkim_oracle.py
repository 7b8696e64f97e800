"""Our DKIM and ARC verifier beside python3-dkim: mails signed by it, whole and spoiled, must get the verdict it gives itself.
opendkim-testmsg signs with rsa-sha1 only and verifies by the real DNS only, so it serves for one thing: that must not pass."""

import base64
import itertools
import random
import subprocess
import time

import dkim
import nacl.signing
import pytest

from gateway import BUILD

ORACLE = BUILD / "unit" / "proof" / "oracle_dkim"
HEADS = {
    "plain": b"From: Ann Lee <ann@example.com>\r\nTo: support@example.net\r\nSubject: A restore fails\r\n",
    "folded": b"From: Ann Lee\r\n\t<ann@example.com>\r\nTo:support@example.net ,\r\n  bob@example.com\r\n   ,\r\n\tcarol@example.com\r\n"
              b"Subject:\r\n A  restore \t fails  \r\n",
    "repeated": b"Received: three\r\nReceived: two\r\n\tfolded\r\nReceived:   one\r\nFROM:ann@example.com\r\nto:  support@example.net\r\n"
                b"Comments: a\r\ncomments: b\r\nSubject: \r\n",
    "eight-bit": "From: Änn <ann@example.com>\r\nSubject: Rücksicherung ✓\r\nTo: support@example.net\r\nX-Odd_1!: x:y;z=\r\n".encode(),
}
BODIES = {
    "none": b"", "one-empty-line": b"\r\n", "empty-lines": b"\r\n\r\n\r\n", "no-last-line-end": b"Hello", "usual": b"Hello,\r\n\r\nit fails.\r\n",
    "trailing-empty-lines": b"Hello\r\n\r\n\r\n\r\n", "leading-empty-lines": b"\r\n\r\nHello\r\n",
    "white-space": b" Hello \t world \r\n\t\r\n   \r\nbye\t\r\n", "trailing-white-lines": b"Hello\r\n \t\r\n \r\n\r\n",
    "only-white-space": b" \r\n\t\r\n", "long": b"".join(b"line %d  of\tmany%s\r\n" % (i, b" " * (i % 5)) for i in range(3000)),
    "no-text": bytes(b for b in range(256) if b not in (10, 13)) + b"\r\n",
}


def rsa(folder, bits=2048):
    pem = folder / f"rsa{bits}.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", pem, str(bits)], check=True, capture_output=True)
    der = subprocess.run(["openssl", "rsa", "-in", pem, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    return pem.read_bytes(), "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


class Oracle:
    """Keys, their zone, and both verifiers."""

    def __init__(self, folder):
        self.folder = folder
        ed = nacl.signing.SigningKey.generate()
        self.keys, self.zone = {}, {}
        self.keys["rsa"], self.zone["rsa._domainkey.example.com"] = rsa(folder)
        self.keys["ed"] = base64.b64encode(bytes(ed))
        self.zone["ed._domainkey.example.com"] = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(ed.verify_key)).decode()
        for domain in ("list.example.org", "forwarder.example", "relay.example.net"):
            self.zone["rsa._domainkey." + domain] = self.zone["rsa._domainkey.example.com"]
        self.zone_file = folder / "keys.zone"
        self.zone_file.write_text("".join(f"{n}\t{t}\n" for n, t in self.zone.items()))

    def sign(self, mail, selector, canon, fields=None, length=False):
        signer = dkim.DKIM(mail, signature_algorithm=b"rsa-sha256" if selector == "rsa" else b"ed25519-sha256")
        signer.should_not_sign = set()
        fields = fields or [n for n, _ in signer.headers]
        return signer.sign(selector.encode(), b"example.com", self.keys[selector], canonicalize=canon, include_headers=fields,
                           length=length) + mail

    def seal(self, mail, domain, cv=b""):
        mail = b"Authentication-Results: " + domain + b"; dmarc=pass header.from=example.com" + cv + b"\r\n" + mail
        return b"".join(dkim.arc_sign(mail, b"rsa", domain, self.keys["rsa"], domain, include_headers=[b"from", b"to", b"subject"])) + mail

    def text(self, name, timeout=5):
        return self.zone.get(name.decode().rstrip("."), "").encode() or None

    def theirs(self, mail):
        """True or False for every signature, and the name of the chain's result."""
        verdicts = []
        for i in range(mail.lower().count(b"dkim-signature:")):
            try:
                verdicts.append(dkim.DKIM(mail).verify(i, dnsfunc=self.text))
            except (dkim.DKIMException, IndexError, ValueError):
                verdicts.append(False)
        return verdicts, dkim.arc_verify(mail, dnsfunc=self.text)[0]

    def ours(self, mails):
        paths = []
        for i, mail in enumerate(mails):
            paths.append(self.folder / f"{i}.eml")
            paths[-1].write_bytes(mail)
        out = subprocess.run([ORACLE, self.zone_file, str(int(time.time()) + 60), *paths], check=True, capture_output=True, text=True, timeout=300).stdout
        for line in out.splitlines():
            _, signatures, chain = line.split("\t")
            yield [] if signatures == "none" else [s == "pass" for s in signatures.split(",")], chain

    def agree(self, named):
        """named: list of (what, mail). The number of those with a pass."""
        passed = 0
        for (what, mail), (signatures, chain) in zip(named, self.ours([m for _, m in named]), strict=True):
            verdicts, cv = self.theirs(mail)
            assert signatures == verdicts, (what, signatures, verdicts)
            assert chain == {dkim.CV_None: "none", dkim.CV_Pass: "pass", dkim.CV_Fail: "fail"}[cv], (what, chain, cv)
            passed += all(verdicts)
        return passed


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    return Oracle(tmp_path_factory.mktemp("dkim"))


@pytest.fixture(scope="module")
def signed(oracle):
    mails = []
    for (hn, head), (bn, body), canon in itertools.product(HEADS.items(), BODIES.items(), itertools.product((b"simple", b"relaxed"), repeat=2)):
        for selector in ("rsa", "ed") if bn in ("usual", "white-space") else ("ed",):
            what = f"{selector} {b'/'.join(canon).decode()} {hn} {bn}"
            mails.append((what, oracle.sign(head + b"\r\n" + body, selector, canon)))
    for canon in itertools.product((b"simple", b"relaxed"), repeat=2):
        for bn in ("none", "usual", "white-space", "trailing-empty-lines", "long"):
            what = f"l= {b'/'.join(canon).decode()} {bn}"
            mails.append((what, oracle.sign(HEADS["folded"] + b"\r\n" + BODIES[bn], "ed", canon, length=True)))
    return mails


def test_signed_mails(oracle, signed):
    assert len(signed) > 100 and oracle.agree(signed) > 0.9 * len(signed)


def spoil(mail, rnd):
    """One small change that leaves every header line a field and every line end whole."""
    while True:
        changed = change(mail, rnd)
        try:
            dkim.DKIM(changed)
            return changed
        except (dkim.MessageFormatError, IndexError):
            continue


def change(mail, rnd):
    at = rnd.randrange(len(mail))
    while mail[at] in b"\r\n" or mail[at - 1:at] == b"\n":
        at = (at + 1) % len(mail)
    kind = rnd.randrange(4)
    if kind == 0:
        return mail[:at] + bytes([mail[at] ^ 1 if mail[at] not in (11, 12) else 65]) + mail[at + 1:]
    if kind == 1:
        return mail[:at] + b" " + mail[at:]
    if kind == 2:
        return mail + rnd.choice([b"\r\n", b"more\r\n", b" \r\n"])
    return mail[:at] + mail[at + 1:] if mail[at] != 58 else mail


def test_spoiled_mails(oracle, signed):
    rnd = random.Random(6376)
    spoiled = [(f"{what}, spoiled", spoil(mail, rnd)) for what, mail in signed if len(mail) < 4000]
    assert 0 < oracle.agree(spoiled) < 0.5 * len(spoiled)


def test_added_fields(oracle):
    mail = HEADS["repeated"] + b"\r\n" + BODIES["usual"]
    once = oracle.sign(mail, "rsa", (b"relaxed", b"relaxed"))
    twice = oracle.sign(mail, "rsa", (b"relaxed", b"relaxed"), [b"From", b"From", b"To", b"To", b"Subject", b"Subject", b"Reply-To"])
    added = [b"To: eve@example.org\r\n", b"Subject: other\r\n", b"Reply-To: eve@example.org\r\n", b"Received: four\r\n", b"X-New: 1\r\n"]
    assert oracle.agree([("none", once), ("none", twice)]) == 2
    assert oracle.agree([("once", a + once) for a in added]) == 5
    assert oracle.agree([("twice", a + twice) for a in added]) == 2


def test_several_signatures(oracle):
    mail = HEADS["folded"] + b"\r\n" + BODIES["white-space"]
    for selector, canon in (("rsa", (b"simple", b"simple")), ("ed", (b"relaxed", b"simple")), ("rsa", (b"relaxed", b"relaxed"))):
        mail = oracle.sign(mail, selector, canon, [b"From", b"To", b"Subject"])
    assert oracle.agree([("three", mail), ("white space", mail.replace(b"\tbye", b" bye").replace(b"bye\t", b"bye"))]) == 1


def test_arc_chains(oracle):
    rnd, chains = random.Random(8617), []
    for hn, head in HEADS.items():
        for bn in ("none", "usual", "white-space", "trailing-white-lines"):
            mail, cv = oracle.sign(head + b"\r\n" + BODIES[bn], "ed", (b"relaxed", b"relaxed")), b""
            for domain in (b"list.example.org", b"forwarder.example", b"relay.example.net"):
                mail, cv = oracle.seal(mail, domain, cv), b"; arc=pass"
                chains.append((f"{hn} {bn} {domain.decode()}", mail))
    assert oracle.agree(chains) == len(chains)
    oracle.agree([(f"{what}, spoiled", spoil(mail, rnd)) for what, mail in chains for _ in range(4)])


def test_sha1_by_another_signer_does_not_pass(oracle):
    mail = HEADS["plain"] + b"Date: Mon, 21 Sep 2026 14:13:18 +0000\r\n\r\n" + BODIES["usual"]
    done = subprocess.run(["opendkim-testmsg", "-C", "-d", "example.com", "-s", "rsa", "-k", oracle.folder / "rsa2048.pem"], input=mail,
                          check=True, capture_output=True, timeout=60)
    assert b"a=rsa-sha1" in done.stdout
    assert list(oracle.ours([done.stdout]))[0] == ([False], "none")
