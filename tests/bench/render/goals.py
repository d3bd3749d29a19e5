# SPDX-License-Identifier: Apache-2.0
"""What the proxy should reach, and whether the figures say that it does."""

import dataclasses

MET, MISSED, OPEN = "met", "**missed**", "not decided"
BULK = 1048576  # bytes of a response; in smaller ones what counts is requests, not bytes
LOADED = (32, 256)  # connections

FASTER_THAN_COMMON = 1.1  # the better of HAProxy and nginx
FASTER_THAN_ENVOY = 1.8
RULES_COST_AT_MOST = 0.05
IDLE_MIB = 60


@dataclasses.dataclass
class Goal:
    what: str
    where: str  # which scenario
    against: str  # which peer; may be empty
    measured: str
    verdict: str


def interval(ratio):
    return f"{ratio['mean']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"


def at_least(ratio, goal):
    """A goal is met, or missed, when all of the 95 % interval says so."""
    return MET if ratio["low"] >= goal else MISSED if ratio["high"] < goal else OPEN


def at_most(ratio, goal):
    return MET if ratio["high"] <= goal else MISSED if ratio["low"] > goal else OPEN


def peers(scenario, names=None):
    return [c for c in scenario["contenders"]
            if "ratios" in c and (names is None or c["name"] in names)]


def _where(scenario):
    group = scenario["group"]
    return scenario["name"] if group == "HTTP/1.1" else f"{group}, {scenario['name']}"


def _rate(scenario, goal, names, what):
    """Against the peer that comes closest."""
    found = peers(scenario, names)
    if not found:
        return []
    peer = min(found, key=lambda c: c["ratios"]["rate"]["mean"])
    ratio = peer["ratios"]["rate"]
    return [Goal(what, _where(scenario), peer["name"], interval(ratio), at_least(ratio, goal))]


def _least(scenario, field, what):
    """Of latency or CPU time: no worse than the peer with the least."""
    found = peers(scenario)
    if not found:
        return []
    peer = max(found, key=lambda c: c["ratios"][field]["mean"])
    ratio = peer["ratios"][field]
    return [Goal(what, _where(scenario), peer["name"], interval(ratio), at_most(ratio, 1))]


def _loaded(report):
    return [s for s in report["scenarios"]
            if s["group"] == "HTTP/1.1" and s["load"]["connections"] in LOADED]


def _http2(report):
    return [s for s in report["scenarios"] if s["group"] in ("HTTP/2", "gRPC")]


def _rules(report):
    for scenario in report["scenarios"]:
        if scenario["id"] == "rules":
            for one in peers(scenario):
                ratio = one["ratios"]["rate"]
                yield Goal(f"1,000 rules cost less than {RULES_COST_AT_MOST:.0%} of the rate",
                           scenario["name"], one["name"], interval(ratio),
                           at_least(ratio, 1 - RULES_COST_AT_MOST))


def _idle(report):
    idle = report.get("idle", {"contenders": []})
    for contender in idle["contenders"]:
        if contender["name"] == "sluice":
            size = contender["residentMiB"]
            yield Goal(f"less than {IDLE_MIB} MiB", f"{idle['connections']:,} idle connections", "",
                       f"{size:.1f} MiB", MET if size < IDLE_MIB else MISSED)


def goals(report):
    """In the order of the page."""
    found = []
    loaded = _loaded(report)
    requests = [s for s in loaded if s["load"]["responseBytes"] < BULK]
    bulk = [s for s in loaded if s["load"]["responseBytes"] >= BULK]
    for s in requests:
        found += _rate(s, FASTER_THAN_COMMON, ("haproxy", "nginx"),
                       f"{FASTER_THAN_COMMON}x the rate of the better of HAProxy and nginx")
    for s in requests:
        found += _rate(s, FASTER_THAN_ENVOY, ("envoy",), f"{FASTER_THAN_ENVOY}x the rate of Envoy")
    for s in loaded + _http2(report):
        found += _least(s, "p99", "p99 no worse than the best")
    for s in loaded + _http2(report):
        found += _least(s, "cpu", "least CPU time for a request")
    for s in bulk:
        found += _rate(s, 1, None, "bulk transfer at least as fast as the best")
    return found + list(_rules(report)) + list(_idle(report))
