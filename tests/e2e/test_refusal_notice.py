"""Mail that was fetched from a mailbox and refused: who is told, of what, and how often (POLICY, below the table)."""

import pytest

from dovecot import Dovecot
from mails import mail, proof
from sink import Sink
from test_imap import MOVES, box
from test_outgoing import gateway, wait_for

BOB = "Bob <bob@customer.example>"


@pytest.fixture
def post(tmp_path):
    """A mailbox whose provider's word counts, and where letters arrive."""
    with Sink() as sink, Dovecot() as d:
        with gateway(sink, extra=box(d, tmp_path, more=f"authserv-id mx.support.example {MOVES}")) as g:
            g.start()
            g.sink, g.box = sink, d
            yield g


def refuse(g, *mails):
    before = len(g.box.subjects("Rejected"))
    g.box.deliver(*mails)
    wait_for(lambda: len(g.box.subjects("Rejected")) == before + len(mails), "the refusals")


def test_a_customer_is_told_once(post):
    refuse(post, mail(sender=BOB, subject="Backup fails", message_id="<first@customer.example>"))
    wait_for(lambda: post.sink.to("bob@customer.example"), "the notice")
    notice = post.sink.to("bob@customer.example")[0]
    assert "cases are opened through your service provider" in notice.text and '"Backup fails"' in notice.text
    assert notice["In-Reply-To"] == "<first@customer.example>" and notice["Auto-Submitted"] == "auto-replied"
    assert notice["Subject"] == "Backup fails" and "Acme" not in notice.text and "partner.example" not in notice.text
    # the reference leads an operator to the record
    record = [a for a in post.api("GET", "/v1/audit").json["items"] if a["what"] == "mail.refused"][0]
    assert record["rule"] == "V17" and record["reference"] in notice.text
    row = post.api("GET", "/v1/outbox").json["items"][0]
    assert row["kind"] == "refused" and row["recipient"] == "bob@customer.example"
    # not again that day; nor a word to those who are not authenticated, to lists, to programs
    refuse(post, mail(sender=BOB, subject="Again"), mail(sender="Carl <carl@customer.example>", authenticated=False),
           mail(sender="Dora <dora@customer.example>", headers={"Precedence": "bulk", "List-Id": "<all.customer.example>"}),
           mail(sender="Eve <eve@nowhere.example>"))
    post.box.deliver(mail(sender="Fred <fred@customer.example>", headers={"Auto-Submitted": "auto-replied"}))
    wait_for(lambda: post.box.count() == 0, "the last one")
    # what comes back to the notice's return path is no ticket
    code, _ = post.send(mail(sender=BOB, subject="Out of office", to=notice.path, headers={"Auto-Submitted": "auto-replied"}), sender="",
                        to=notice.path)
    assert code == 250
    assert len(post.api("GET", "/v1/outbox").json["items"]) == 1 and len(post.sink.mails) == 1
    assert post.api("GET", "/v1/tickets").json["items"] == []


def test_of_a_membership_that_has_ended(post):
    post.tool("partner", "set", "acme-msp", "--status", "suspended")
    refuse(post, mail(subject="Help"))
    wait_for(lambda: post.sink.to("ann@partner.example"), "the notice")
    assert "programme membership is not active" in post.sink.to("ann@partner.example")[0].text


def test_not_when_the_door_was_smtp(post):
    code, _ = post.send(mail(sender=BOB), sender="bob@customer.example")
    assert code == 550
    refuse(post, mail(sender="Gina <gina@customer.example>"))
    wait_for(lambda: post.sink.mails, "Gina's notice")
    assert [m.rcpts for m in post.sink.mails] == [["gina@customer.example"]]
    assert proof("gina@customer.example") not in post.sink.mails[0].text
