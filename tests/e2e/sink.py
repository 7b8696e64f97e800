"""A smarthost of ours for tests: takes mail over SMTP, says what it is told to say, keeps what it got."""

import base64
import email
import email.policy
import socket
import ssl
import threading


class Sink:
    """script: function (verb, argument) -> reply line, "drop", or None for the usual answer; may be changed while it runs."""

    def __init__(self, tls=None, user=None, password=None, extensions=("PIPELINING", "DSN"), port=0):
        self.tls, self.user, self.password, self.extensions = tls, user, password, extensions
        self.script = lambda verb, argument: None
        self.mails, self.commands, self.sessions, self.open = [], [], 0, set()
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        # A thread that waits in accept() or for a command would keep it open.
        for s in [self.socket, *self.open]:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def accept(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self.session, args=(s,), daemon=True).start()

    def session(self, s):
        self.open.add(s)
        try:
            self.talk(s)
        except (OSError, ssl.SSLError):
            pass
        finally:
            self.open.discard(s)
            s.close()

    def talk(self, s):
        secure = False
        f = s.makefile("rb")

        def say(text):
            s.sendall(text.encode() + b"\r\n")
        say(self.script("CONNECT", "") or "220 sink.example ESMTP")
        sender, rcpts = None, []
        while line := f.readline():
            verb, _, argument = line.decode().strip().partition(" ")
            verb = verb.upper()
            self.commands.append(line.decode().strip())
            told = self.script(verb, argument)
            if told == "drop":
                return
            if told:
                say(told)
            elif verb == "EHLO":
                lines = ["sink.example", *self.extensions, *(["STARTTLS"] if self.tls and not secure else []),
                         *(["AUTH PLAIN LOGIN"] if self.user else [])]
                for i, text in enumerate(lines):
                    say(f"250{' ' if i == len(lines) - 1 else '-'}{text}")
            elif verb == "STARTTLS":
                say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.tls)
                s = context.wrap_socket(s, server_side=True)
                f, secure = s.makefile("rb"), True
            elif verb == "AUTH":
                given = base64.b64decode(argument.split()[1]).decode()
                say("235 2.7.0 ok" if given == f"\0{self.user}\0{self.password}" else "535 5.7.8 no")
            elif verb == "MAIL":
                sender, rcpts = argument, []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                rcpts.append(argument.partition("<")[2].partition(">")[0])
                say("250 2.1.5 ok")
            elif verb == "DATA":
                say("354 go on")
                lines = []
                while (line := f.readline()) != b".\r\n":
                    if not line:
                        return
                    lines.append(line[1:] if line.startswith(b".") else line)
                data = b"".join(lines)
                told = self.script(".", "")
                if told == "drop":
                    return
                if not told:
                    self.mails.append(Mail(sender, rcpts, data))
                sender, rcpts = None, []
                say(told or "250 2.0.0 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def to(self, address):
        return [m for m in self.mails if address in m.rcpts]


class Mail:
    def __init__(self, sender, rcpts, data):
        self.path = sender.partition("<")[2].partition(">")[0]
        self.rcpts, self.data = rcpts, data
        self.mail = email.message_from_bytes(data, policy=email.policy.default)
        self.text = self.mail.get_body(("plain",)).get_content()

    def __getitem__(self, name):
        return self.mail[name]
