"""A real dovecot for a test: own folder, own port, one process tree that ends with it."""

import contextlib
import imaplib
import os
import pathlib
import pwd
import shutil
import ssl
import subprocess
import tempfile
import time

from gateway import PATIENCE, end_with_me, free_port, wait_for

PASSWORD = "a pass w\"ord\\"


def certificates(folder):
    """ca.pem and a server's certificate for imap.example and localhost, another for a wrong name, and one of nobody's."""
    def run(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test authority",
        "-keyout", "ca.key", "-out", "ca.pem")
    for name, names in [("good", "DNS:localhost,DNS:imap.example"), ("wrong", "DNS:other.example")]:
        (folder / "ext").write_text(f"subjectAltName={names}\n")
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "ext", "-out", f"{name}.pem")
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", "unknown.key", "-out", "unknown.pem")


class Dovecot:
    """Ports: `port` in clear with STARTTLS, `tls_port`. One user, `support`."""

    def __init__(self, certificate="good", extra="", password=PASSWORD):
        self.password = password
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="vg-dovecot-"))
        self.dir.chmod(0o755)
        certificates(self.dir)
        self.port, self.tls_port = free_port(), free_port()
        self.proc = None
        me = pwd.getpwuid(os.getuid()).pw_name
        owner = "nobody" if me == "root" else me
        self.uid = pwd.getpwnam(owner)
        for name in ("mail", "run", "state"):
            (self.dir / name).mkdir()
        os.chown(self.dir / "mail", self.uid.pw_uid, self.uid.pw_gid)
        (self.dir / "passwd").write_text(f"support:{{PLAIN}}{password}:{self.uid.pw_uid}:{self.uid.pw_gid}::{self.dir}/mail::\n")
        users = "" if me == "root" else f"default_internal_user = {me}\ndefault_login_user = {me}\ndefault_internal_group = {me}\n"
        (self.dir / "dovecot.conf").write_text(f"""
protocols = imap
listen = 127.0.0.1
base_dir = {self.dir}/run
state_dir = {self.dir}/state
log_path = {self.dir}/log
mail_location = maildir:{self.dir}/mail/Maildir
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{self.dir}/{certificate}.pem
ssl_key = <{self.dir}/{certificate}.key
disable_plaintext_auth = no
mail_max_userip_connections = 50
{users}
passdb {{
  driver = passwd-file
  args = {self.dir}/passwd
}}
userdb {{
  driver = passwd-file
  args = {self.dir}/passwd
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
{extra}
""")

    def start(self):
        self.proc = subprocess.Popen(["dovecot", "-F", "-c", str(self.dir / "dovecot.conf")], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_me)
        wait_for(self.answers, f"dovecot to answer; its log is {self.dir}/log")
        return self

    def answers(self):
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            with self.client():
                return True
        assert self.proc.poll() is None, (self.dir / "log").read_text()
        return False

    def stop(self):
        if self.proc:
            self.proc.terminate()
            self.proc.wait(PATIENCE)
            self.proc = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if kind and (self.dir / "log").exists():
            print((self.dir / "log").read_text()[-3000:])
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # -- a person at the mailbox --

    @contextlib.contextmanager
    def client(self, folder=None):
        c = imaplib.IMAP4("127.0.0.1", self.port, timeout=PATIENCE)
        c.login("support", self.password)
        if folder:
            ok, _ = c.select(folder)
            assert ok == "OK", folder
        try:
            yield c
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                c.logout()

    def deliver(self, *mails, folder="INBOX", flags=None, at=None):
        with self.client() as c:
            for m in mails:
                ok, text = c.append(folder, flags, imaplib.Time2Internaldate(at or time.time()), m)
                assert ok == "OK", text

    def subjects(self, folder):
        """Of all mails in the folder, [] where there is none."""
        with self.client() as c:
            if c.select(folder)[0] != "OK":
                return []
            _, found = c.search(None, "ALL")
            if not found[0]:
                return []
            _, data = c.fetch(found[0].replace(b" ", b",").decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return sorted(part[1].decode(errors="replace").split(":", 1)[1].strip() for part in data if isinstance(part, tuple))

    def count(self, folder="INBOX"):
        with self.client() as c:
            ok, n = c.select(folder)
            return int(n[0]) if ok == "OK" else 0

    def flags(self, folder="INBOX"):
        with self.client(folder) as c:
            _, data = c.fetch("1:*", "(FLAGS)")
            return [imaplib.ParseFlags(d) for d in data if d]


def password_file(folder, password=PASSWORD):
    path = pathlib.Path(folder) / "imap.pass"
    path.write_text(password + "\n")
    path.chmod(0o600)
    return path


def no_verification():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
