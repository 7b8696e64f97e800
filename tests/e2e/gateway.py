"""One real gateway for a test or the demo: folder, configuration, daemon, requests, and a clean end."""

import atexit
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VCSPGATE_BUILD", ROOT / "build"))
DAEMON = str(BUILD / "vcspgated")
TOOL = str(BUILD / "vcspgate")
PATIENCE = float(os.environ.get("VCSPGATE_TEST_PATIENCE", "30"))


def wait_for(condition, what, patience=PATIENCE):
    """Polls until condition() is truthy and returns that value; the one place where tests wait."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:.0f} s for: {what}")
        time.sleep(0.02)


def end_with_me():
    """In the child: should this test be killed, the server it started ends too (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


_resolver = None


def resolver():
    """Address of a resolver that all tests share and that knows no name: started once, ends with this process."""
    global _resolver
    if _resolver is None:
        from nameserver import Unbound  # which needs this module
        _resolver = Unbound({})
        _resolver.__enter__()
        atexit.register(_resolver.__exit__)
    return _resolver.address


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=PATIENCE):
        super().__init__("localhost", timeout=timeout)
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = dict(response.getheaders())
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


SAMPLE = [
    ("partner", "add", "--id", "acme-msp", "--name", "Acme MSP", "--vcsp-id", "12345", "--domain", "partner.example",
     "--product", "vbr", "--region", "emea"),
    ("contact", "add", "--partner", "acme-msp", "--address", "ann@partner.example", "--name", "Ann Lee", "--case-admin"),
    ("customer", "add", "--partner", "acme-msp", "--domain", "customer.example"),
    ("partner", "add", "--id", "other-msp", "--name", "Other MSP", "--vcsp-id", "777", "--domain", "other.example"),
    ("contact", "add", "--partner", "other-msp", "--address", "olaf@other.example", "--name", "Olaf"),
    ("agent", "add", "--address", "lena@vendor.example", "--name", "Lena"),
]


class Gateway:
    """Listens on loopback only. Mail over `smtp_port` comes from a relay whose Authentication-Results are believed."""

    def __init__(self, extra="", trust="trust relay 127.0.0.0/8 authserv-id mx.support.example", root=None, env=None,
                 listen="", user=None, state=None):
        self.dir = pathlib.Path(root or tempfile.mkdtemp(prefix="vg-"))
        self.own_dir = root is None
        self.dir.chmod(0o755)
        self.state = pathlib.Path(state) if state else self.dir / "state"
        self.smtp_port, self.lmtp_port, self.http_port = free_port(), free_port(), free_port()
        self.sock = str(self.dir / "http.sock")
        self.log_path = self.dir / "log"
        self.conf_path = self.dir / "vcspgate.conf"
        self.env = dict(os.environ, **(env or {}))
        self.proc = None
        if user is None and os.getuid() == 0:
            user = "nobody"
        self.text = "\n".join([
            "hostname support.example",
            f"state {self.state}",
            f"key file {self.dir}/master.key",
            f"user {user}" if user else "",
            "address intake support@support.example",
            "address case case@support.example",
            "address bounce bounce@support.example",
            f"listen smtp 127.0.0.1:{self.smtp_port}",
            f"listen lmtp 127.0.0.1:{self.lmtp_port}",
            f"listen http unix:{self.sock} mode 0666",
            f"listen http 127.0.0.1:{self.http_port} tls none",
            listen, trust, extra, "" if "resolver " in extra else f"resolver {resolver()} timeout 2s", ""])
        self.conf_path.write_text(self.text)

    # -- life --

    def start(self, sample=True, wait=True):
        self.log = open(self.log_path, "ab")
        self.proc = subprocess.Popen([DAEMON, "-d", "-c", str(self.conf_path)], stdout=self.log, stderr=self.log,
                                     stdin=subprocess.DEVNULL, env=self.env, preexec_fn=end_with_me)
        if wait:
            wait_for(self.ready, "the gateway to be ready\n" + self.logs()[-3000:])
            if sample:
                for args in SAMPLE:
                    self.tool(*args)
        return self

    def ready(self):
        if self.proc.poll() is not None:
            raise AssertionError(f"daemon ended with {self.proc.returncode}:\n{self.logs()[-4000:]}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.api("GET", "/readyz").status == 200
        return False

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                raise AssertionError("the daemon did not stop:\n" + self.logs()[-2000:])
        code = self.proc.returncode if self.proc else None
        if self.proc:
            self.log.close()
        self.proc = None
        return code

    def kill(self):
        """kill -9 of the whole daemon; its children end with it."""
        pids = [p for role in ("smtp", "gate", "parser", "queue", "api") for p in self.pids(role)]
        self.proc.kill()
        self.proc.wait()
        self.log.close()
        self.proc = None
        wait_for(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids), "the children to end")

    def close(self):
        try:
            if self.proc:
                self.stop()
        finally:
            if self.own_dir:
                shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and self.log_path.exists():
            print(self.logs()[-6000:])
        self.close()

    def logs(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def pids(self, role):
        found = []
        for p in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (p / "cmdline").read_bytes().split(b"\0")
                parent = (p / "stat").read_text().rsplit(")", 1)[1].split()[1]
                if role.encode() in words and b"--role" in words and self.proc and int(parent) == self.proc.pid:
                    found.append(int(p.name))
        return sorted(found)

    def hangup(self):
        self.proc.send_signal(signal.SIGHUP)

    # -- faces --

    def api(self, method, path, body=None, headers=None, token=None, timeout=PATIENCE):
        if token is None:
            conn = UnixConnection(self.sock, timeout)
        else:
            conn = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + token
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            conn.request(method, path, body, headers)
            return Answer(conn.getresponse())
        finally:
            conn.close()

    def run_tool(self, *args, stdin=None):
        return subprocess.run([TOOL, "-s", self.sock, *args], input=stdin, capture_output=True, timeout=PATIENCE * 4)

    def tool(self, *args, stdin=None):
        """Runs the tool, which must succeed; its output as text."""
        done = self.run_tool(*args, stdin=stdin)
        assert done.returncode == 0, f"{args}: {done.returncode} {done.stderr.decode()}"
        return done.stdout.decode()

    def smtp(self, port=None, lmtp=False):
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        return kind("127.0.0.1", port or self.smtp_port, "mx.support.example", timeout=PATIENCE)

    def send(self, mail, sender=None, to="support@support.example", **how):
        """(code, text) of the end of data."""
        with self.smtp(**how) as s:
            s.ehlo_or_helo_if_needed()
            code, text = s.mail(sender if sender is not None else "bounces@relay.example")
            assert code == 250, text
            for rcpt in [to] if isinstance(to, str) else to:
                code, text = s.rcpt(rcpt)
                assert code == 250, text
            code, text = s.data(mail)
            return code, text.decode()

    def opened(self, mail):
        """Sends a mail that is accepted; the next event, acknowledged."""
        code, answer = self.send(mail)
        assert code == 250, answer
        items = []

        def came():
            items.extend(self.claim(1))
            return items
        wait_for(came, "the event")
        self.ack(items)
        return items[0]["event"]

    def every(self, path):
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            page = self.api("GET", f"{path}?limit=200" + (f"&cursor={cursor}" if cursor else "")).json
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def success_age(self):
        """Milliseconds since a mailbox was last read to its end, as the metric says."""
        return int(re.search(r"^vcspgate_imap_success_age_milliseconds (\d+)$", self.api("GET", "/metrics").body.decode(), re.M).group(1))

    def claim(self, max_events=10, wait=10, lease=60, **more):
        a = self.api("POST", "/v1/queue/claim", {"max": max_events, "wait_seconds": wait, "lease_seconds": lease, **more},
                     timeout=wait + PATIENCE)
        assert a.status == 200, a.body
        return a.json["items"]

    def ack(self, items):
        a = self.api("POST", "/v1/queue/ack", {"receipts": [i["receipt"] for i in items]})
        assert a.status == 200, a.body
        return a.json
