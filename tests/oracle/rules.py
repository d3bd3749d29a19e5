# SPDX-License-Identifier: Apache-2.0
"""Random VirtualServices, DestinationRules and ServiceEntries over the registry."""
import random

import registry
from random_policies import PolicyMaker
from vocabulary import (HEADERS, METHODS, OUTSIDE_HOSTS, PATH_EXPRESSIONS, PATHS, QUERY,
                        TEXT_EXPRESSIONS, covers, expand)

LEAVES = ("leaf", "twig")
HOME_NAMESPACES = ("shop", "shop", "other", "billing", registry.ROOT_NAMESPACE)
ENTRY_HOSTS = ("ext.example", "*.wild.example", "db.example", "sec.example")
HOSTS = [service.host for service in registry.SERVICES]


def resource(kind, name, namespace, spec):
    return {"apiVersion": "networking.istio.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


class RuleMaker:
    """The same seed gives the same rules."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.policies = PolicyMaker(self.random)
        self.ways = PolicyMaker(random.Random(f"{seed} ways"))

    def batch(self):
        """The rules of a round, in two lists: those of the first are older."""
        made = [self._virtual_service(f"vs-{i}") for i in self._count(1, 5)]
        made += [self._destination_rule(f"dr-{i}") for i in self._count(0, 5)]
        made += [self._service_entry(f"se-{i}") for i in self._count(0, 2)]
        made += self._leaves(made)
        self.random.shuffle(made)
        older = self.random.randint(0, len(made)) if self._maybe(0.3) else 0
        return made[:older], made[older:]

    def _count(self, least, most):
        return range(self.random.randint(least, most))

    def _maybe(self, chance):
        return self.random.random() < chance

    def _pick(self, options):
        return self.random.choice(list(options))

    def _some(self, options, most):
        options = list(options)
        return self.random.sample(options, self.random.randint(1, min(most, len(options))))

    def _add_scope(self, spec):
        if self._maybe(0.4):
            spec["exportTo"] = self._pick((["."], ["*"], ["other"], ["shop", "other"],
                                           [registry.ROOT_NAMESPACE], [".", "other"]))

    # --- VirtualService --------------------------------------------------------------------------

    def _virtual_service(self, name):
        namespace = self._pick(HOME_NAMESPACES)
        spec = {"hosts": self._hosts(namespace)}
        if self._maybe(0.85):
            spec["http"] = [self._http_rule(f"r{i}") for i in self._count(1, 4)]
        if self._maybe(0.25):
            spec["tcp"] = [self._tcp_rule() for _ in self._count(1, 3)]
        if self._maybe(0.25) or len(spec) == 1:
            spec["hosts"].append("*.sni.example")
            spec["tls"] = [self._tls_rule(spec["hosts"]) for _ in self._count(1, 3)]
        self._add_scope(spec)
        if self._maybe(0.15):
            spec["gateways"] = self._pick((["mesh"], ["shop/gate"], ["mesh", "shop/gate"]))
        return resource("VirtualService", name, namespace, spec)

    def _hosts(self, namespace):
        local = [service.name for service in registry.SERVICES if service.namespace == namespace]
        choices = HOSTS + local * 2 + [
            f"*.shop.{registry.DOMAIN}", f"*.{registry.DOMAIN}", "*.local", "a.shop",
            "a.shop.svc", f"alias.shop.{registry.DOMAIN}", "10.96.0.10", *OUTSIDE_HOSTS,
            *ENTRY_HOSTS]
        chosen = []
        for host in self._some(choices, 3):
            full = expand(host, namespace)
            others = [expand(other, namespace) for other in chosen]
            if not any(covers(full, other) or covers(other, full) for other in others):
                chosen.append(host)
        return chosen

    def _http_rule(self, name, may_delegate=True):
        rule = {"name": name}
        if self._maybe(0.8):
            rule["match"] = [self._match() for _ in self._count(1, 3)]
        kind = self.random.random()
        if kind < 0.08:
            matches = rule.get("match", [{}])
            rule["redirect"] = self.policies.redirect(
                all("prefix" in match.get("uri", {}) for match in matches))
        elif kind < 0.2:
            rule["directResponse"] = {"status": self._pick((207, 404, 503))}
        elif kind < 0.32 and may_delegate:
            rule["delegate"] = {"name": self._pick(LEAVES)}
            if self._maybe(0.7):
                rule["delegate"]["namespace"] = self._pick(("shop", "billing"))
        else:
            rule["route"] = self._destinations(registry.HTTP_PORTS)
            self.ways.add_to_destinations(rule["route"])
            if self._maybe(0.2):
                rule["rewrite"] = self._rewrite()
            if self._maybe(0.1):
                rule["timeout"] = self._pick(("1s", "2.5s"))
            self.policies.add_to_route(rule)
        return rule

    def _rewrite(self):
        return self._pick(({"uri": "/new"}, {"uri": "/"}, {"uri": "/new/"},
                           {"authority": "new.example"},
                           {"uriRegexRewrite": {"match": "/(a|items)", "rewrite": r"/\1-\1"}}))

    def _destinations(self, ports):
        chosen = [{"destination": self._destination(ports)} for _ in self._count(1, 3)]
        if len(chosen) > 1:
            for entry in chosen:
                entry["weight"] = self._pick((0, 1, 10, 50, 90))
            chosen[0]["weight"] = chosen[0]["weight"] or 1
        return chosen

    def _destination(self, ports):
        hosts = HOSTS * 3 + ["a", "c", "a.shop", "ext.example", "db.example", "nobody.example",
                             f"alias.shop.{registry.DOMAIN}"]
        target = {"host": self._pick(hosts)}
        if self._maybe(0.5):
            target["subset"] = self._pick((*registry.SUBSETS, "v1", "v2", "undefined"))
        if self._maybe(0.4):
            target["port"] = {"number": self._pick((*ports, 9999))}
        return target

    def _match(self):
        match = {}
        if self._maybe(0.6):
            match["uri"] = self._text(PATHS, PATH_EXPRESSIONS, may_be_empty=True)
            if self._maybe(0.2):
                match["ignoreUriCase"] = True
        if self._maybe(0.4):
            match["headers"] = self._header_matches(negated=False)
        if self._maybe(0.25):
            match["withoutHeaders"] = self._header_matches(negated=True)
        if self._maybe(0.25):
            name = self._pick(QUERY)
            match["queryParams"] = {name: self._text_or_presence(QUERY[name])}
        if self._maybe(0.15):
            match["method"] = self._text(METHODS, (".*", "P.*"))
        if self._maybe(0.1):
            names = ("a", f"a.shop.{registry.DOMAIN}", "out.example", "a:80")
            match["authority"] = self._text(names, ("a.*", ".*"))
        if self._maybe(0.05):
            match["scheme"] = {"exact": self._pick(("http", "https"))}
        self._add_static_conditions(match)
        return match

    def _add_static_conditions(self, match):
        if self._maybe(0.15):
            match["port"] = self._pick((*registry.HTTP_PORTS, registry.DETECTED_PORT))
        if self._maybe(0.15):
            match["sourceLabels"] = self._pick(({"app": "web"}, {"env": "prod"}, {"env": "none"}))
        if self._maybe(0.1):
            match["sourceNamespace"] = self._pick(("shop", "other"))
        if self._maybe(0.1):
            match["gateways"] = self._pick((["mesh"], ["shop/gate"], ["shop/gate", "mesh"]))

    def _text(self, values, expressions, may_be_empty=False):
        kind = self._pick(("exact", "prefix", "regex"))
        if kind == "regex":
            return {"regex": self._pick(expressions)}
        value = self._pick(values)
        if kind == "prefix":
            value = value[:self.random.randint(0, len(value))]
        if kind == "prefix" and not value and not may_be_empty:
            kind = "exact"
        return {kind: value}

    def _text_or_presence(self, values):
        return {} if self._maybe(0.15) else self._text(values, TEXT_EXPRESSIONS)

    def _header_matches(self, negated):
        chosen = {name: self._text_or_presence(HEADERS[name]) for name in self._some(HEADERS, 2)}
        if negated and self._maybe(0.1):
            chosen["x-user"] = {"regex": "*"}
        if self._maybe(0.05):
            chosen[":method"] = {"exact": "GET"}
        if self._maybe(0.1):
            chosen["X-User"] = chosen.pop("x-user", {"exact": "jason"})
        return chosen

    def _connection_match(self):
        match = {}
        if self._maybe(0.3):
            match["port"] = self._pick(
                (registry.TCP_PORT, registry.TLS_PORT, registry.DETECTED_PORT))
        if self._maybe(0.2):
            match["sourceLabels"] = self._pick(({"app": "web"}, {"env": "prod"}))
        if self._maybe(0.15):
            match["sourceNamespace"] = self._pick(("shop", "other"))
        if self._maybe(0.1):
            match["gateways"] = self._pick((["mesh"], ["shop/gate"]))
        if self._maybe(0.2):
            match["destinationSubnets"] = self._some(
                ("10.96.0.0/16", "10.96.0.10", "10.96.0.12/32", "10.97.0.0/16", "0.0.0.0/0"), 2)
        return match

    def _tcp_rule(self):
        rule = {"route": self._destinations((registry.TCP_PORT,))}
        if self._maybe(0.7):
            rule["match"] = [self._connection_match() for _ in self._count(1, 2)]
        return rule

    def _tls_rule(self, hosts):
        names = [host for host in hosts if host in HOSTS or host in ENTRY_HOSTS] * 2 + [
            "x.sni.example", "*.sni.example", "*.y.sni.example"]
        match = {"sniHosts": self._some(names, 2), **self._connection_match()}
        return {"match": [match], "route": self._destinations((registry.TLS_PORT,))}

    def _leaves(self, rules):
        """What some of the rules delegate to, not always all of it."""
        wanted = {(rule["delegate"].get("namespace", service["metadata"]["namespace"]),
                   rule["delegate"]["name"])
                  for service in rules for rule in service["spec"].get("http", [])
                  if "delegate" in rule}
        leaves = []
        for namespace, name in sorted(wanted):
            if self._maybe(0.85):
                spec = {"http": [self._http_rule(f"l{i}", may_delegate=False)
                                 for i in self._count(1, 3)]}
                self._add_scope(spec)
                leaves.append(resource("VirtualService", name, namespace, spec))
        return leaves

    # --- DestinationRule and ServiceEntry --------------------------------------------------------

    def _destination_rule(self, name):
        namespace = self._pick(HOME_NAMESPACES)
        spec = {"host": self._pick(HOSTS * 2 + ["a", "c", "ext.example", "db.example",
                                                f"*.shop.{registry.DOMAIN}",
                                                f"*.{registry.DOMAIN}", "*.example"])}
        if self._maybe(0.85):
            spec["subsets"] = [self._subset(name) for name in self._some(registry.SUBSETS, 4)]
        if self._maybe(0.3) or "subsets" not in spec:
            spec["trafficPolicy"] = self.policies.traffic_policy()
        if self._maybe(0.2):
            labels = self._pick(({"app": "web"}, {"env": "test"}))
            spec["workloadSelector"] = {"matchLabels": labels}
        else:
            self._add_scope(spec)
        return resource("DestinationRule", name, namespace, spec)

    def _subset(self, name):
        subset = {"name": name, "labels": registry.SUBSETS[name]}
        if self._maybe(0.2):
            subset["trafficPolicy"] = self.policies.traffic_policy()
        return subset

    def _service_entry(self, name):
        host = self._pick(ENTRY_HOSTS)
        spec = {"hosts": [host], "location": self._pick(("MESH_EXTERNAL", "MESH_INTERNAL"))}
        port, protocol = {"db.example": (registry.TCP_PORT, "TCP"),
                          "sec.example": (registry.TLS_PORT, "TLS")}.get(host, (80, "HTTP"))
        spec["ports"] = [{"number": port, "name": "main", "protocol": protocol}]
        if host.startswith("*"):
            spec["resolution"] = "NONE"
        else:
            spec["resolution"] = "STATIC"
            spec["endpoints"] = [{"address": f"10.3.0.{index}", "labels": labels}
                                 for index, labels in enumerate(registry.ENDPOINTS, 1)]
        if port != 80 or self._maybe(0.5):
            spec["addresses"] = [f"10.200.0.{1 + ENTRY_HOSTS.index(host)}"]
        if self._maybe(0.3):
            spec["exportTo"] = self._pick((["."], ["*"], ["shop"], ["~"]))
        return resource("ServiceEntry", name, self._pick(HOME_NAMESPACES), spec)
