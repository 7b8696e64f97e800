"""A smarthost as providers run it: postfix that takes mail from outside only after STARTTLS and a password, checked by dovecot."""

import contextlib
import os

import pytest

import mails
from dovecot import PASSWORD, Dovecot, password_file
from gateway import Gateway, wait_for
from postfix import Postfix

ANN = "ann@partner.example"


class Provider:
    def __init__(self, stack):
        self.dovecot = stack.enter_context(Dovecot(extra="""
service auth {
  unix_listener sasl {
    mode = 0666
  }
}
auth_mechanisms = plain login
"""))
        uid, folder = self.dovecot.uid, self.dovecot.dir
        (folder / "users").write_text(f"{ANN} .ann/\n")
        self.postfix = stack.enter_context(Postfix(folder / "postfix", "error:nobody", f"""
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/good.pem
smtpd_tls_key_file = {folder}/good.key
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/run/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
virtual_mailbox_domains = partner.example
virtual_mailbox_base = {folder}/mail/Maildir
virtual_mailbox_maps = texthash:{folder}/users
virtual_uid_maps = static:{uid.pw_uid}
virtual_gid_maps = static:{uid.pw_gid}
virtual_minimum_uid = 1
"""))


@pytest.fixture
def provider():
    if os.getuid() != 0:
        pytest.skip("postfix needs root")
    with contextlib.ExitStack() as stack:
        yield Provider(stack)


def gateway(p, folder, password):
    return Gateway(extra=f"smarthost smtp://localhost:{p.postfix.port} tls required ca {p.dovecot.dir}/ca.pem user support "
                         f"password file {password_file(folder, password)}")


def test_a_letter_arrives(provider, tmp_path):
    with gateway(provider, tmp_path, PASSWORD) as g:
        g.start()
        assert g.send(mails.mail(subject="Job fails"), sender=ANN)[0] == 250
        wait_for(lambda: provider.dovecot.subjects("ann") == ["[#1001] Job fails"], f"the letter\n{provider.postfix.log()[-1500:]}")
        log = provider.postfix.log()
        assert "sasl_method=" in log and "sasl_username=support" in log


def test_a_wrong_password_keeps_it(provider, tmp_path):
    """It is the administrator's to mend: nothing fails, and the log says what the smarthost said."""
    with gateway(provider, tmp_path, "another") as g:
        g.start()
        assert g.send(mails.mail(subject="Job fails"), sender=ANN)[0] == 250
        row = wait_for(lambda: [i for i in g.api("GET", "/v1/outbox?state=queued").json["items"] if "535" in g.logs()], "the refusal")[0]
        assert row["recipient"] == ANN and "another" not in g.logs()
        assert provider.dovecot.count("ann") == 0
