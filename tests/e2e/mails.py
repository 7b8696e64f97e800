"""Mails of our own making for the tests and the demo."""

import email.utils
import io
import itertools
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

_count = itertools.count(1)

LOG = """[07.07.2021 16:42:58] <01> Info     [JobSession] Load: job 'Backup Job 1'
[07.07.2021 16:43:02] <22> Info     [ProxyDetector] Detecting proxies for VM 'sql01'
[07.07.2021 16:43:06] <22> Error    [SimplePointGenerationPolicy] Operation was canceled by user HOST\\Administrator (Veeam.Backup.Common.CStopSessionException)
[07.07.2021 16:43:06] <22> Error       at Veeam.Backup.Core.CSimplePointGenerationPolicy.Run()
[07.07.2021 16:43:07] <01> Info     [JobSession] Job session ended
"""


def bundle():
    """The same bytes at every call: members carry a fixed time, not that of the call."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, text in [("Job.Backup_Job_1.log", LOG * 20), ("readme.txt", "collected by the export wizard\n")]:
            member = zipfile.ZipInfo("Backup_Job_1/" + name, (2021, 7, 7, 16, 43, 8))
            z.writestr(member, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def proof(sender, authserv="mx.support.example", result="pass"):
    return f"{authserv}; dmarc={result} header.from={sender.rsplit('@', 1)[1]}"


def mail(sender="Ann Lee <ann@partner.example>", subject="Backup job fails", text="The job fails since yesterday.\n",
         to="support@support.example", authenticated=True, attach=None, headers=None, message_id=None, cc=None):
    """Bytes with CRLF. authenticated: True for the trusted relay's pass, a string for that field, False for none."""
    m = EmailMessage(policy=SMTP)
    addr = email.utils.parseaddr(sender)[1]
    if authenticated:
        m["Authentication-Results"] = proof(addr) if authenticated is True else authenticated
    m["From"] = sender
    m["To"] = to
    if cc:
        m["Cc"] = cc
    m["Subject"] = subject
    m["Date"] = email.utils.formatdate()
    m["Message-ID"] = message_id or f"<{next(_count)}.{email.utils.make_msgid()[1:-1]}>"
    for name, value in (headers or {}).items():
        m[name] = value
    m.set_content(text)
    for name, data, kind in attach or []:
        main, sub = kind.split("/")
        m.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return m.as_bytes()


def escalation(**more):
    """A partner's mail as a partner writes it: fields, prose, a log bundle."""
    return mail(text="Product: Veeam Backup & Replication\nVersion: 12.1.2.172\nSeverity: 2\n"
                     "Triage: restarted the services, checked credentials and free space\n\n"
                     "Hello support,\n\nthe nightly job of our customer fails. Logs are attached.\n\n-- \nAnn Lee\nAcme MSP\n",
                attach=[("VeeamBackupLogs.zip", bundle(), "application/zip")], **more)
