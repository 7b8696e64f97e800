"""Answers as the mail programs of people write them: header fields, quoting and HTML of each, of our own making."""

import email
import email.policy
import email.utils
from email.message import EmailMessage
from email.policy import SMTP

import mails


def _text_of(parent):
    body = parent.get_body(("plain",))
    return body.get_content() if body else ""


def _outlook(m, text, parent):
    m["Thread-Topic"] = parent["Subject"]
    m["Thread-Index"] = "AQHb1Zk3m0Jt0uQ2XkKQ9y0m3l2q5LTh8Q=="
    m["Accept-Language"] = "en-GB, en-US"
    m["X-MS-Has-Attach"] = ""
    plain = (f"{text}\n\n________________________________\nFrom: {parent['From']}\nSent: 24 November 2026 03:10\n"
             f"To: {parent['To']}\nSubject: {parent['Subject']}\n\n{_text_of(parent)}")
    html = (f"<html><head><style>p.MsoNormal{{margin:0cm}}</style></head><body lang=EN-GB><div class=WordSection1>"
            f"<p class=MsoNormal>{text}<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
            f"<p class=MsoNormal><b>From:</b> them<br><b>Sent:</b> 24 November 2026 03:10<br><b>Subject:</b> "
            f"{parent['Subject']}</p></div><p class=MsoNormal>{_text_of(parent)}</p></div></body></html>")
    m.set_content(plain)
    m.add_alternative(html, subtype="html")


def _gmail(m, text, parent):
    intro = f"On Tue, Nov 24, 2026 at 3:10 AM {parent['From']} wrote:"
    quoted = "".join(f"> {line}\n" for line in _text_of(parent).splitlines())
    m.set_content(f"{text}\n\n{intro}\n\n{quoted}")
    m.add_alternative(f'<div dir="ltr">{text}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{intro}<br>'
                      f'</div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{_text_of(parent)}'
                      f'</blockquote></div>', subtype="html")


def _apple(m, text, parent):
    m["Mime-Version"] = "1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))"
    m["X-Mailer"] = "Apple Mail (2.3774.600.62)"
    quoted = "".join(f"> {line}\n" for line in _text_of(parent).splitlines())
    m.set_content(f"{text}\n\n> On 24. Nov 2026, at 03:10, {parent['From']} wrote:\n> \n{quoted}")


def _thunderbird(m, text, parent):
    m["User-Agent"] = "Mozilla Thunderbird"
    m["Content-Language"] = "en-US"
    quoted = "".join(f"> {line}\n" for line in _text_of(parent).splitlines())
    m.set_content(f"On 24.11.26 03:10, {email.utils.parseaddr(parent['From'])[0]} wrote:\n{quoted}\n{text}\n")


FORMS = {"outlook": _outlook, "gmail": _gmail, "apple": _apple, "thunderbird": _thunderbird}


def reply(form, parent, sender, text, to="support@support.example", cc=None, subject=None, thread=True, headers=None):
    """Bytes of an answer to the bytes of another mail, proved by the trusted relay. thread: with In-Reply-To, References."""
    old = email.message_from_bytes(parent, policy=email.policy.default)
    m = EmailMessage(policy=SMTP)
    m["Authentication-Results"] = mails.proof(email.utils.parseaddr(sender)[1])
    m["From"] = sender
    m["To"] = to
    if cc:
        m["Cc"] = cc
    m["Subject"] = subject or f"Re: {old['Subject']}"
    m["Date"] = email.utils.formatdate()
    m["Message-ID"] = email.utils.make_msgid(domain=email.utils.parseaddr(sender)[1].rsplit("@", 1)[1])
    if thread:
        m["In-Reply-To"] = old["Message-ID"]
        m["References"] = " ".join(filter(None, [old["References"], old["Message-ID"]]))
    for name, value in (headers or {}).items():
        m[name] = value
    FORMS[form](m, text, old)
    return m.as_bytes()
