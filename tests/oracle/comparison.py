# SPDX-License-Identifier: Apache-2.0
"""One round: the same rules and calls for both sides, and a report of what differs."""
import collections
import json

import registry
from calls import CallMaker
from istiod import id_of
from oddities import odd_rules
from outcome import difference
from known_differences import known_difference, known_verdict
from rules import RuleMaker
from shrink import shrink


class Comparison:
    def __init__(self, istiod, sluice, shrinks):
        """shrinks: whether the rules of a difference are made as few as they can be."""
        self.istiod, self.sluice, self.shrinks = istiod, sluice, shrinks
        self.counts = collections.Counter()

    def play_round(self, seed, calls, odd):
        """True when nothing differs that is not known to."""
        older, younger = RuleMaker(seed).batch()
        refused, same = self._compare_verdicts(
            seed, [*older, *younger, *odd_rules(seed, odd)])
        older, younger = ([rule for rule in rules if id_of(rule) not in refused]
                          for rules in (older, younger))
        maker = CallMaker(seed, [*older, *younger])
        return self._compare_calls(seed, older, younger,
                                   [maker.call() for _ in range(calls)]) and same

    def _compare_verdicts(self, seed, rules):
        """(ids of what anyone refuses, whether both refuse the same)."""
        ours, _ = self.sluice.outcomes(rules, [])
        theirs = {id_of(rule): reason for rule in rules if (reason := self.istiod.refusal(rule))}
        self.counts["rules"] += len(rules)
        self.counts["refused"] += len(theirs)
        same = True
        for rule in rules:
            name = id_of(rule)
            if (name in ours) == (name in theirs) or self._is_known_verdict(rule):
                continue
            same = False
            print(f"seed {seed}: one side refuses {rule['kind']} {json.dumps(rule['spec'])}\n"
                  f"  istio:  {theirs.get(name, '-')}\n  sluice: {ours.get(name, '-')}", flush=True)
        return {*ours, *theirs}, same

    def _is_known_verdict(self, rule):
        known = known_verdict(rule)
        if known:
            self.counts["known: " + known] += 1
        return bool(known)

    def _compare_calls(self, seed, older, younger, calls):
        self.istiod.load(older, younger)
        compared = self._outcomes(calls)
        self.counts["calls"] += len(calls)
        self.counts.update(f"outcome: {theirs.action}" for _, _, theirs in compared)
        rules = [*older, *younger]
        differing = [one for one in compared if self._differs(rules, *one)]
        if differing:
            self._report(seed, (older, younger), differing)
        return not differing

    def _outcomes(self, calls):
        """(call, ours, theirs) with the rules that are loaded."""
        _, ours = self.sluice.outcomes([*registry.resources(), *self.istiod.loaded.values()], calls)
        sidecars = self.istiod.sidecars()
        return [(call, outcome, sidecars[call.client].outcome(call))
                for call, outcome in zip(calls, ours, strict=True)]

    def _differs(self, rules, call, ours, theirs):
        if not difference(ours, theirs):
            return False
        known = known_difference(rules, call, ours, theirs)
        if known:
            self.counts["known: " + known] += 1
        return not known

    def _report(self, seed, rules, differing):
        call, ours, theirs = differing[0]
        print(f"seed {seed}: {len(differing)} calls differ, the first in "
              f"{difference(ours, theirs)}:")
        if self.shrinks:
            rules = self._shrink(rules, call, difference(ours, theirs))
            _, ours, theirs = self._outcomes([call])[0]
        print(f"  {call}\n  istio:  {theirs}\n  sluice: {ours}")
        for age, some in zip(("older", "younger"), rules, strict=True):
            for rule in some:
                print(f"  {age} {id_of(rule)}: {json.dumps(rule['spec'])}", flush=True)

    def _shrink(self, rules, call, wanted):
        def still_differs(older, younger):
            refused, _ = self.sluice.outcomes([*older, *younger], [])
            if refused or any(map(self.istiod.refusal, (*older, *younger))):
                return False
            self.istiod.load(older, younger)
            return any(difference(ours, theirs) == wanted
                       for _, ours, theirs in self._outcomes([call]))

        rules = shrink(*rules, still_differs)
        self.istiod.load(*rules)
        return rules
