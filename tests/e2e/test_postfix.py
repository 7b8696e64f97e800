"""Postfix as the real peer: it relays over SMTP and delivers over LMTP."""

import os
import pathlib
import shutil
import subprocess

import pytest

import mails
from gateway import Gateway, free_port, wait_for


class Postfix:
    def __init__(self, folder, transport, extra=""):
        self.dir, self.port = pathlib.Path(folder), free_port()
        self.etc, self.queue, self.data = self.dir / "etc", self.dir / "queue", self.dir / "data"
        for d in (self.etc, self.queue, self.data):
            d.mkdir(parents=True)
        shutil.chown(self.data, "postfix")
        self.dir.chmod(0o755)
        (self.etc / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {self.queue}
data_directory = {self.data}
myhostname = mx.relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = support.example
relay_transport = {transport}
smtp_host_lookup = native
smtp_dns_support_level = disabled
maillog_file = {self.dir}/log
maillog_file_prefixes = {self.dir}
local_recipient_maps =
alias_maps =
{extra}""")
        master = pathlib.Path("/usr/share/postfix/master.cf.dist").read_text().split("\n")
        lines = [f"127.0.0.1:{self.port} inet n - n - - smtpd" if l.split()[:2] == ["smtp", "inet"] else l for l in master]
        (self.etc / "master.cf").write_text("\n".join(lines) + "\npostlog unix-dgram n - n - 1 postlogd\n")

    def run(self, *args):
        return subprocess.run(["postfix", "-c", str(self.etc), *args], capture_output=True)

    def log(self):
        path = self.dir / "log"
        return path.read_text() if path.exists() else ""

    def __enter__(self):
        done = self.run("start")
        assert done.returncode == 0, done.stderr
        wait_for(lambda: "starting" in self.log() or "daemon started" in self.log(), "postfix")
        return self

    def __exit__(self, *_):
        self.run("abort")
        wait_for(lambda: self.run("status").returncode != 0, "postfix to end")


@pytest.fixture(params=["smtp", "lmtp"])
def relayed(request):
    if os.getuid() != 0:
        pytest.skip("postfix needs root")
    with Gateway() as g:
        g.start()
        port = g.smtp_port if request.param == "smtp" else g.lmtp_port
        with Postfix(g.dir / "postfix", f"{request.param}:[127.0.0.1]:{port}") as p:
            yield request.param, g, p


def test_relays_and_delivers(relayed):
    kind, g, p = relayed
    code, _ = g.send(mails.escalation(), port=p.port)
    assert code == 250
    item = wait_for(lambda: g.claim(1, wait=2), "the ticket")[0]
    assert item["event"]["message"]["completeness"]["logs"] is True
    g.ack([item])
    assert "status=sent" in p.log()
    # A customer's mail: refused in the dialogue over SMTP (Postfix, having accepted it, must bounce); swallowed over LMTP.
    g.send(mails.mail(sender="bob@customer.example"), port=p.port)
    if kind == "smtp":
        wait_for(lambda: "status=bounced" in p.log(), "the refusal")
        assert "cases are opened through your service provider" in p.log()
    else:
        wait_for(lambda: p.log().count("status=sent") >= 2, "the delivery")
        assert "status=bounced" not in p.log()
    assert g.claim(1, wait=0) == []
