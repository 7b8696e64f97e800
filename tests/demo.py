"""make demo: a gateway on loopback, a partner's mail, a customer's mail, the ticket as the backend claims it."""

import json
import signal
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/e2e")
import mails  # noqa: E402
from gateway import Gateway  # noqa: E402


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def forever(g):
    say(f"The gateway runs in {g.dir}")
    print(f"  SMTP on 127.0.0.1:{g.smtp_port}, LMTP on 127.0.0.1:{g.lmtp_port}, API on {g.sock}\n"
          f"  try: VCSPGATE_SOCKET={g.sock} build/vcspgate partner list\n"
          "  Ctrl-C stops it.", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


def show(g):
    say("A partner's contact escalates, with a log bundle, over SMTP")
    print("  <-", *g.send(mails.escalation()))
    say("A customer of that partner writes on their own")
    print("  <-", *g.send(mails.mail(sender="Bob <bob@customer.example>", subject="Please help us directly")))
    say("A stranger writes")
    print("  <-", *g.send(mails.mail(sender="eve@stranger.example", authenticated=False)))
    say("What the audit says of the refusals")
    print(g.tool("audit"), end="")
    say("The support backend claims the ticket")
    item = g.claim(1)[0]
    print(json.dumps(item, indent=2, ensure_ascii=False))
    g.ack([item])
    say("Acknowledged; the registry, the ticket, the queue by command line")
    print(g.tool("partner", "list"), g.tool("ticket", "list"), g.tool("queue", "stats"), sep="\n", end="")


def main():
    if "--run" in sys.argv:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with Gateway() as g:
        g.start()
        forever(g) if "--run" in sys.argv else show(g)
    say("Stopped.")


main()
