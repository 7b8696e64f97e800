"""A small IMAP server that does as it is told: lacks extensions, breaks off, floods. One folder, in memory."""

import re
import socket
import threading


class Dummy:
    """caps: capabilities beside IMAP4rev1. tricks: {step: callable(connection, tag, line)} in place of the usual answer; a step is
    "greeting" or the command, with UID before it ("UID FETCH"). A callable that returns True lets the usual answer follow."""

    def __init__(self, mails=(), caps="UIDPLUS MOVE IDLE", tricks=None, validity=7):
        self.mails = {i + 1: m for i, m in enumerate(mails)}
        self.flags = {}
        self.folders = {"INBOX"}
        self.filed = []           # (folder, mail)
        self.caps, self.tricks, self.validity = caps, dict(tricks or {}), validity
        self.commands = []
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ended = False

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.ended = True
        self.listener.close()

    def accept(self):
        while not self.ended:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=Connection(self, sock).serve, daemon=True).start()


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        sock.settimeout(120)
        self.file = sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def trick(self, step, tag=b"", line=b""):
        """True: the usual answer is due."""
        trick = self.server.tricks.get(step)
        return trick is None or trick(self, tag.decode(), line.decode(errors="replace")) is True

    def serve(self):
        try:
            if self.trick("greeting"):
                self.send("* OK ready\r\n")
            while True:
                line = self.file.readline()
                if not line.endswith(b"\r\n"):
                    break
                tag, _, rest = line.rstrip(b"\r\n").partition(b" ")
                words = rest.upper().split(b" ")
                step = b" ".join(words[:2] if words[0] == b"UID" else words[:1]).decode()
                self.server.commands.append(rest.decode(errors="replace"))
                if self.trick(step, tag, rest):
                    with self.server.lock:
                        self.answer(step, tag.decode(), rest.decode(errors="replace"))
                if step == "LOGOUT":
                    break
        except (OSError, ValueError):
            pass
        finally:
            self.sock.close()

    def uids(self, text):
        top = max(self.server.mails, default=0)
        wanted = set()
        for part in text.split(","):
            first, _, last = part.partition(":")
            low = int(first)
            high = top if last == "*" else int(last or first)
            wanted |= set(range(min(low, high), max(low, high) + 1))
        return [u for u in sorted(self.server.mails) if u in wanted]

    def answer(self, step, tag, line):
        method = getattr(self, "do_" + step.lower().replace(" ", "_"), None)
        if method is None:
            self.send(f"{tag} BAD unknown\r\n")
        elif method(tag, line) is not False:
            self.send(f"{tag} OK done\r\n")

    def do_capability(self, tag, line):
        self.send(f"* CAPABILITY IMAP4rev1 {self.server.caps}\r\n")

    def do_login(self, tag, line):
        pass

    def do_select(self, tag, line):
        self.send(f"* {len(self.server.mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)\r\n"
                  f"* OK [UIDVALIDITY {self.server.validity}] valid\r\n")

    def do_uid_search(self, tag, line):
        found = self.uids(line.split("UID ")[2]) or ([max(self.server.mails)] if self.server.mails else [])
        self.send("* SEARCH" + "".join(f" {u}" for u in found) + "\r\n")

    def do_uid_fetch(self, tag, line):
        _, _, which, rest = line.split(" ", 3)
        part = re.search(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", rest)
        for number, uid in enumerate(self.uids(which), 1):
            mail = self.server.mails[uid]
            if part is None:
                self.send(f'* {number} FETCH (UID {uid} RFC822.SIZE {len(mail)} INTERNALDATE "24-Nov-2026 02:31:00 +0000")\r\n')
                continue
            at, n = int(part.group(1)), int(part.group(2))
            self.piece(number, uid, mail[at:at + n], at)

    def piece(self, number, uid, data, at):
        self.send(f"* {number} FETCH (UID {uid} BODY[]<{at}> {{{len(data)}}}\r\n".encode() + data + b")\r\n")

    def do_create(self, tag, line):
        self.server.folders.add(line.split(" ", 1)[1].strip('"'))

    def take(self, tag, which, folder):
        folder = folder.strip('"')
        if folder not in self.server.folders:
            self.send(f"{tag} NO [TRYCREATE] no such folder\r\n")
            return False
        for uid in self.uids(which):
            self.server.filed.append((folder, self.server.mails[uid]))
        return True

    def do_uid_copy(self, tag, line):
        _, _, which, folder = line.split(" ", 3)
        return self.take(tag, which, folder)

    def do_uid_move(self, tag, line):
        _, _, which, folder = line.split(" ", 3)
        if not self.take(tag, which, folder):
            return False
        return self.remove(which)

    def remove(self, which):
        for uid in self.uids(which):
            del self.server.mails[uid]
        return True

    def do_uid_store(self, tag, line):
        for uid in self.uids(line.split(" ")[2]):
            self.server.flags[uid] = line.split("(")[1].rstrip(")")

    def do_uid_expunge(self, tag, line):
        self.remove(line.split(" ")[2])

    def do_idle(self, tag, line):
        self.send("+ idling\r\n")
        while True:
            self.sock.settimeout(120)
            done = self.file.readline()
            if not done or done.strip().upper() == b"DONE":
                return True

    def do_noop(self, tag, line):
        pass

    def do_logout(self, tag, line):
        self.send("* BYE\r\n")
