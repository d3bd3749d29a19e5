# SPDX-License-Identifier: Apache-2.0
"""Differences that are decided; docs/istio-differences.md gives the reasons."""
import json
from dataclasses import dataclass
from typing import Callable

import registry


@dataclass(frozen=True)
class Known:
    name: str  # the subject of its line in the document
    holds: Callable


def has_token_breaking_operation(rule):
    names = ("a b", "a:b", "a\u00e9", "@request.auth.claims.x")
    return rule["kind"] == "VirtualService" and any(
        json.dumps(name) + ":" in json.dumps(rule["spec"]) for name in names)


def mirrors_almost_nothing(rule):
    return any(0 < value < 0.0001 for route in rule["spec"].get("http") or [] if route
               for value in [(route.get("mirrorPercentage") or {}).get("value")]
               if isinstance(value, float))


def has_range_of_everything(rules, _call, ours, theirs):
    return not ours.rule and not theirs.rule and "0.0.0.0/0" in json.dumps(rules)


def has_null_in_map(rule):
    return any(f'"{name}": null' in json.dumps(rule["spec"]) for name in ("a", "x-a", "q"))


def has_empty_endpoints(rule):
    return rule["kind"] == "ServiceEntry" and rule["spec"].get("endpoints") == []


def has_tls_rule_behind_one_with_ranges(rules, _call, _ours, theirs):
    return theirs.action == "passthrough" and any(
        "destinationSubnets" in match for rule in rules for tls in rule["spec"].get("tls", [])
        for match in tls["match"])


def is_http_in_a_range(rules, call, _ours, theirs):
    return call.protocol == "http" and call.port == registry.DETECTED_PORT and not theirs.path \
        and any("destinationSubnets" in match for rule in rules
                for tcp in rule["spec"].get("tcp", []) for match in tcp.get("match", []))


def is_address_of_an_older_entry(rules, call, _ours, theirs):
    entries = [rule["spec"] for rule in rules if rule["kind"] == "ServiceEntry"]
    return theirs.action == "passthrough" and any(
        call.authority.split(":")[0] in entry.get("addresses", ()) and other is not entry
        and not set(entry["hosts"]).isdisjoint(other["hosts"])
        for entry in entries for other in entries)


def is_refused_by_envoy(_rules, _call, _ours, theirs):
    return theirs.action == "refused configuration"


def has_wrong_percent(rule):
    text = json.dumps(rule["spec"])
    return '"percent": 101' in text or '"percent": -1' in text


def has_policy_of_port_zero(rule):
    return '"portLevelSettings": [{"port": {"number": 0}' in json.dumps(rule["spec"])


VERDICTS = (  # of (rule)
    Known("`portLevelSettings` of port 0", has_policy_of_port_zero),
    Known("Names in header operations", has_token_breaking_operation),
    Known("`mirrorPercentage` above 0 and below 0.0001", mirrors_almost_nothing),
    Known("`null` as a value of a map (`headers`, `queryParams`, …)", has_null_in_map),
    Known("`endpoints: []` with `resolution: NONE`", has_empty_endpoints),
    Known("`percent` of a delay", has_wrong_percent))
CALLS = (  # of (rules, call, ours, theirs)
    Known("Two `tls` or `tcp` rules for the same part of a server's names or addresses",
          is_refused_by_envoy),
    Known("`destinationSubnets: [0.0.0.0/0]`", has_range_of_everything),
    Known("`tcp` rules with `destinationSubnets` on undeclared ports", is_http_in_a_range),
    Known("`tls` rules with `destinationSubnets`", has_tls_rule_behind_one_with_ranges),
    Known("Several ServiceEntries of one host",
          is_address_of_an_older_entry))


def known_verdict(rule):
    """The name of the decision; empty when there is none."""
    return next((known.name for known in VERDICTS if known.holds(rule)), "")


def known_difference(rules, call, ours, theirs):
    return next((known.name for known in CALLS if known.holds(rules, call, ours, theirs)), "")
