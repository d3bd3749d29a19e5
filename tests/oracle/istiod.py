# SPDX-License-Identifier: Apache-2.0
"""Istio's side: the registry and the rules of a round in a real istiod."""
import contextlib
import json
import os
import time
import urllib.request

import yaml

import registry
from api_client import Refused
from cluster import wait_for
from proxy_stream import ProxyStream
from rules import ENTRY_HOSTS, resource
from sidecar import Sidecar

MARKER = "marker"
MARKER_NAMESPACE = "billing"


class Istiod:
    """cluster: a running one, which ends after this context."""

    def __init__(self, cluster):
        self.cluster, self.client = cluster, cluster.client
        self.stack = contextlib.ExitStack()
        self.streams = {}
        self.loaded = {}  # what the API server has of the rules, by id
        self.pushes = 0

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            pods = self._fill()
            self.cluster.start_istiod()
            log = self.cluster.log(stack, "grpcurl")
            for name in registry.CLIENTS:
                self.streams[name] = stack.enter_context(
                    ProxyStream(self.cluster.tool("grpcurl"), self.cluster.xds_address, pods[name],
                                watched_names(), log))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self.stack.__exit__(*failure)

    def _fill(self):
        """Returns the Pods by name."""
        with open(os.path.join(self.cluster.tools, "crds.yaml"), encoding="utf-8") as file:
            for document in yaml.load_all(file, yaml.CSafeLoader):
                if document:
                    self.client.create(document)
        wait_for("the API of the CRDs", self._serves_rules)
        made = [self.client.create(item) for item in registry.resources()]
        return {item["metadata"]["name"]: item for item in made if item["kind"] == "Pod"}

    def _serves_rules(self):
        try:
            for plural in ("virtualservices", "destinationrules", "serviceentries"):
                self.client.get("/apis/networking.istio.io/v1/" + plural)
            return True
        except Refused:
            return False

    def refusal(self, rule):
        """Why the API server or the webhook refuses a rule; empty when neither does. It may be
        one that is loaded, with another spec."""
        trial = {**rule, "metadata": {**rule["metadata"], "name": "trial"}}
        try:
            self.client.create(trial, dry_run=True)
        except Refused as failure:
            return str(failure)
        return self._refusal_of_webhook(trial)

    def _refusal_of_webhook(self, rule):
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                  "request": {"uid": "1", "operation": "CREATE", "object": rule,
                              "kind": {"group": "networking.istio.io", "version": "v1",
                                       "kind": rule["kind"]}}}
        request = urllib.request.Request(self.cluster.webhook_url, json.dumps(review).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            response = json.load(answer)["response"]
        return "" if response["allowed"] else response["status"]["message"]

    def load(self, older, younger):
        """Makes these, which nobody refuses, the rules. What is there already and has the same
        spec stays, unless it would be older than it should."""
        self._keep([*older, *younger])
        if any(id_of(rule) not in self.loaded for rule in older):
            self._keep(older)
        self._create(older)
        if older and younger:
            wait_for_next_second()
        self._create(younger)
        self._wait_until_known()

    def _keep(self, rules):
        wanted = {id_of(rule): rule["spec"] for rule in rules}
        for name in [name for name, rule in self.loaded.items()
                     if wanted.get(name) != rule["spec"]]:
            self.client.delete(self.loaded.pop(name))

    def _create(self, rules):
        for rule in rules:
            if id_of(rule) not in self.loaded:
                self.loaded[id_of(rule)] = self.client.create(rule)

    def _wait_until_known(self):
        """Signs of each kind are written after the rules and seen after them, the one that shows
        in the last message of a push last of all."""
        self.pushes += 1
        host = f"{MARKER}-{self.pushes}.test"  # no wildcard of rules.py covers it
        self.client.apply(resource("ServiceEntry", MARKER, MARKER_NAMESPACE, {
            "hosts": [host], "resolution": "STATIC",
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
            "endpoints": [{"address": "10.9.9.9"}]}))
        self.client.apply(resource("DestinationRule", MARKER, MARKER_NAMESPACE,
                                   {"host": host, "subsets": [{"name": MARKER}]}))
        cluster = f"outbound|80|{MARKER}|{host}"
        self._wait("clusters", lambda state: cluster in state["clusters"])
        self.client.apply(resource("VirtualService", MARKER, MARKER_NAMESPACE, {
            "hosts": [host], "http": [{"directResponse": {"status": 299}}]}))
        self._wait("routes", lambda state: answers_299(state["routes"].get("80"), host))

    def _wait(self, what, holds):
        for stream in self.streams.values():
            stream.wait_for(what, holds)

    def sidecars(self):
        return {name: Sidecar(stream.snapshot()) for name, stream in self.streams.items()}


def answers_299(configuration, host):
    hosts = configuration["virtualHosts"] if configuration else []
    return any(host in known["domains"] and
               known["routes"][0].get("directResponse", {}).get("status") == 299
               for known in hosts)


def id_of(rule):
    metadata = rule["metadata"]
    return f"{rule['kind']}/{metadata['namespace']}/{metadata['name']}"


def wait_for_next_second():
    """The resolution of an age."""
    now = int(time.time())
    wait_for("the next second", lambda: int(time.time()) > now)


def watched_names():
    """Of the route configurations and endpoint lists that a sidecar may need for our rules."""
    hosts = [(service.host, service.ports) for service in registry.SERVICES]
    hosts += [(host, registry.EVERY_PORT) for host in ENTRY_HOSTS]
    subsets = ("", *registry.SUBSETS)
    return {"routes": [str(port) for port in registry.HTTP_PORTS] +
                      [f"{host}:{registry.DETECTED_PORT}" for host, ports in hosts
                       if registry.DETECTED_PORT in ports],
            "endpoints": [f"outbound|{port}|{subset}|{host}" for host, ports in hosts
                          for port in ports for subset in subsets]}
