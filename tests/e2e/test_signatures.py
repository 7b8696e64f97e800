"""OpenPGP and S/MIME over the whole body, by keys registered to the contact: real gpg and openssl sign, the daemon checks."""

import os
import re
import subprocess

import pytest

from nameserver import Unbound
from gateway import Gateway, wait_for

TEXT = ("Content-Type: text/plain; charset=utf-8\r\n\r\nVBR version 12.1.2.172: all jobs of repository R1 fail since the night.\r\n"
        "Error: Failed to open storage for read access. Storage: [R1].\r\n")


class Keys:
    """gpg with its own folder, and certificates by openssl."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "gnupg").mkdir(mode=0o700)
        self.env = dict(os.environ, GNUPGHOME=str(folder / "gnupg"))

    def gpg(self, *args, stdin=b""):
        return subprocess.run(["gpg", "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", *args], input=stdin,
                              env=self.env, check=True, capture_output=True, timeout=60).stdout

    def make(self, name, expire="0", at=None):
        address = f"{name}@lax.example"
        fake = ["--faked-system-time", at] if at else []
        self.gpg(*fake, "--quick-gen-key", address, "ed25519", "sign", expire)
        return self.export(name)

    def export(self, name):
        path = self.folder / f"{name}.asc"
        path.write_bytes(self.gpg("--armor", "--export", f"{name}@lax.example"))
        return str(path)

    def revoke(self, name):
        """The key with its own revocation, as its owner publishes it."""
        fingerprint = re.search(r"^fpr:+(\w+):", self.gpg("--with-colons", "--list-keys", f"{name}@lax.example").decode(), re.M).group(1)
        text = (self.folder / "gnupg" / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text().replace(":-----BEGIN", "-----BEGIN")
        self.gpg("--import", stdin=text.encode())
        return self.export(name)

    def sign(self, name, content, *more):
        return self.gpg(*more, "--local-user", f"{name}@lax.example", "--armor", "--detach-sign", stdin=content.encode()).decode()

    def certificate(self, name, days=2, use="emailProtection"):
        cert, key = str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=email:{name}@lax.example", "-addext", f"extendedKeyUsage={use}",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        return cert

    def cms(self, name, content, *more):
        return subprocess.run(["openssl", "cms", "-sign", "-binary", "-signer", str(self.folder / f"{name}.pem"), "-inkey",
                               str(self.folder / f"{name}.key"), "-outform", "DER", *more], input=content.encode(), check=True,
                              capture_output=True).stdout


def base64_lines(data):
    import base64
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def head(name, subject="All jobs fail"):
    return (f"From: {name} <{name}@lax.example>\r\nTo: support@support.example\r\nSubject: {subject}\r\n"
            f"Date: Tue, 24 Nov 2026 03:00:00 +0000\r\nMessage-ID: <{os.urandom(8).hex()}@lax.example>\r\nMIME-Version: 1.0\r\n")


def signed(name, content, signature, protocol="application/pgp-signature", more="", **fields):
    encoded = f"\r\n{signature}" if isinstance(signature, str) else f"Content-Transfer-Encoding: base64\r\n\r\n{base64_lines(signature)}"
    return (head(name, **fields) + f'Content-Type: multipart/signed; protocol="{protocol}"; micalg=pgp-sha512; boundary="=_s"\r\n\r\n'
            f"--=_s\r\n{content}\r\n--=_s\r\nContent-Type: {protocol}\r\n{encoded}\r\n{more}--=_s--\r\n").replace(
                "\r\n", "\n").replace("\n", "\r\n").encode()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    keys = Keys(folder)
    zones = {"lax.example": {"TXT": ["v=spf1 -all"]}, "_dmarc.lax.example": {"TXT": ["v=DMARC1; p=none"]}}
    with Unbound(zones) as dns, Gateway(extra=f"resolver {dns.address} timeout 20s", trust="") as g:
        g.start()
        g.tool("partner", "add", "--id", "lax", "--name", "Lax", "--vcsp-id", "1", "--domain", "lax.example")
        g.keys, g.folder = keys, folder

        def contact(name, key):
            g.tool("contact", "add", "--partner", "lax", "--address", f"{name}@lax.example", "--name", name)
            if key:
                g.tool("contact", "set", f"{name}@lax.example", "--key", key)
        g.contact = contact
        contact("ann", keys.make("ann"))
        contact("sam", keys.certificate("sam"))
        keys.make("eve")
        keys.certificate("mallory")
        yield g
        subprocess.run(["gpgconf", "--kill", "all"], env=keys.env, check=False)


def result(desk, mail, name):
    """(code, signature's result, sender's result, why)"""
    code, answer = desk.send(mail, sender=f"{name}@lax.example")
    reference = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", answer).group()
    found = desk.api("GET", f"/v1/messages/{reference}").json
    found = found["evidence"]["authentication"]
    return code, found["signature"], found["result"], found["details"]["signature"]


def test_a_signature_of_a_registered_key_opens_a_case(desk):
    code, signature, sender, details = result(desk, signed("ann", TEXT, desk.keys.sign("ann", TEXT)), "ann")
    assert (code, signature, sender) == (250, "valid", "authenticated")
    assert details["kind"] == "openpgp" and re.fullmatch("[0-9a-f]{40}", details["fingerprint"])


def test_unsigned_mail_of_the_same_contact_is_held(desk):
    _, signature, sender, _ = result(desk, head("ann").encode() + TEXT.encode(), "ann")
    assert (signature, sender) == ("none", "unauthenticated")


def test_a_large_signed_mail_is_read_from_its_spool(desk):
    content = TEXT + "".join("%08d the same line of a log\r\n" % i for i in range(60000))
    code, signature, sender, _ = result(desk, signed("ann", content, desk.keys.sign("ann", content)), "ann")
    assert (code, signature, sender) == (250, "valid", "authenticated")


def test_smime_detached_and_opaque(desk):
    mail = signed("sam", TEXT, desk.keys.cms("sam", TEXT), protocol="application/pkcs7-signature")
    code, signature, sender, details = result(desk, mail, "sam")
    assert (code, signature, sender, details["kind"]) == (250, "valid", "authenticated", "smime")
    opaque = head("sam").encode() + (b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
                                     b"Content-Transfer-Encoding: base64\r\n\r\n" +
                                     base64_lines(desk.keys.cms("sam", TEXT, "-nodetach")).encode())
    assert result(desk, opaque, "sam")[:3] == (250, "valid", "authenticated")


def cases(desk):
    keys, good = desk.keys, desk.keys.sign("ann", TEXT)
    changed = TEXT.replace("R1", "R2")
    foreign = keys.cms("mallory", TEXT)
    own = keys.cms("sam", TEXT)
    pkcs7 = "application/pkcs7-signature"
    yield "changed text", "ann", signed("ann", changed, good), "invalid", "changed"
    yield "another's key", "ann", signed("ann", TEXT, keys.sign("eve", TEXT)), "other", "not registered"
    yield "another part", "ann", signed("ann", TEXT, good, more=f"--=_s\r\n{TEXT}\r\n"), "none", "more than two"
    yield "no signature", "ann", signed("ann", TEXT, "rubbish"), "none", "no OpenPGP"
    yield "a SHA-1 signature", "ann", signed("ann", TEXT, keys.sign("ann", TEXT, "--digest-algo", "SHA1", "--allow-weak-digest-algos")), "invalid", ""
    yield "changed S/MIME", "sam", signed("sam", changed, own, protocol=pkcs7), "invalid", "changed"
    yield "another's certificate", "sam", signed("sam", TEXT, foreign, protocol=pkcs7), "other", "not registered"
    yield "broken CMS", "sam", signed("sam", TEXT, own[:-40], protocol=pkcs7), "none", "no S/MIME"
    yield "OpenPGP where S/MIME is registered", "sam", signed("sam", TEXT, good), "other", "not registered"
    yield "a list's footer around it", "ann", (head("ann").encode() + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" +
                                               signed("ann", TEXT, good).split(b"MIME-Version: 1.0\r\n")[1] + b"--o--\r\n"), "none", None


def test_what_does_not_count(desk):
    for what, name, mail, expected, why in cases(desk):
        code, signature, sender, details = result(desk, mail, name)
        assert (code, signature, sender) == (250, expected, "unauthenticated"), (what, details)
        assert why is None or why in details["why"], (what, details)


def test_expired_and_revoked_keys(desk):
    desk.contact("old", desk.keys.make("old", expire="2021-01-01", at="20200101T000000"))
    mail = signed("old", TEXT, desk.keys.sign("old", TEXT, "--faked-system-time", "20200601T000000"))
    assert result(desk, mail, "old")[1:3] == ("invalid", "unauthenticated")
    desk.keys.make("rob")
    mail = signed("rob", TEXT, desk.keys.sign("rob", TEXT))
    desk.contact("rob", desk.keys.revoke("rob"))
    _, signature, sender, details = result(desk, mail, "rob")
    assert (signature, sender) == ("invalid", "unauthenticated") and "revoked" in details["why"]
    desk.contact("tls", desk.keys.certificate("tls", use="serverAuth"))
    mail = signed("tls", TEXT, desk.keys.cms("tls", TEXT), protocol="application/pkcs7-signature")
    _, signature, _, details = result(desk, mail, "tls")
    assert signature == "invalid" and "not for signing" in details["why"]


def test_what_is_protected_is_covered(desk):
    content = TEXT.replace("charset=utf-8", 'charset=utf-8; hp="clear"\r\nSubject: Case for R1\r\nTo: support@support.example')
    _, _, _, details = result(desk, signed("ann", content, desk.keys.sign("ann", content), subject="Case for R1"), "ann")
    assert details["protected"] == "to:subject"
    _, signature, _, details = result(desk, signed("ann", content, desk.keys.sign("ann", content), subject="Other"), "ann")
    assert (signature, details["protected"]) == ("valid", "to")


def test_a_partner_may_demand_signatures(desk):
    desk.tool("partner", "set", "lax", "--proof", "signature")
    try:
        assert result(desk, signed("ann", TEXT, desk.keys.sign("ann", TEXT)), "ann")[2] == "authenticated"
    finally:
        desk.tool("partner", "set", "lax", "--proof", "any")


def test_the_role_comes_back_and_nothing_is_lost(desk):
    """Killed while mails wait: these are told to come again, and then go through."""
    mail = signed("ann", TEXT, desk.keys.sign("ann", TEXT))
    before = desk.pids("verify")
    assert len(before) == 1
    os.kill(before[0], 9)
    wait_for(lambda: desk.pids("verify") not in ([], before), "a new process of the role")

    def goes_through():
        code, _ = desk.send(mail, sender="ann@lax.example")
        assert code in (250, 451)
        return code == 250
    wait_for(goes_through, "the mail is taken")


def test_no_folder_is_left(desk):
    result(desk, signed("ann", TEXT, desk.keys.sign("ann", TEXT)), "ann")
    wait_for(lambda: os.listdir(desk.state / "verify") == [], "the folders of the jobs are gone")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives each role a user of its own")
def test_with_a_user_of_its_own(desk):
    with Gateway(extra="user role verify daemon", trust="trust relay 127.0.0.0/8 authserv-id mx.support.example") as g:
        g.start()
        g.tool("contact", "set", "ann@partner.example", "--key", str(desk.folder / "ann.asc"))
        content = TEXT
        mail = signed("ann", content, desk.keys.sign("ann", content)).replace(b"ann@lax.example", b"ann@partner.example")
        code, answer = g.send(mail, sender="ann@partner.example")
        reference = re.search(r"[0-9A-HJKMNP-TV-Z]{26}", answer).group()
        found = g.api("GET", f"/v1/messages/{reference}").json["evidence"]["authentication"]
        assert (code, found["signature"], found["method"]) == (250, "valid", "signature")


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes folders that a role cannot reach")
def test_a_state_folder_that_the_role_cannot_reach(desk, tmp_path):
    """The daemon starts; S/MIME is checked, OpenPGP is not judged: the sender is told to come again."""
    (tmp_path / "closed").mkdir(mode=0o700)
    with Gateway(state=tmp_path / "closed" / "state") as g:
        g.start()
        assert "event=verify-folder" in g.logs()
        g.tool("contact", "set", "ann@partner.example", "--key", str(desk.folder / "sam.pem"))
        mail = signed("sam", TEXT, desk.keys.cms("sam", TEXT), protocol="application/pkcs7-signature").replace(
            b"sam@lax.example", b"ann@partner.example", 1)
        code, answer = g.send(mail, sender="ann@partner.example")
        found = g.api("GET", f"/v1/messages/{re.search(r'[0-9A-HJKMNP-TV-Z]{26}', answer).group()}").json["evidence"]["authentication"]
        assert (code, found["signature"]) == (250, "valid")
        g.tool("contact", "set", "ann@partner.example", "--key", str(desk.folder / "ann.asc"))
        mail = signed("ann", TEXT, desk.keys.sign("ann", TEXT)).replace(b"ann@lax.example", b"ann@partner.example", 1)
        assert g.send(mail, sender="ann@partner.example")[0] == 451
