"""Writes what Outlook writes: winmail.dat (TNEF), .msg (a compound file of MAPI properties), compressed RTF."""
import struct

LONG, OBJECT, STRING8, UNICODE, BINARY = 0x0003, 0x000D, 0x001E, 0x001F, 0x0102


def _encoded(kind, value, codepage="cp1252"):
    if kind == UNICODE:
        return value.encode("utf-16-le") + b"\0\0"
    if kind == STRING8:
        return value.encode(codepage) + b"\0"
    if kind == LONG:
        return struct.pack("<I", value)
    return value


def _padded(b):
    return b + b"\0" * (-len(b) % 4)


def tnef_properties(properties, codepage="cp1252"):
    """A block of MAPI properties: [(id, type, value)]."""
    out = struct.pack("<I", len(properties))
    for ident, kind, value in properties:
        data = _encoded(kind, value, codepage)
        out += struct.pack("<HH", kind, ident)
        out += data if kind == LONG else struct.pack("<II", 1, len(data)) + _padded(data)
    return out


def tnef_attribute(level, tag, data):
    return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def tnef(properties=(), attachments=(), codepage=1252, subject=None):
    """attachments: (8.3 name, content, [properties])."""
    out = struct.pack("<IH", 0x223E9F78, 1)
    out += tnef_attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    out += tnef_attribute(1, 0x00069007, struct.pack("<II", codepage, 0))
    out += tnef_attribute(1, 0x00078008, b"IPM.Microsoft Mail.Note\0")
    if subject is not None:
        out += tnef_attribute(1, 0x00018004, subject.encode("cp%d" % codepage) + b"\0")
    if properties:
        out += tnef_attribute(1, 0x00069003, tnef_properties(list(properties), "cp%d" % codepage))
    for name, content, more in attachments:
        out += tnef_attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))
        if name:
            out += tnef_attribute(2, 0x00018010, name.encode("cp%d" % codepage) + b"\0")
        if content is not None:
            out += tnef_attribute(2, 0x0006800F, content)
        if more:
            out += tnef_attribute(2, 0x00069005, tnef_properties(list(more), "cp%d" % codepage))
    return out


PRESET = (b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
          b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
          b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx")


def compressed_rtf(rtf):
    """MS-OXRTFCP, with references to what came before."""
    window, at, body = bytearray(4096), len(PRESET), bytearray()
    window[:at] = PRESET
    written, items, i = at, [], 0
    history = bytearray(PRESET)
    while i < len(rtf):
        best, where = 0, 0
        for n in range(min(17, len(rtf) - i), 2, -1):
            found = bytes(history[-4000:]).rfind(rtf[i:i + n])
            if found >= 0:
                best, where = n, max(0, len(history) - 4000) + found
                break
        if best:
            items.append(struct.pack(">H", (where % 4096) << 4 | (best - 2)))
            history += rtf[i:i + best]
            i += best
        else:
            items.append(rtf[i:i + 1])
            history += rtf[i:i + 1]
            i += 1
    items.append(struct.pack(">H", (len(history) % 4096) << 4))
    for k in range(0, len(items), 8):
        group = items[k:k + 8]
        body.append(sum(1 << j for j, item in enumerate(group) if len(item) == 2))
        body += b"".join(group)
    return struct.pack("<IIII", len(body) + 12, len(rtf), 0x75465A4C, 0) + bytes(body)


# ---- compound files ----

FREE, END, FATSECT, NOSTREAM = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def compound(root):
    """root: {name: bytes or dict}. Streams below 4096 bytes go into the mini stream."""
    entries, mini, sectors = [], bytearray(), []
    minifat = []

    def chain(data):
        first = len(sectors)
        for i in range(0, len(data), 512):
            sectors.append(data[i:i + 512].ljust(512, b"\0"))
        return first, len(sectors) - first

    big = []

    def add(name, node):
        index = len(entries)
        entries.append({"name": name, "left": NOSTREAM, "right": NOSTREAM, "child": NOSTREAM, "start": 0, "size": 0,
                        "type": 1 if isinstance(node, dict) else 2})
        if isinstance(node, dict):
            names = sorted(node, key=lambda n: (len(n), n.upper()))
            kids = [add(n, node[n]) for n in names]
            for a, b in zip(kids, kids[1:]):
                entries[a]["right"] = b
            entries[index]["child"] = kids[0] if kids else NOSTREAM
        elif len(node) < 4096:
            entries[index]["size"] = len(node)
            entries[index]["start"] = len(mini) // 64 if node else END
            for i in range(0, len(node), 64):
                minifat.append(len(minifat) + 1)
                mini.extend(node[i:i + 64].ljust(64, b"\0"))
            if node:
                minifat[-1] = END
        else:
            entries[index]["size"] = len(node)
            big.append((index, node))
        return index

    add("Root Entry", root)
    entries[0]["type"] = 5
    fat = []

    def place(data):
        first, n = chain(data)
        fat.extend(list(range(first + 1, first + n)) + [END])
        return first

    for index, node in big:
        entries[index]["start"] = place(node)
    entries[0]["size"] = len(mini)
    entries[0]["start"] = place(bytes(mini)) if mini else END
    minifat_start = place(b"".join(struct.pack("<I", x) for x in minifat).ljust(1, b"\0")) if minifat else END
    minifat_n = -(-len(minifat) * 4 // 512)
    if minifat:  # unused places of the last sector are free
        sectors[-1] = sectors[-1][:len(minifat) * 4 % 512 or 512].ljust(512, b"\xff")
    directory = b""
    for e in entries:
        name = e["name"].encode("utf-16-le") + b"\0\0"
        directory += name.ljust(64, b"\0") + struct.pack("<HBBIII", len(name), e["type"], 1, e["left"], e["right"], e["child"])
        directory += b"\0" * 36 + struct.pack("<IQ", e["start"], e["size"])
    while len(directory) % 512:
        directory += b"\0" * 64 + struct.pack("<HBBIII", 0, 0, 0, NOSTREAM, NOSTREAM, NOSTREAM) + b"\0" * 48
    directory_start = place(directory)
    n_fat = 1
    while n_fat * 128 < len(fat) + n_fat:
        n_fat += 1
    fat_start = len(sectors)
    fat.extend([FATSECT] * n_fat)
    table = b"".join(struct.pack("<I", x) for x in fat).ljust(n_fat * 512, b"\xff")
    for i in range(n_fat):
        sectors.append(table[i * 512:(i + 1) * 512])
    difat = [fat_start + i for i in range(n_fat)] + [FREE] * (109 - n_fat)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, n_fat, directory_start, 0, 4096, minifat_start, minifat_n, END, 0)
    header += b"".join(struct.pack("<I", x) for x in difat)
    return header + b"".join(sectors)


def msg_storage(properties, attachments=(), header=32):
    """attachments: ([properties], None or the storage of a message)."""
    fixed, out = b"", {}
    for ident, kind, value in properties:
        data = _encoded(kind, value)
        if kind == LONG:
            fixed += struct.pack("<HHI", kind, ident, 6) + data.ljust(8, b"\0")
            continue
        data = data[:-2] if kind == UNICODE else data[:-1] if kind == STRING8 else data
        out["__substg1.0_%04X%04X" % (ident, kind)] = data
        fixed += struct.pack("<HHIII", kind, ident, 6, len(data), 0)
    for i, (more, message) in enumerate(attachments):
        storage = msg_storage(more, header=8)
        if message is not None:
            storage["__substg1.0_3701000D"] = message
        out["__attach_version1.0_#%08X" % i] = storage
    out["__properties_version1.0"] = b"\0" * header + fixed
    return out


def msg(properties, attachments=()):
    return compound(msg_storage(properties, attachments))
