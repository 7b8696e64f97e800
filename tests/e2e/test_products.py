"""An operator's own table of products: read by the supervisor, used by the parsers (product) and the queue (route)."""

import subprocess

import mails
from gateway import DAEMON, Gateway, wait_for

TABLE = """# ours
product         vault  "Example Vault"
product form    vault  "the vault"
product build   vault  3.4.5.6  "3.4 Spring"
product form    vbr    "unser Sicherungsserver"
"""


def opened(gate, text):
    return gate.opened(mails.mail(text=text, subject="Question"))


def test_an_own_table(tmp_path):
    table = tmp_path / "own.table"
    table.write_text(TABLE)
    tmp_path.chmod(0o700)  # only the supervisor reads it
    with Gateway(extra=f"products {table}") as g:
        g.start()
        g.tool("partner", "set", "acme-msp", "--product", "vbr", "--product", "vault")
        event = opened(g, "The Vault does not open since the update to build 3.4.5.6.\n")
        fields = event["message"]["fields"]
        assert fields["product"] == "Example Vault" and fields["version"] == "3.4.5.6" and fields["release"] == "3.4 Spring"
        assert event["ticket"]["route"] == "vault"
        assert event["message"]["problems"] == []
        event = opened(g, "Unser Sicherungsserver 12.1 steht.\n")
        assert event["message"]["fields"]["product"] == "Veeam Backup & Replication"
        assert event["ticket"]["route"] == "vbr"


def test_a_broken_table_is_named(tmp_path):
    table = tmp_path / "own.table"
    table.write_text(TABLE + "product form safe \"the safe\"\n")
    with Gateway(extra=f"products {table}") as g:
        done = subprocess.run([DAEMON, "-n", "-c", str(g.conf_path)], capture_output=True)
        assert done.returncode == 78
        assert f"{table}:6:14: there is no product of this id" in done.stderr.decode()
        table.write_text(TABLE)
        g.start()
        # a reload with a broken table changes nothing
        table.write_text("product\n")
        g.hangup()
        wait_for(lambda: f"{table}:1:8: ID missing" in g.logs(), "the complaint")
        assert opened(g, "The vault.\n")["message"]["fields"]["product"] == "Example Vault"
