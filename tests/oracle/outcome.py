# SPDX-License-Identifier: Apache-2.0
"""What becomes of a call, in words that both sides can fill in."""
from dataclasses import dataclass, field, replace

SHARE_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Destination:
    share: float
    exists: bool
    endpoints: frozenset = frozenset()  # those that are ready and known beforehand
    destination_rule: str = ""
    policies: dict = field(default_factory=dict)  # by name


@dataclass(frozen=True)
class Outcome:
    # forward, redirect, answer, passthrough (also to a destination that keeps the address that was
    # called), refused (no answer), refused configuration (by Envoy)
    action: str
    status: int = 0  # of redirect and answer
    rule: str = ""  # "shop/vs-0 r1"; empty for connections and where no VirtualService decides
    path: str = ""  # as the request goes on
    timeout: float = 0  # seconds; 0: none
    location: str = ""  # of redirect
    policies: dict = field(default_factory=dict)  # of the rule, by name
    # By (host, subset, port, Host that is sent, Headers of requests, Headers of responses).
    destinations: dict = field(default_factory=dict)


def united(destinations):
    """(key, Destination) as a dictionary; a rule may name one destination several times."""
    by_key = {}
    for key, destination in destinations:
        known = by_key.get(key)
        share = destination.share + (known.share if known else 0)
        by_key[key] = replace(destination, share=share)
    return by_key


def difference(ours, theirs):
    """Where two Outcomes differ first; empty when they agree."""
    for name in ("action", "status", "rule", "path", "timeout", "location"):
        if getattr(ours, name) != getattr(theirs, name):
            return name
    if place := policy_difference(ours, theirs):
        return place
    if ours.destinations.keys() != theirs.destinations.keys():
        return "destinations"
    return next((f"{place} of {key}" for key, mine in ours.destinations.items()
                 if (place := destination_difference(mine, theirs.destinations[key]))), "")


def destination_difference(ours, theirs):
    if abs(ours.share - theirs.share) > SHARE_TOLERANCE:
        return "share"
    return next((name for name in ("exists", "endpoints", "destination_rule")
                 if getattr(ours, name) != getattr(theirs, name)), "") or \
        policy_difference(ours, theirs)


def policy_difference(ours, theirs):
    names = {**ours.policies, **theirs.policies}
    return next((name for name in names if ours.policies.get(name) != theirs.policies.get(name)),
                "")
