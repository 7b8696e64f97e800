"""make bench: messages per second through the parser library, beside GMime alone, Python's email package and Perl's
MIME::Parser on the same mails, in alternating runs. Every peer parses and decodes all parts (GMime also character sets, names and
addresses); only ours also finds text, quotes, logs, errors and fields; "json" prints them too. First mails without attachments, for
what only ours looks into takes most of the time of the others; then all.

    BENCH_RUNS=5 BENCH_CORPUS=tests/corpus
"""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VCSPGATE_BUILD", ROOT / "build"))
CORPUS = pathlib.Path(os.environ.get("BENCH_CORPUS", ROOT / "tests/corpus"))
ATTACHED = re.compile(rb"^content-disposition: *attachment|^begin 6|filename=|^content-type: *(application|image|message)", re.I | re.M)
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
PERL = """use MIME::Parser; my $n = 0; my @mails = map { local $/; open my $f, '<', $_ or die; <$f> } @ARGV;
use Time::HiRes 'time'; my $start = time;
for my $m (@mails) { my $p = MIME::Parser->new; $p->output_to_core(1); $p->tmp_to_core(1);
  my $e = eval { $p->parse_data($m) } or next; my @todo = ($e);
  while (my $x = shift @todo) { push @todo, $x->parts; my $b = $x->bodyhandle; $b->as_string if $b } $n++ }
printf "%d %f\\n", $n, time - $start;"""


def native(what, rounds, folder):
    mails, _, seconds = subprocess.run([str(BUILD / "bench/bench_parse"), what, str(rounds), str(folder)], check=True, capture_output=True,
                                       text=True, timeout=600).stdout.split()
    return int(mails) / float(seconds)


def python(mails):
    import email
    import email.policy
    start = time.monotonic()
    for raw in mails:
        for part in email.message_from_bytes(raw, policy=email.policy.compat32).walk():
            part.get_payload(decode=True)
    return len(mails) / (time.monotonic() - start)


def perl(paths):
    done = subprocess.run(["perl", "-e", PERL, *map(str, paths)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        return None
    n, seconds = done.stdout.split()
    return int(n) / float(seconds)


def compare(what, paths, folder):
    mails = [p.read_bytes() for p in paths]
    rounds = max(1, 4000 // len(mails))
    rates = {"vcspgate": [], "json": [], "gmime": [], "python": [], "perl": []}
    for _ in range(RUNS):
        rates["vcspgate"].append(native("ours", rounds, folder))
        rates["gmime"].append(native("gmime", rounds, folder))
        rates["json"].append(native("json", rounds, folder))
        rates["python"].append(python(mails))
        rate = perl(paths) if shutil.which("perl") else None
        if rate is not None:
            rates["perl"].append(rate)
    ours = statistics.median(rates["vcspgate"])
    print(f"parsed messages per second, {len(mails)} {what} of {sum(map(len, mails)) // len(mails)} bytes on average, median of {RUNS} (min-max)")
    for name, r in rates.items():
        if r:
            print(f"{name:>10} {statistics.median(r):10.0f} ({min(r):.0f}-{max(r):.0f})  vcspgate/{name} {ours / statistics.median(r):.2f}")
        else:
            print(f"{name:>10} not installed")


def main():
    paths = sorted(CORPUS.glob("*.eml"))
    texts = [p for p in paths if not ATTACHED.search(p.read_bytes())]
    with tempfile.TemporaryDirectory() as folder:
        for p in texts:
            shutil.copy(p, folder)
        compare("mails without attachments", texts, folder)
    compare("mails", paths, CORPUS)


if __name__ == "__main__":
    sys.exit(main())
