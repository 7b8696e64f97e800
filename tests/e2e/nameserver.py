"""A real resolver (unbound) for tests that need DNS, and one that never answers."""

import contextlib
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from gateway import end_with_me, wait_for

UNBOUND = shutil.which("unbound") or "/usr/sbin/unbound"
TTL = 1


def free_dns_port():
    """A port that is free for UDP and for TCP on the loopback address."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


def quote(record_type, value):
    """TXT goes as character strings of at most 255 bytes (RFC 1035, 3.3.14); other types as they are."""
    if record_type != "TXT":
        return value
    if any(c in value for c in "\"'\\\n"):
        raise ValueError("no quotes or backslashes in TXT data")
    return " ".join(f'"{value[i:i + 255]}"' for i in range(0, len(value), 255)) or '""'


class Failing:
    """A server that answers SERVFAIL to every query, until its process ends."""

    def __init__(self):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                query, peer = self.socket.recvfrom(4096)
                self.socket.sendto(query[:2] + bytes([query[2] | 0x80, 0x82]) + query[4:], peer)

    def close(self):
        self.socket.close()


class Unbound:
    """with Unbound({"example.test": {"TXT": ["v=spf1 -all"], "A": ["192.0.2.1"]}}, servfail=["broken.test"]) as dns:

    dns.address is for the `resolver` directive. Every other name is NXDOMAIN; a name of the dictionary without the
    type asked for is NODATA; names at or below those of servfail get SERVFAIL; forward sends names on to ADDRESS@PORT."""

    def __init__(self, zones, servfail=(), forward=None):
        self.zones, self.servfail = zones, tuple(servfail)
        self.failing = Failing()
        self.forward = dict(forward or {}, **{name: f"127.0.0.1@{self.failing.port}" for name in self.servfail})
        self.port = free_dns_port()
        self.address = f"127.0.0.1:{self.port}"

    def configuration(self):
        lines = [
            "server:", ' chroot: ""', ' username: ""', ' pidfile: ""', f' directory: "{self.folder}"',
            f" interface: 127.0.0.1@{self.port}", " do-ip6: no", " use-syslog: no", " num-threads: 1",
            ' module-config: "iterator"', " do-not-query-localhost: no", " access-control: 127.0.0.0/8 allow",
            ' local-zone: "." static',
        ]
        # Zones of their own without local data, forwarded: for servfail to a server that says SERVFAIL to everything.
        lines += [f' local-zone: "{name}." transparent' for name in self.forward]
        for name, types in self.zones.items():
            for record_type, values in types.items():
                for value in values:
                    lines.append(f" local-data: '{name}. {TTL} IN {record_type} {quote(record_type, value)}'")
        for name, address in self.forward.items():
            lines += ["forward-zone:", f' name: "{name}."', f" forward-addr: {address}"]
        lines += ["remote-control:", " control-enable: no"]
        return "\n".join(lines) + "\n"

    def answers(self):
        """Does the server listen? Its TCP socket is opened with its UDP socket."""
        if self.process.poll() is not None:
            raise AssertionError(f"unbound ended: {(self.folder / 'log').read_text()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vcspgate-dns-"))
        file = self.folder / "unbound.conf"
        file.write_text(self.configuration())
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([UNBOUND, "-d", "-p", "-c", str(file)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=end_with_me)
        try:
            wait_for(self.answers, "unbound to listen")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.failing.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Blackhole:
    """A resolver's address that takes queries and never answers."""

    def __enter__(self):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.socket.close()
