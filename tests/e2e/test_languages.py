"""Letters in the partner's language: ours, the operator's, what is missing falls back."""

import mails
import pytest
from sink import Sink
from test_outgoing import check, gateway, opened, wait_for


@pytest.fixture
def sink():
    with Sink() as s:
        yield s


def test_a_partners_language(sink):
    """Text and words; the subject, by which mail programs thread, stays."""
    with gateway(sink) as g:
        g.start()
        g.sink = sink
        g.tool("agent", "add", "--address", "lee@support.example", "--name", "Lee Park")
        g.tool("partner", "set", "acme-msp", "--language", "de-AT")
        number, ack = opened(g, subject="Job fails", text="Product: Veeam Backup & Replication\n\nDer Job bricht ab.\n",
                             cc="Bob <bob@customer.example>")
        assert ack["Subject"] == f"[#{number}] Job fails" and f"wir haben den Fall #{number} angelegt: Job fails" in ack.text
        assert "Produkt: Veeam Backup" in ack.text and "die Protokolldateien" in ack.text and "(Ansprechpartner)" in ack.text
        wait_for(lambda: sink.to("bob@customer.example"), "Bob's letter")
        assert f"hat Sie zum Fall #{number} hinzugezogen" in sink.to("bob@customer.example")[0].text
        g.tool("ticket", "remove-participant", str(number), "bob@customer.example")
        wait_for(lambda: len(sink.to("bob@customer.example")) == 2, "the notice")
        assert f"Sie nehmen nicht mehr am Fall #{number} teil" in sink.to("bob@customer.example")[1].text
        g.tool("partner", "set", "acme-msp", "--language", "nl")
        assert "we have opened case" in opened(g)[1].text


def test_an_operators_language(tmp_path, sink):
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl" / "ack.txt").write_text("Sprawa {{number}}. {{#missing}}[{{text}}]{{/missing}}\n")
    (tmp_path / "pl" / "words.txt").write_text("ask-logs pliki dziennika\n")
    (tmp_path / "English texts").mkdir()
    for f in (tmp_path, tmp_path / "pl"):
        f.chmod(0o755)
    with gateway(sink, extra=f"templates {tmp_path}") as g:
        g.start()
        g.sink = sink
        g.tool("partner", "set", "acme-msp", "--language", "pl")
        number, ack = opened(g)
        assert ack.text.startswith(f"Sprawa {number}. [pliki dziennika][the exact error message")
        # a reload reads them again, and forgets what is gone
        (tmp_path / "pl" / "ack.txt").unlink()
        g.hangup()

        def english():
            g.send(mails.mail(), sender="ann@partner.example")
            return any("we have opened case" in m.text for m in sink.to("ann@partner.example"))
        wait_for(english, "the built-in text")


@pytest.mark.parametrize("name, text, why", [
    ("fr/ack.txt", "un\n{{nobody}}\n", "fr/ack.txt:2: no such value"),
    ("pt-br/words.txt", "product Produto\nprodutto x\n", "pt-br/words.txt:2: no such word"),
    ("de/reply.txt", "", "de/reply.txt: it must be UTF-8 text, and not empty"),
    ("de/relay.txt", "{{text}}\n\n{{#people}}\n", "de/relay.txt:4: a section is not closed"),
])
def test_a_broken_variant_is_named(tmp_path, sink, name, text, why):
    file = tmp_path / name
    file.parent.mkdir()
    file.write_text(text)
    with gateway(sink, extra=f"templates {tmp_path}") as g:
        done = check(g)
        assert done.returncode == 78 and f"{tmp_path}/{why}" in done.stderr, done.stderr
