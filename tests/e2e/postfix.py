"""A real postfix for a test: own folders, own port, ends with the test."""

import pathlib
import shutil
import subprocess

from gateway import free_port, wait_for


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
