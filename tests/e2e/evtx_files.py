"""Windows event logs (.evtx) by the documented format, as the tests need them.

Run with a file's name it writes EVENTS: tests/corpus/logs/log-events-evtx.evtx. Each provider has a template of its own, defined where it
is used first in a chunk and referred to behind that, as Windows writes them.
"""

import datetime
import struct
import sys
import uuid
import zlib

CHUNK = 65536
NS = 'http://schemas.microsoft.com/win/2004/08/events/event'
STRING, UINT8, UINT16, UINT32, UINT64, HEX64, FILETIME, SID, BINXML, STRINGS = 1, 4, 6, 8, 10, 0x15, 0x11, 0x13, 0x21, 0x81


def utf16(s):
    return s.encode('utf-16-le')


def filetime(text):
    """2026-11-23T22:10:04.500 -> 100 ns since 1601."""
    t = datetime.datetime.fromisoformat(text) - datetime.datetime(1601, 1, 1)
    return (t.days * 86400 + t.seconds) * 10000000 + t.microseconds * 10


class Chunk:
    """One chunk while it is written; offsets are relative to its beginning."""

    def __init__(self):
        self.data = bytearray(512)
        self.names, self.templates, self.records = {}, {}, []

    # ---- binary XML; `out` is written at chunk offset `at` ----
    def name(self, out, at, name):
        if name in self.names:
            out += struct.pack('<I', self.names[name])
            return
        here = at + len(out) + 4
        self.names[name] = here
        h = 0
        for c in name:
            h = (h * 65599 + ord(c)) & 0xFFFFFFFF
        out += struct.pack('<IIHH', here, 0, h & 0xFFFF, len(name)) + utf16(name) + b'\0\0'

    def element(self, out, at, node, dependency=True):
        """node: (name, {attribute: value}, [children or values]); a value is a text or (index, type)."""
        name, attributes, content = node
        out += bytes([0x41 if attributes else 0x01])
        if dependency:
            out += b'\xff\xff'
        size_at = len(out)
        out += b'\0\0\0\0'
        self.name(out, at, name)
        if attributes:
            list_at = len(out)
            out += b'\0\0\0\0'
            for i, (k, v) in enumerate(attributes.items()):
                out += bytes([0x06 if i + 1 == len(attributes) else 0x46])
                self.name(out, at, k)
                self.value(out, v)
            struct.pack_into('<I', out, list_at, len(out) - list_at - 4)
        if not content:
            out += b'\x03'
        else:
            out += b'\x02'
            for c in content:
                if isinstance(c, tuple) and len(c) == 3:
                    self.element(out, at, c)
                else:
                    self.value(out, c)
            out += b'\x04'
        struct.pack_into('<I', out, size_at, len(out) - size_at - 4)

    @staticmethod
    def value(out, v):
        if isinstance(v, tuple):
            out += struct.pack('<BHB', 0x0E, *v)
        else:
            out += struct.pack('<BBH', 0x05, STRING, len(v)) + utf16(v)

    def instance(self, at, key, node, values):
        """Fragment header and a use of the template `key`, for chunk offset `at`."""
        out = bytearray(b'\x0f\x01\x01\x00\x0c\x01') + struct.pack('<I', zlib.crc32(key.encode()))
        known = self.templates.get(key)
        if known is None:
            known = at + len(out) + 4
            self.templates[key] = known
            out += struct.pack('<I', known) + b'\0\0\0\0' + uuid.uuid5(uuid.NAMESPACE_DNS, key).bytes_le
            size_at = len(out)
            out += b'\0\0\0\0\x0f\x01\x01\x00'
            self.element(out, at, node)
            out += b'\0'
            struct.pack_into('<I', out, size_at, len(out) - size_at - 4)
        else:
            out += struct.pack('<I', known)
        out += struct.pack('<I', len(values))
        place = at + len(out) + 4 * len(values)
        data = bytearray()
        for kind, v in values:
            piece = v(place + len(data)) if callable(v) else v
            out += struct.pack('<HBB', len(piece), kind, 0)
            data += piece
        return bytes(out + data)

    def add(self, number, when, body):
        at = len(self.data)
        xml = body(at + 24) + b'\0'
        xml += b'\0' * (-len(xml) % 8)
        size = 24 + len(xml) + 4
        self.data += struct.pack('<IIQQ', 0x2A2A, size, number, when) + xml + struct.pack('<I', size)
        self.records.append((number, at))

    def close(self):
        free = len(self.data)
        first, last = self.records[0], self.records[-1]
        struct.pack_into('<8sQQQQIIII', self.data, 0, b'ElfChnk\0', first[0], last[0], first[0], last[0], 128, last[1], free,
                         zlib.crc32(bytes(self.data[512:free])))
        self.data += bytes(CHUNK - free)
        struct.pack_into('<I', self.data, 124, zlib.crc32(bytes(self.data[:120]) + bytes(self.data[128:512])))
        return bytes(self.data)


def system(provider):
    return ('System', {}, [
        ('Provider', {'Name': provider}, []),
        ('EventID', {'Qualifiers': (4, UINT16)}, [(3, UINT16)]), ('Version', {}, [(11, UINT8)]), ('Level', {}, [(0, UINT8)]),
        ('Task', {}, [(2, UINT16)]), ('Opcode', {}, [(1, UINT8)]), ('Keywords', {}, [(5, HEX64)]),
        ('TimeCreated', {'SystemTime': (6, FILETIME)}, []), ('EventRecordID', {}, [(10, UINT64)]),
        ('Execution', {'ProcessID': (8, UINT32), 'ThreadID': (9, UINT32)}, []), ('Channel', {}, [(13, STRING)]),
        ('Computer', {}, [(14, STRING)]), ('Security', {'UserID': (12, SID)}, [])])


def event(chunk, at, number, e):
    """e: provider, id, level, time, channel, computer, data: a list of texts (classic), or a dict (named, in a template of its own)."""
    provider, eid, level, when, channel, computer, data = e
    head = [(UINT8, bytes([level])), (UINT8, b'\0'), (UINT16, b'\0\0'), (UINT16, struct.pack('<H', eid)), (0, b''),
            (HEX64, struct.pack('<Q', 0x80000000000000)), (FILETIME, struct.pack('<Q', filetime(when))), (0, b''),
            (UINT32, struct.pack('<I', 4)), (UINT32, struct.pack('<I', 808)), (UINT64, struct.pack('<Q', number)), (UINT8, b'\0'),
            (SID, bytes.fromhex('010100000000000512000000')), (STRING, utf16(channel)), (STRING, utf16(computer))]
    if isinstance(data, dict):
        inner = ('EventData', {}, [('Data', {'Name': k}, [(i, STRING)]) for i, k in enumerate(data)])
        values = [(STRING, utf16(v)) for v in data.values()]
        body = [(15, BINXML)]
        head.append((BINXML, lambda place: chunk.instance(place, '%s-%d' % (provider, eid), inner, values) + b'\0'))
    else:
        body = [('EventData', {}, [('Data', {}, [(15, STRINGS)]), ('Binary', {}, [(16, 0x0E)])])]
        head += [(STRINGS, b''.join(utf16(s) + b'\0\0' for s in data)), (0, b'')]
    return chunk.instance(at, provider + str(isinstance(data, dict)), ('Event', {'xmlns': NS}, [system(provider)] + body), head)


def write(events, per_chunk=100, first=1):
    chunks = []
    for i in range(0, len(events), per_chunk):
        c = Chunk()
        for k, e in enumerate(events[i:i + per_chunk]):
            c.add(first + i + k, filetime(e[3]), lambda at, e=e, n=first + i + k: event(c, at, n, e))
        chunks.append(c.close())
    head = bytearray(4096)
    struct.pack_into('<8sQQQIHHHH', head, 0, b'ElfFile\0', 0, len(chunks) - 1, first + len(events), 128, 1, 3, 4096, len(chunks))
    struct.pack_into('<I', head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head) + b''.join(chunks)


HOST = 'vbr01.partner.example'
EVENTS = [
    ('EventLog', 6005, 4, '2026-11-23T21:58:00', 'System', HOST, []),
    ('disk', 153, 3, '2026-11-23T22:01:10.250', 'System', HOST, ['\\Device\\Harddisk2\\DR2', 'retried']),
    ('Service Control Manager', 7031, 2, '2026-11-23T22:10:04.500', 'System', HOST,
     {'param1': 'Veeam Data Mover Service', 'param2': '1', 'param3': '60000', 'param4': '1', 'param5': 'Restart the service'}),
    ('disk', 153, 3, '2026-11-23T22:10:10', 'System', HOST, ['\\Device\\Harddisk2\\DR2', 'retried']),
    ('VSS', 8193, 2, '2026-11-23T22:12:41.125', 'Application', HOST,
     ['CoCreateInstance', '0x80070005, Zugriff verweigert \u2013 \u00dcberpr\u00fcfung <fehlgeschlagen>\r\n', '']),
    ('Service Control Manager', 7036, 4, '2026-11-23T22:13:00', 'System', HOST, {'param1': 'WMI', 'param2': 'error'}),
    ('Service Control Manager', 7031, 2, '2026-11-23T22:14:04.500', 'System', HOST,
     {'param1': 'Veeam Data Mover Service', 'param2': '2', 'param3': '60000', 'param4': '1', 'param5': 'Restart the service'}),
    ('Microsoft-Windows-Kernel-Power', 41, 1, '2026-11-23T23:59:59.999', 'System', HOST, {'BugcheckCode': '159'}),
]

if __name__ == '__main__':
    open(sys.argv[1], 'wb').write(write(EVENTS, per_chunk=5, first=1201))
