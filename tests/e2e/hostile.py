"""Hostile mails of our own making: each row is a name, its bytes, and what the ticket must say about it."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import mails

LOG = mails.LOG.encode()
MIXED = "multipart/mixed; boundary=b"


# ---- archives ----

def zip_of(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 2, 10, 0)), data, method)
    return out.getvalue()


def tar_of(members, mode="w:"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def long_deflate(block, times):
    """A zip of one member that holds block many times, without packing it many times: (archive, size)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    packed, crc = once * times + b"\3\0", 0
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    size, name = len(block) * times, b"Job.log"
    local = struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 8, 0, 0x5d78, crc, len(packed), size, len(name), 0) + name + packed
    entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, 0, 8, 0, 0x5d78, crc, len(packed), size, len(name), 0, 0, 0, 0,
                        0, 0) + name
    return local + entry + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 1, 1, len(entry), len(local), 0)


def overlapping(entries):
    """Many directory entries that share one member."""
    z = zip_of([("a.log", b"x" * 100000)], zipfile.ZIP_STORED)
    at, end = z.index(b"PK\1\2"), z.index(b"PK\5\6")
    one = z[at:end]
    return z[:at] + one * entries + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, entries, entries, len(one) * entries, at, 0)


def nested(times, form=zip_of):
    inner = zip_of([("end.log", LOG)])
    for _ in range(times):
        inner = form([("in.zip", inner)])
    return inner


def noise(n, seed=1):
    """The same bytes at every call, hard to pack."""
    out = bytearray()
    while len(out) < n:
        seed = (seed * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        out += struct.pack("<Q", seed)
    return bytes(out[:n])


def archives():
    """(name of the attachment, bytes, problems of which it must have one)."""
    tricks = [("../../etc/passwd", b"x"), ("/root/.ssh/authorized_keys", b"x"), ("C:\\Windows\\x.log", b"x"), ("ok.log", LOG)]
    good = zip_of([("Job.log", LOG * 50), ("noise.bin", noise(60000))])
    tgz = tar_of([("Job.log", LOG * 50), ("noise.bin", noise(200000))], "w:gz")
    yield "ratio.zip", long_deflate(b"\0" * (1 << 20), 1024), {"bomb"}
    yield "ratio.gz", gzip.compress(b"\0" * (64 << 20), 9), {"bomb"}
    yield "ratio.bz2", bz2.compress(b"\0" * (64 << 20)), {"bomb"}
    yield "ratio.xz", lzma.compress(b"\0" * (64 << 20), preset=1), {"bomb"}
    yield "ratio.tar.gz", tar_of([("zeros", b"\0" * (64 << 20))], "w:gz"), {"bomb"}
    yield "long.zip", long_deflate(LOG * 2000, 2000), {"too-large"}
    yield "overlap.zip", overlapping(20000), {"bomb"}
    yield "deep.zip", nested(12), {"nested-too-deep"}
    yield "deep.tar", nested(12, tar_of), {"nested-too-deep"}
    yield "many.zip", zip_of([(f"d{i}/{i}.log", b"x") for i in range(30000)], zipfile.ZIP_STORED), {"too-large"}
    yield "wide.zip", zip_of([(f"{i}.zip", zip_of([("a.log", b"x")])) for i in range(6000)]), {"too-large"}
    yield "names.zip", zip_of([(f"{i}" + "n" * 60000, b"x") for i in range(200)]), set()
    yield "tricks.zip", zip_of(tricks), {"unsafe-path"}
    yield "tricks.tar.xz", tar_of(tricks, "w:xz"), {"unsafe-path"}
    yield "twice.zip", tar_of([("a.log", LOG), ("a.log", LOG)]), {"duplicate-name"}
    for n, cut in enumerate((1, 2, 10, 1000)):
        yield f"cut{n}.zip", good[:-cut] if cut < 1000 else good[:len(good) // 2], {"truncated"}
        yield f"cut{n}.tgz", tgz[:len(tgz) * (n + 1) // 5], {"truncated"}
    yield "cut.xz", lzma.compress(LOG * 500)[:200], {"truncated"}
    yield "cut.bz2", bz2.compress(LOG * 500)[:100], {"truncated", "unreadable"}
    yield "rubbish.zip", b"PK\3\4" + noise(50000), {"truncated", "unreadable"}
    yield "rubbish.7z", b"7z\xbc\xaf\x27\x1c\0\4" + noise(50000), {"truncated", "unreadable"}
    yield "rubbish.rar", b"Rar!\x1a\x07\1\0" + noise(50000), {"truncated", "unreadable", "encrypted"}
    yield "rubbish.old.rar", b"Rar!\x1a\x07\0" + noise(50000), {"truncated", "unreadable", "encrypted"}
    yield "rubbish.tar.zst", b"\x28\xb5\x2f\xfd" + noise(50000), {"truncated", "unreadable"}
    yield "noise.zip", noise(50000), {"unreadable"}
    yield "empty.zip", b"", {"truncated"}
    yield "logs.zip.002", noise(1000), {"split-volume"}


# ---- messages ----

def head(subject, kind="text/plain", extra=b""):
    return (f"Authentication-Results: {mails.proof('ann@partner.example')}\r\nFrom: Ann Lee <ann@partner.example>\r\n"
            f"To: support@support.example\r\nDate: Tue, 24 Nov 2026 02:31:00 +0000\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject}@partner.example>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n").encode() + extra + b"\r\n"


def lines(data, width=900):
    return b"\r\n".join(data[i:i + width] for i in range(0, len(data), width)) + b"\r\n"


def messages():
    """(subject, whole mail, codes of which the message must have one; empty: none needed)."""
    def multipart(n):
        return b"".join(f"Content-Type: multipart/mixed; boundary=b{i + 1}\r\n\r\n--b{i + 1}\r\n".encode() for i in range(n))

    yield "header-line", head("header-line", extra=b"X-Long: " + b"x" * 60000 + b"\r\n") + b"x\r\n", set()
    yield "headers-900", head("headers-900", extra=b"X-A: b\r\n" * 900) + b"x\r\n", set()
    yield "groups", head("groups", extra=b"Reply-To: " + b"\r\n ".join([b"g:" * 100] * 300) + b"\r\n") + b"x\r\n", {"header."}
    part = b"--b\r\nContent-Type: text/plain; name=x.txt\r\nContent-Disposition: attachment\r\n\r\nx\r\n"
    yield "parts-100000", head("parts-100000", MIXED) + part * 100000 + b"--b--\r\n", {"mime."}
    yield "nested-10000", head("nested-10000", MIXED + "0") + b"--b0\r\n" + multipart(10000) + b"\r\nend\r\n", {"mime."}
    yield "rfc822-3000", head("rfc822-3000", "message/rfc822") + b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"x\r\n", {"mime."}
    yield "boundaries", head("boundaries", MIXED + "0") + b"--b0\r\n" + multipart(200) + b"--x\r\n" * 300000, {"mime."}
    yield "parameters", head("parameters", "text/plain" + "".join(f";\r\n a{i}=b" for i in range(2000))) + b"x\r\n", set()
    yield "comments", head("comments", extra=b"X-A: " + b"(" * 900 + b"\r\n") + b"x\r\n", set()
    yield "html-deep", head("html-deep", "text/html") + lines(b"<div>" * 200000) + b"Error: it fails\r\n", set()
    yield "html-open", head("html-open", "text/html") + lines(b"<" * 1000000), set()
    yield "html-attributes", head("html-attributes", "text/html") + b"<a\r\n" + b" x=1\r\n" * 200000 + b">link</a>\r\n", set()
    yield "html-entities", head("html-entities", "text/html") + lines(b"&#x41;&lt" * 200000), set()
    yield "quotes", head("quotes") + lines(b">" * 2000000), {"body."}
    yield "reply-lines", head("reply-lines") + b"On Mon, Nov 23, 2026 at 1:00 PM, A <a@b.example> wrote:\r\n> x\r\n" * 20000, set()
    yield "passwords", head("passwords") + b"password password is password: : : is is a to pw=\r\n" * 20000, set()
    yield "base64", (head("base64", "text/plain", b"Content-Transfer-Encoding: base64\r\n") + b"=" * 70 + b"\r\n" +
                     lines(noise(300000).hex().encode() + b"!?")), set()
    yield "charset", head("charset", "text/plain; charset=utf-7") + lines(b"+AGE-+2AA" * 50000), set()
    yield "nul", head("nul") + lines(b"\0a" * 300000), set()
    yield "uuencode", head("uuencode") + b"begin 644 a.zip\r\n" + b"M" + b"`" * 60 + b"\r\n" * 100000, set()
    yield "log-errors", head("log-errors", "text/plain; name=Job.log", b"Content-Disposition: attachment\r\n") + b"".join(
        b"[07.07.2021 16:43:06] <22> Error    [C%d] Failure of kind %s at place %d\r\n" % (i, bytes([97 + i % 26]) * (i % 300 + 1), i)
        for i in range(30000)), set()


def refused():
    """Headers that the dialogue refuses: (subject, whole mail)."""
    yield "header-line-128K", head("header-line-128K", extra=b"X-Long: " + b"x" * (1 << 17) + b"\r\n") + b"x\r\n"
    yield "headers-10000", head("headers-10000", extra=b"X-A: b\r\n" * 10000) + b"x\r\n"
    yield "header-megabyte", head("header-megabyte", extra=b"X-Long: " + b"x" * (1 << 20) + b"\r\n") + b"x\r\n"
    folded = b"X-Long: x\r\n " + b"\r\n ".join([b"y" * 70] * 15000) + b"\r\n"
    yield "header-folded", head("header-folded", extra=folded) + b"x\r\n"
    yield "headers-100000", head("headers-100000", extra=b"X-A: b\r\n" * 100000) + b"x\r\n"
