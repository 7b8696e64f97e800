#!/usr/bin/python3
"""Makes the signed mails of samples/ anew, with new keys, by python3-dkim: nothing of ours takes part. The private keys are
thrown away. samples/keys.zone holds the key records, one a line: name, tab, text."""

import base64
import os
import subprocess
import time

import dkim
import nacl.signing

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")
NOW = 1790000000  # test_dkim.c and test_arc.c set their clock to it

MAIL = (
    b"Received: from mail.example.com (mail.example.com [192.0.2.1])\r\n"
    b"\tby mx.example.net with ESMTPS; Mon, 21 Sep 2026 14:13:20 +0000\r\n"
    b"Received: from desk.example.com by mail.example.com;\r\n  Mon, 21 Sep 2026 14:13:19 +0000\r\n"
    b"From: Ann Lee <ann@example.com>\r\n"
    b"To: support@example.net\r\n"
    b"Cc: bob@example.com,\r\n  carol@example.com\r\n"
    b"Subject:   A  restore \t fails\r\n"
    b"Date: Mon, 21 Sep 2026 14:13:18 +0000\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"\r\n"
    b"Hello,\r\n\r\nthe  restore\tfails. \r\n \r\n-- \r\nAnn\r\n\r\n\r\n"
)
FIELDS = [b"Received", b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID"]

time.time = lambda: NOW
zone = []


def rsa(selector, domain, bits):
    pem = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, check=True, capture_output=True).stdout
    zone.append((selector, domain, "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()))
    bare = subprocess.run(["openssl", "rsa", "-RSAPublicKey_out", "-outform", "DER"], input=pem, check=True, capture_output=True)
    zone.append((selector + "-bare", domain, "v=DKIM1; p=" + base64.b64encode(bare.stdout).decode()))
    return pem


def ed25519(selector, domain):
    key = nacl.signing.SigningKey.generate()
    zone.append((selector, domain, "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(key.verify_key)).decode()))
    return base64.b64encode(bytes(key))


def sign(mail, selector, key, algorithm=b"rsa-sha256", canon=b"relaxed/relaxed", fields=None, length=False, identity=None):
    signer = dkim.DKIM(mail, signature_algorithm=algorithm)
    signer.should_not_sign = set()
    return signer.sign(selector, b"example.com", key, identity=identity, canonicalize=tuple(canon.split(b"/")),
                       include_headers=fields or FIELDS, length=length) + mail


def seal(mail, domain, key, cv):
    results = b"Authentication-Results: " + domain + b"; dmarc=pass header.from=example.com"
    mail = results + (b"; arc=" + cv if cv else b"") + b"\r\n" + mail
    return b"".join(dkim.arc_sign(mail, b"seal", domain, key, domain, include_headers=[b"from", b"to", b"subject"],
                                  timestamp=NOW)) + mail


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def main():
    long_key, short_key, tiny_key = rsa("rsa", "example.com", 2048), rsa("short", "example.com", 1024), rsa("tiny", "example.com", 512)
    ed_key = ed25519("ed", "example.com")
    for head in (b"simple", b"relaxed"):
        for body in (b"simple", b"relaxed"):
            write(f"{head.decode()}-{body.decode()}.eml", sign(MAIL, b"rsa", long_key, canon=head + b"/" + body))
    write("ed25519.eml", sign(MAIL, b"ed", ed_key, b"ed25519-sha256"))
    write("both.eml", sign(sign(MAIL, b"ed", ed_key, b"ed25519-sha256"), b"rsa", long_key))
    write("short-key.eml", sign(MAIL, b"short", short_key))
    write("tiny-key.eml", sign(MAIL, b"tiny", tiny_key))
    write("oversigned.eml", sign(MAIL, b"rsa", long_key, fields=FIELDS + [b"From", b"To", b"Subject", b"Reply-To"]))
    write("one-received.eml", sign(MAIL, b"rsa", long_key, fields=[b"From", b"Received"]))
    write("length.eml", sign(MAIL, b"rsa", long_key, length=True))
    write("identity.eml", sign(MAIL, b"rsa", long_key, identity=b"ann@desk.example.com"))
    sealed, cv = sign(MAIL, b"rsa", long_key), b""
    for i, domain in enumerate((b"list.example.org", b"forwarder.example", b"relay.example.net"), 1):
        sealed = seal(sealed, domain, rsa("seal", domain.decode(), 2048), cv)
        cv = b"pass"
        write(f"arc-{i}.eml", sealed)
    with open(os.path.join(HERE, "keys.zone"), "w", encoding="ascii") as f:
        for selector, domain, text in zone:
            f.write(f"{selector}._domainkey.{domain}\t{text}\n")


if __name__ == "__main__":
    main()
