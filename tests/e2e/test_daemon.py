"""The daemon as a new administrator meets it: mistakes, reload, stop, ordinary user, sandbox."""

import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile

import pytest

import mails
from gateway import DAEMON, ROOT, Gateway, wait_for

ROLES = ("smtp", "gate", "verify", "parser", "queue", "api")


def run(*args):
    return subprocess.run([DAEMON, *args], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)


def started(g):
    done = subprocess.run([DAEMON, "-d", "-c", str(g.conf_path)], capture_output=True, timeout=60)
    lines = [l for l in done.stderr.decode().split("\n") if l.startswith("vcspgated: ")]
    return done.returncode, lines


def test_wrong_command_line():
    for args in (["-x"], ["file"], ["-c"]):
        done = run(*args)
        assert done.returncode == 64 and done.stderr
    assert run("--help").returncode == 0


def test_configuration_errors_name_their_place(tmp_path):
    conf = tmp_path / "c.conf"
    conf.write_text("hostname support.example\nlisten smtp nowhere\nfrobnicate\n")
    done = run("-n", "-c", str(conf))
    text = done.stderr.decode()
    assert done.returncode == 78
    assert f"{conf}:2:13: " in text and f"{conf}:3:1: unknown directive" in text
    assert run("-n", "-c", str(tmp_path / "absent")).returncode == 78
    good = Gateway(trust="trust relay 192.0.2.1 as authenticated")
    done = run("-n", "-c", str(good.conf_path))
    assert done.returncode == 0 and b"configuration OK" in done.stdout + done.stderr
    assert b"as authenticated" in done.stdout + done.stderr
    good.close()


def test_port_taken():
    with Gateway() as g, socket.socket() as s:
        s.bind(("127.0.0.1", g.smtp_port))
        s.listen()
        code, lines = started(g)
        assert code == 71 and len(lines) == 1 and f"127.0.0.1:{g.smtp_port}" in lines[0] and "in use" in lines[0]


def test_state_folder_not_writable(tmp_path):
    (tmp_path / "file").write_text("")
    with Gateway(state=tmp_path / "file" / "state") as g:
        code, lines = started(g)
        assert code == 73 and len(lines) == 1 and "state" in lines[0], lines


def test_newer_database():
    with Gateway() as g:
        g.start(sample=False)
        g.stop()
        db = sqlite3.connect(g.state / "store.db")
        db.execute("PRAGMA user_version = 9999")
        db.close()
        code, lines = started(g)
        assert code == 65


def test_missing_key_for_an_existing_store():
    with Gateway() as g:
        g.start(sample=False)
        g.stop()
        (g.dir / "master.key").unlink()
        code, lines = started(g)
        assert code == 78 and "key" in lines[0]


def test_unknown_user():
    if os.getuid() != 0:
        pytest.skip("only root changes user")
    with Gateway(user="no-such-user-here") as g:
        code, lines = started(g)
        assert code != 0 and "no-such-user-here" in lines[0]


def test_one_daemon_a_state_folder():
    with Gateway() as g:
        g.start(sample=False)
        with Gateway(state=g.state) as second:
            second.conf_path.write_text(second.text.replace(f"{second.dir}/master.key", f"{g.dir}/master.key"))
            code, lines = started(second)
            assert code == 75 and lines


def test_stop_is_clean_and_start_finds_everything():
    with Gateway() as g:
        g.start()
        g.send(mails.mail(subject="Before the stop"))
        assert g.stop() == 0
        g.start(sample=False)
        assert g.claim(1)[0]["event"]["ticket"]["subject"] == "Before the stop"
        assert g.stop() == 0
        assert not os.path.exists(g.sock)


def test_reload():
    with Gateway() as g:
        g.start()
        g.conf_path.write_text(g.text + "rubbish here\n")
        g.hangup()
        wait_for(lambda: ":%d:1: unknown directive" % (g.text.count("\n") + 1) in g.logs(), "the complaint")
        assert g.send(mails.mail())[0] == 250
        g.conf_path.write_text(g.text + "address intake help@support.example\nlimit message-size 128K\n")
        g.hangup()

        def size():
            with g.smtp() as s:
                s.ehlo()
                return s.esmtp_features.get("size") == str(128 << 10)
        wait_for(size, "the new limit")
        assert g.send(mails.mail(subject="To the new address"), to="help@support.example")[0] == 250


def test_every_role_is_filtered_and_dropped():
    with Gateway() as g:
        g.start()
        for role in ROLES:
            for pid in g.pids(role):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                assert "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status
                if os.getuid() == 0:
                    assert "\nUid:\t0\t" not in status, role
                    # verify runs programs: Landlock, not chroot, keeps it from the rest.
                    assert (os.readlink(f"/proc/{pid}/root") == "/") == (role == "verify"), role
        assert len(g.pids("parser")) == 2


def test_ordinary_user_runs_it_too():
    if os.getuid() != 0:
        pytest.skip("the whole suite runs as an ordinary user already")
    # Not pytest's tmp_path: the folders above that one are closed to other users.
    home = pathlib.Path(tempfile.mkdtemp(prefix="vg-home-"))
    os.chown(home, 65534, 65534)
    g = Gateway(root=home, user="")
    g.conf_path.chmod(0o644)
    os.chown(g.dir, 65534, 65534)
    g.log = open(g.log_path, "ab")
    g.proc = subprocess.Popen([DAEMON, "-d", "-c", str(g.conf_path)], stdout=g.log, stderr=g.log, user=65534, group=65534,
                              extra_groups=[])
    try:
        wait_for(g.ready, "the gateway")
        g.tool("partner", "add", "--id", "p", "--name", "P", "--domain", "partner.example")
        g.tool("contact", "add", "--partner", "p", "--address", "ann@partner.example")
        assert "case" in g.send(mails.mail())[1]
        for role in ROLES:
            assert "\nSeccomp:\t2\n" in pathlib.Path(f"/proc/{g.pids(role)[0]}/status").read_text()
    finally:
        g.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def debug_build():
    build = pathlib.Path(os.environ.get("VCSPGATE_DEBUG_BUILD", ROOT / "build/debug"))
    subprocess.run(["make", "-s", "-j2", "-C", str(ROOT), f"B={build}", "DEBUG=1", f"{build}/vcspgated"], check=True,
                   stdout=subprocess.DEVNULL)
    return build


@pytest.mark.parametrize("role, call", [("smtp", "openat"), ("gate", "socket"), ("verify", "connect"), ("parser", "openat"), ("queue", "socket"), ("api", "execve")])
def test_denied_call_is_answered(debug_build, role, call):
    with Gateway(env={"VCSPGATE_TEST_PROBE": f"{role}:{call}"}) as g:
        g.log = open(g.log_path, "ab")
        g.proc = subprocess.Popen([str(debug_build / "vcspgated"), "-d", "-c", str(g.conf_path)], stdout=g.log, stderr=g.log,
                                  env=g.env)
        wait_for(lambda: f"denied system call {call}" in g.logs(), f"the name of the call\n{g.logs()[-2000:]}")
        g.proc.send_signal(signal.SIGTERM)
        g.proc.wait(30)
