# SPDX-License-Identifier: Apache-2.0
"""Our side: what `oracle-explain` says of calls, as Outcomes."""
import json
import os
import subprocess

import sluice_policies
from outcome import Destination, Outcome, united

AGENT = {"apiVersion": "sluice.io/v1", "kind": "Agent", "metadata": {"name": "agent"},
         "spec": {"httpMode": "istio", "steer": "all"}}
LOCAL_ANSWERS = ("direct_response", "not_found")
FORWARDING = ("route", "no_cluster", "no_endpoints")


class Sluice:
    """program: oracle-explain; directory: for the configuration."""

    def __init__(self, program, directory):
        self.program = program
        self.file = os.path.join(directory, "configuration.yaml")

    def outcomes(self, resources, calls):
        """(reasons of refusal by id, an Outcome for each call)."""
        with open(self.file, "w", encoding="utf-8") as file:
            for resource in (AGENT, *resources):
                file.write(json.dumps(resource) + "\n---\n")
        asked = "".join(json.dumps(call.as_json()) + "\n" for call in calls)
        done = subprocess.run([self.program, self.file], input=asked, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"oracle-explain: {done.returncode} {done.stderr}")
        refused, *answers = map(json.loads, done.stdout.splitlines())
        return refused, [outcome(answer) for answer in answers]


def outcome(answer):
    action, rule = answer["action"], rule_of(answer)
    if action == "redirect":
        return Outcome("redirect", status=answer["status"], rule=rule,
                       location=answer["location"])
    if action in LOCAL_ANSWERS:
        return Outcome("answer", status=answer["status"], rule=rule)
    if action == "passthrough":
        return Outcome("passthrough")
    destinations = answer["destinations"]
    if destinations and all(d["keepsAddress"] for d in destinations):
        return Outcome("passthrough")
    if action in FORWARDING or destinations:
        return Outcome("forward", rule=rule, path=answer["upstreamPath"],
                       timeout=sluice_policies.seconds(answer["policy"].get("timeout", "")),
                       policies=sluice_policies.of_route(answer) if is_http(answer) else {},
                       destinations=united(
                           ((d["host"], d["subset"], d["port"],
                             *sluice_policies.way_to(answer, d)), destination(d))
                           for d in destinations))
    return Outcome(action)


def is_http(answer):
    """Whether a request is forwarded, not a connection."""
    return bool(answer["upstreamPath"])


def rule_of(answer):
    """Rules of http have names in these rounds; of connections only the service is known."""
    rule = answer["rule"]
    if rule is None or rule["index"] < 0 or rule["list"] != "http":
        return ""
    return f"{rule['virtualService']} {rule['name']}"


def destination(described):
    if not described["exists"]:
        return Destination(described["share"], exists=False)
    endpoints = frozenset(endpoint["address"] for endpoint in described["endpoints"]
                          if "address" in endpoint and not described["keepsAddress"])
    return Destination(described["share"], True, endpoints, described["destinationRule"],
                       sluice_policies.of_cluster(described))
