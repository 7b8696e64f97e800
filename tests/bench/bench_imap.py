"""make bench: mails a second out of one dovecot mailbox, our verdict, commit and move included, beside mbsync, fetchmail and a bare fetch
one by one. Figures only.

    BENCH_RUNS=3 BENCH_IMAP_MAILS=2000
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from dovecot import Dovecot, password_file  # noqa: E402
from gateway import Gateway, wait_for  # noqa: E402
from mails import mail  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
MAILS = int(os.environ.get("BENCH_IMAP_MAILS", "2000"))
PADDING = "".join(f"line {i} of a text that fills the mail to some four kilobytes\n" for i in range(60))


def fill(server, n):
    """Into the Maildir, as a delivery agent would."""
    box = server.dir / "mail" / "Maildir"
    with server.client("INBOX"):
        pass
    for i in range(n):
        path = box / "tmp" / f"{time.time():.6f}.{i}.bench"
        path.write_bytes(mail(subject=f"mail {i}", text=PADDING))
        os.chown(path, server.uid.pw_uid, server.uid.pw_gid)
        path.rename(box / "new" / path.name)
    assert server.count() == n


def ours(server, folder):
    line = (f"imap support 127.0.0.1:{server.port} tls none user support password file {password_file(folder, server.password)} poll 500ms "
            "authserv-id mx.support.example processed Done rejected Rejected failed Failed")
    with Gateway(extra=line + "\nlimit parsers 1") as g:
        g.start()
        g.stop()
        fill(server, MAILS)
        opened = g.logs().count("event=imap-open")
        g.start(sample=False, wait=False)
        wait_for(lambda: g.logs().count("event=imap-open") > opened, "the mailbox to be open")
        began = time.monotonic()
        wait_for(lambda: g.logs().count("event=imap-mail") >= MAILS, "all to be judged", 300)
        wait_for(lambda: server.count() == 0, "all to be filed", 60)
        return MAILS / (time.monotonic() - began)


def bare(server, folder):
    fill(server, MAILS)
    with server.client("INBOX") as c:
        began = time.monotonic()
        for i in range(1, MAILS + 1):
            c.fetch(str(i), "(BODY.PEEK[])")
        return MAILS / (time.monotonic() - began)


def timed(command):
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=600)
    return MAILS / (time.monotonic() - began)


def mbsync(server, folder):
    fill(server, MAILS)
    (folder / "pass").write_text(server.password)
    (folder / "local").mkdir()
    (folder / "rc").write_text(f"""FSync yes

IMAPAccount x
Host 127.0.0.1
Port {server.port}
User support
PassCmd "cat {folder}/pass"
SSLType None
AuthMechs LOGIN

IMAPStore far
Account x

MaildirStore near
Path {folder}/local/
Inbox {folder}/local/INBOX

Channel x
Far :far:INBOX
Near :near:INBOX
Sync Pull
Create Near
SyncState *
""")
    return timed(["mbsync", "-q", "-c", str(folder / "rc"), "x"])


def fetchmail(server, folder):
    fill(server, MAILS)
    rc = folder / "fetchmailrc"
    rc.write_text(f'poll 127.0.0.1 proto IMAP port {server.port} user "support" password "{server.password}" is root here sslproto \'\' '
                  f'mda "cat >> {folder}/mbox"\n')
    rc.chmod(0o600)
    return timed(["fetchmail", "-f", str(rc), "--pidfile", str(folder / "pid"), "-i", str(folder / "ids"), "--keep", "--all"])


def main():
    for name, run in [("vcspgate", ours), ("mbsync", mbsync), ("fetchmail", fetchmail), ("bare fetch, one by one", bare)]:
        if name in ("mbsync", "fetchmail") and shutil.which(name) is None:
            print(f"{name:24} not installed")
            continue
        rates = []
        for _ in range(RUNS):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="vg-bench-"))
            try:
                with Dovecot(password="bench") as server:
                    rates.append(run(server, folder))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        print(f"{name:24} {statistics.median(rates):8.0f} mails/s  ({min(rates):.0f}-{max(rates):.0f}, {MAILS} mails of 4 KB)",
              flush=True)


main()
