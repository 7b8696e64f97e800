"""Our SPF beside python3-spf: the open test suite of RFC 7208 that it brings along, and made-up records that both must judge alike."""

import gzip
import pathlib
import random
import socket
import subprocess
import sys
import types

import pytest
import yaml

from gateway import BUILD

# It wants a resolver to import, which lookup() below replaces; dns.py beside this file is not the one it means.
DNS = types.ModuleType("DNS")
DNS.DiscoverNameServers = lambda: None
DNS.DNSError = OSError
DNS.Type = types.SimpleNamespace(SPF=99)
sys.modules["DNS"] = DNS
HIDDEN = {name: sys.modules.pop(name) for name in [n for n in sys.modules if n == "dns" or n.startswith("dns.")]}
sys.modules["dns"] = None
import spf  # noqa: E402

del sys.modules["dns"], sys.modules["DNS"]
sys.modules.update(HIDDEN)

ORACLE = BUILD / "unit" / "proof" / "oracle_spf"
SUITE = pathlib.Path("/usr/share/doc/python3-spf/rfc7208-tests.yml.gz")
TYPES = ("TXT", "A", "AAAA", "MX", "PTR")


def data_of(kind, value):
    if kind == "TXT":
        return 0, ("".join(value) if isinstance(value, list) else value).encode()
    if kind in ("A", "AAAA"):
        return 0, socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)
    if kind == "MX":
        return value[0], value[1].lower().rstrip(".").encode()
    return 0, value.lower().rstrip(".").encode()


def zone_lines(zone):
    """zone: as the suite writes it, {name: [{TYPE: value} or "TIMEOUT"]}. SPF stands for TXT where that is missing."""
    yield "Z"
    for name, rows in zone.items():
        own, alias = name.lower(), [r["CNAME"] for r in rows if isinstance(r, dict) and "CNAME" in r]
        rows = zone.get(alias[0], []) if alias else rows
        pairs = [next(iter(r.items())) for r in rows if isinstance(r, dict)]
        spoken = any(k == "TXT" for k, _ in pairs)
        known = {"TXT" if k == "SPF" and not spoken else k for k, v in pairs if v != "NONE"}
        for kind, value in pairs:
            kind = "TXT" if kind == "SPF" and not spoken else kind
            if value == "TIMEOUT":
                yield f"F\t{own}\t{kind}"
            elif kind in TYPES and value != "NONE":
                preference, data = data_of(kind, value)
                yield f"R\t{own}\t{kind}\t{preference}\t{data.hex()}"
        if "TIMEOUT" in rows:
            yield from (f"F\t{own}\t{kind}" for kind in TYPES if kind not in known)


def question(ip, sender, helo):
    domain = sender.rpartition("@")[2] or helo
    return f"Q\t{ip}\t{domain}\t{sender}\t{helo}"


def ours(lines):
    done = subprocess.run([ORACLE], input="\n".join(lines) + "\n", check=True, capture_output=True, text=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]


def suite():
    return [s for s in yaml.safe_load_all(gzip.open(SUITE, "rt", encoding="utf-8"))] if SUITE.exists() else []


@pytest.mark.skipif(not SUITE.exists(), reason="the suite is not installed")
@pytest.mark.parametrize("scenario", suite(), ids=lambda s: s["description"].replace(" ", "-"))
def test_open_suite(scenario):
    tests = scenario["tests"].items()
    lines = [*zone_lines(scenario["zonedata"]), *(question(t["host"], t["mailfrom"] or "", t["helo"]) for _, t in tests)]
    wrong = []
    for (name, test), (result, why) in zip(tests, ours(lines), strict=True):
        wanted = test["result"] if isinstance(test["result"], list) else [test["result"]]
        if result not in wanted:
            wrong.append((name, wanted, result, why))
    assert not wrong


ZONE = {
    "example.com": [{"A": "192.0.2.1"}, {"AAAA": "2001:db8::1"}, {"MX": [10, "mx.example.com"]}],
    "mx.example.com": [{"A": "192.0.2.9"}, {"AAAA": "2001:db8::9"}],
    "pass.test.example": [{"TXT": "v=spf1 +all"}], "fail.test.example": [{"TXT": "v=spf1 -all"}],
    "ip.test.example": [{"TXT": "v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 ?all"}], "none.test.example": [{"TXT": "text"}],
    "joe.e.example": [{"A": "127.0.0.2"}], "1.2.0.192.in-addr.e.example": [{"A": "127.0.0.2"}],
    "com.example.e.example": [{"A": "127.0.0.2"}],
}
TERMS = ["a", "a/24", "a//64", "a/28//120", "mx", "mx/28", "mx//112", "a:mx.example.com", "mx:example.com", "ip4:192.0.2.1", "ip4:192.0.2.8/29",
         "ip4:192.0.2.0/33", "ip4:1.2.3", "ip6:2001:db8::/126", "ip6:2001:db8::8/125", "ip6:1.2.3.4", "exists:%{l}.e.example",
         "exists:%{ir}.%{v}.e.example", "exists:%{dr}.e.example", "exists:%{l2r}.%{o3}.mx.%{d}", "include:pass.test.example",
         "include:fail.test.example", "include:ip.test.example", "include:none.test.example", "include:none", "redirect=ip.test.example",
         "redirect=fail.test.example", "redirect=none.test.example", "exp=why.example.com", "future=1", "all", "all:x", "a:", "exists:%{q}.com",
         "a:%{d", "%", "ip4"]


def lookup(name, kind, *_args, **_more):
    rows = [r[kind] for r in ZONE.get(name.lower().rstrip("."), []) if kind in r]
    for value in rows:
        if kind == "TXT":
            value = (value.encode(),)
        elif kind == "AAAA":
            value = socket.inet_pton(socket.AF_INET6, value)
        yield (name, kind), tuple(value) if isinstance(value, list) else value


def test_made_up_records(monkeypatch):
    monkeypatch.setattr(spf, "DNSLookup", lookup)
    rnd, lines, theirs = random.Random(7208), [], []
    for _ in range(1500):
        terms = [rnd.choice(["", "", "-", "~", "?"]) * ("=" not in t) + t for t in rnd.choices(TERMS, k=rnd.randint(1, 4))]
        record = " ".join(["v=spf1", *terms, *rnd.choice([["-all"], []])])
        ZONE["example.com"][3:] = [{"TXT": record}]
        ip = rnd.choice(["192.0.2.1", "192.0.2.9", "192.0.2.77", "2001:db8::1", "2001:db8::9", "2001:db8:1::1"])
        lines += [*zone_lines(ZONE), question(ip, "joe@example.com", "helo.example.com")]
        theirs.append((record, ip, spf.query(ip, "joe@example.com", "helo.example.com").check()[0]))
    wrong = [(t, o) for t, o in zip(theirs, ours(lines), strict=True) if t[2] != o[0]]
    assert not wrong
    assert {t[2] for t in theirs} >= {"pass", "fail", "softfail", "neutral", "permerror"}
