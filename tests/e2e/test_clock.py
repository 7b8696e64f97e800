"""First-response clocks: warned, breached, met in time, none where none is configured."""

import mails
from gateway import Gateway, wait_for


def events(g, until):
    seen = []

    def look():
        items = g.claim(10, wait=0)
        seen.extend((i["event"]["ticket"]["number"], i["event"]["event"], i["event"]["ticket"]["sla"]["state"]) for i in items)
        if items:
            g.ack(items)
        return any(e[1] == until for e in seen)
    wait_for(look, f"{until}, after {seen}")
    return [e for e in seen if e[1].startswith("sla.")]


def test_warned_and_breached_once_each():
    with Gateway(extra="sla severity 3 first-response 4s warn 2s") as g:
        g.start()
        assert g.send(mails.mail())[0] == 250
        assert [e[1:] for e in events(g, "sla.breached")] == [("sla.warning", "warned"), ("sla.breached", "breached")]
        assert g.api("GET", "/v1/tickets/1001").json["sla"]["state"] == "breached"
        # and never again
        assert g.send(mails.mail())[0] == 250
        assert {e[0] for e in events(g, "sla.breached")} == {1002}


def test_a_clock_that_passed_while_we_were_down():
    with Gateway(extra="sla severity 3 first-response 3s warn 1s") as g:
        g.start()
        assert g.send(mails.mail())[0] == 250
        wait_for(lambda: g.api("GET", "/v1/tickets/1001").status == 200, "the ticket")
        g.kill()
        due = []
        wait_for(lambda: due.append(1) or len(due) > 12, "the due time")
        g.start(sample=False)
        assert ("sla.breached", "breached") in [e[1:] for e in events(g, "sla.breached")]


def test_a_closed_ticket_stands_still():
    with Gateway(extra="sla severity 3 first-response 5s warn 4s") as g:
        g.start()
        assert g.send(mails.mail())[0] == 250
        wait_for(lambda: g.api("GET", "/v1/tickets/1001").status == 200, "the ticket")
        g.tool("ticket", "set", "1001", "--status", "closed")
        assert g.send(mails.mail())[0] == 250
        assert {e[0] for e in events(g, "sla.breached")} == {1002}
        assert g.api("GET", "/v1/tickets/1001").json["sla"]["state"] == "running"
