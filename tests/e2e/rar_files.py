"""RAR archives in volumes, stored without compression, by the documented formats (RAR 4 and RAR 5)."""

import struct
import zlib


def _block4(kind, flags, rest):
    head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def _file4(name, size, crc, piece, first, last):
    name = name.replace("/", "\\").encode()
    rest = struct.pack("<IIBIIBBHI", len(piece), size, 2, crc, 0x5B780000, 20, 0x30, len(name), 0x20) + name
    return _block4(0x74, 0x8000 | (0 if first else 1) | (0 if last else 2), rest) + piece


def rar4(pieces, new_names=False):
    """pieces: for each volume a list of (name, whole content, begin, end) that it has. The volumes' bytes."""
    out = []
    for i, volume in enumerate(pieces):
        b = b"Rar!\x1a\x07\x00" + _block4(0x73, 0x0001 | (0x10 if new_names else 0) | (0x100 if i == 0 else 0), bytes(6))
        for name, content, begin, end in volume:
            last = end == len(content)
            crc = zlib.crc32(content if last else content[begin:end])
            b += _file4(name, len(content), crc, content[begin:end], begin == 0, last)
        out.append(b + _block4(0x7B, 0x4000 | (1 if i + 1 < len(pieces) else 0), b""))
    return out


def _vint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def _block5(body):
    head = _vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(head)) + head


def rar5(pieces):
    """As rar4()."""
    out = []
    for i, volume in enumerate(pieces):
        b = b"Rar!\x1a\x07\x01\x00" + _block5(_vint(1) + _vint(0) + (_vint(1) if i == 0 else _vint(3) + _vint(i)))
        for name, content, begin, end in volume:
            last = end == len(content)
            crc = zlib.crc32(content if last else content[begin:end])
            flags = 2 | (0 if begin == 0 else 8) | (0 if last else 16)
            b += _block5(_vint(2) + _vint(flags) + _vint(end - begin) + _vint(4) + _vint(len(content)) + _vint(0x20)
                         + struct.pack("<I", crc) + _vint(0) + _vint(0) + _vint(len(name)) + name.encode()) + content[begin:end]
        out.append(b + _block5(_vint(5) + _vint(0) + _vint(1 if i + 1 < len(pieces) else 0)))
    return out
