# SPDX-License-Identifier: Apache-2.0
"""A small registry, and random rules and requests over it."""
import random

PORTS = (80, 8081)
NAMESPACES = ("shop", "other", "billing")
SERVICES = {"a": "shop", "b": "shop", "c": "other"}
CLIENTS = {"web": ("shop", {"app": "web", "env": "prod"}),
           "batch": ("shop", {"app": "batch", "env": "test"}),
           "visitor": ("other", {"app": "visitor"})}
DOMAIN = "svc.cluster.local"

PATHS = ("/", "/a", "/a/b", "/A", "/ab", "/items/1", "/items/12", "/x.html")
HEADERS = {"x-user": ("jason", "Jason", "", "kim"), "x-team": ("one", "two"), "cookie": ("k=v",)}
QUERY = {"q": ("1", "12", ""), "flag": ("",)}
METHODS = ("GET", "POST")
SUBSETS = ("v1", "v2")


def fqdn(service):
    return f"{service}.{SERVICES[service]}.{DOMAIN}"


def registry():
    """Namespaces, Services, Pods and EndpointSlices."""
    made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            for name in (*NAMESPACES, "istio-system")]
    for number, (name, namespace) in enumerate(SERVICES.items(), 1):
        made += service(name, namespace, number)
    for number, (name, (namespace, labels)) in enumerate(CLIENTS.items(), 1):
        made.append(pod(name, namespace, labels, f"10.1.0.{number}"))
    return made


def service(name, namespace, number):
    ports = [{"name": f"http-{port}", "port": port, "targetPort": port, "protocol": "TCP"}
             for port in PORTS]
    made = [{"apiVersion": "v1", "kind": "Service",
             "metadata": {"name": name, "namespace": namespace},
             "spec": {"clusterIP": f"10.96.0.{9 + number}", "selector": {"app": name},
                      "ports": ports}}]
    endpoints = []
    for index, version in enumerate(SUBSETS, 1):
        address, pod_name = f"10.1.{number}.{index}", f"{name}-{version}"
        made.append(pod(pod_name, namespace, {"app": name, "version": version}, address))
        endpoints.append({"addresses": [address], "conditions": {"ready": True},
                          "targetRef": {"kind": "Pod", "name": pod_name, "namespace": namespace}})
    made.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                 "metadata": {"name": name, "namespace": namespace,
                              "labels": {"kubernetes.io/service-name": name}},
                 "addressType": "IPv4",
                 "ports": [{"name": f"http-{port}", "port": port, "protocol": "TCP"}
                           for port in PORTS],
                 "endpoints": endpoints})
    return made


def pod(name, namespace, labels, address):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"containers": [{"name": "app", "image": "app.example/app"}]},
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}


class Rules:
    """Random VirtualServices and DestinationRules that pass Istio's validation."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, chance):
        return self.random.random() < chance

    def pick(self, options):
        return self.random.choice(list(options))

    def some(self, options, most):
        options = list(options)
        return self.random.sample(options, self.random.randint(1, min(most, len(options))))

    def batch(self):
        rules = [self.virtual_service(f"vs-{i}") for i in range(self.random.randint(2, 6))]
        rules += [self.destination_rule(f"dr-{i}") for i in range(self.random.randint(1, 4))]
        return rules + self.delegates(rules)

    def virtual_service(self, name):
        namespace = self.pick(NAMESPACES)
        spec = {"hosts": self.hosts(namespace),
                "http": [self.rule() for _ in range(self.random.randint(1, 4))]}
        self.add_scope(spec)
        if self.maybe(0.2):
            spec["gateways"] = self.pick((["mesh"], ["shop/gate"], ["mesh", "shop/gate"]))
        return resource("VirtualService", name, namespace, spec)

    def hosts(self, namespace):
        local = [name for name, home in SERVICES.items() if home == namespace]
        choices = [fqdn(name) for name in SERVICES] + local
        choices += [f"*.shop.{DOMAIN}", "*.cluster.local", "out.example", "*.out.example"]
        chosen = []
        for host in self.some(choices, 2):
            if not any(covers(a, b) for old in chosen
                       for a, b in ((expand(old, namespace), expand(host, namespace)),
                                    (expand(host, namespace), expand(old, namespace)))):
                chosen.append(host)
        return chosen

    def add_scope(self, spec):
        if self.maybe(0.4):
            spec["exportTo"] = self.pick((["."], ["*"], ["other"], ["shop", "other"]))

    def rule(self):
        rule = {}
        if self.maybe(0.8):
            rule["match"] = [self.match() for _ in range(self.random.randint(1, 2))]
        kind = self.random.random()
        if kind < 0.1:
            rule["redirect"] = {"uri": "/moved", "redirectCode": self.pick((301, 302, 307, 308))}
        elif kind < 0.25:
            rule["directResponse"] = {"status": self.pick((207, 404, 503))}
        elif kind < 0.32:
            rule["delegate"] = {"name": "leaf", "namespace": self.pick(("shop", "billing"))}
        else:
            rule["route"] = self.destinations()
        return rule

    def destinations(self):
        chosen = [self.destination() for _ in range(self.random.randint(1, 3))]
        if len(chosen) > 1:
            for entry in chosen:
                entry["weight"] = self.pick((0, 1, 10, 50, 90))
            chosen[0]["weight"] = chosen[0]["weight"] or 1
        return chosen

    def destination(self):
        target = {"host": fqdn(self.pick(SERVICES))}
        if self.maybe(0.5):
            target["subset"] = self.pick((*SUBSETS, "v9"))
        if self.maybe(0.4):
            target["port"] = {"number": self.pick((*PORTS, 9999))}
        return {"destination": target}

    def match(self):
        match = {}
        if self.maybe(0.6):
            match["uri"] = self.text(PATHS, ("/items/[0-9]+", "/a(/b)?", ".*", "/[aA]"), True)
            if self.maybe(0.2) and "regex" not in match["uri"]:
                match["ignoreUriCase"] = True
        if self.maybe(0.3):
            match["headers"] = self.headers(False)
        if self.maybe(0.2):
            match["withoutHeaders"] = self.headers(True)
        if self.maybe(0.2):
            name = self.pick(QUERY)
            match["queryParams"] = {name: self.text(QUERY[name], ("[0-9]+",), False)}
        if self.maybe(0.2):
            match["method"] = {"exact": self.pick(METHODS)}
        if self.maybe(0.15):
            match["port"] = self.pick(PORTS)
        if self.maybe(0.15):
            match["sourceLabels"] = self.pick(({"app": "web"}, {"env": "prod"}, {"env": "none"}))
        if self.maybe(0.1):
            match["sourceNamespace"] = self.pick(("shop", "other"))
        if self.maybe(0.1):
            match["gateways"] = self.pick((["mesh"], ["shop/gate"]))
        # A block without a condition is refused by nobody, and matches everything.
        return match or {"uri": {"prefix": "/"}}

    def text(self, values, expressions, prefix_may_be_empty):
        kind = self.pick(("exact", "prefix", "regex"))
        if kind == "regex":
            return {"regex": self.pick(expressions)}
        value = self.pick(values)
        if kind == "prefix" and not value and not prefix_may_be_empty:
            kind = "exact"
        return {kind: value}

    def headers(self, negated):
        chosen = {}
        for name in self.some(HEADERS, 2):
            present = {"regex": "*"} if negated and self.maybe(0.3) else {}
            chosen[name] = present if self.maybe(0.3) else self.text(
                HEADERS[name], ("j.*", ".*", "(one|two)"), False)
        return chosen

    def destination_rule(self, name):
        namespace = self.pick((*NAMESPACES, "istio-system"))
        host = self.pick([fqdn(service) for service in SERVICES] + [f"*.shop.{DOMAIN}"])
        spec = {"host": host,
                "subsets": [{"name": subset, "labels": {"version": subset}}
                            for subset in self.some(SUBSETS, 2)]}
        self.add_scope(spec)
        return resource("DestinationRule", name, namespace, spec)

    def delegates(self, rules):
        """The leaves that some of the rules delegate to, not always all of them."""
        wanted = {rule["delegate"]["namespace"] for vs in rules if vs["kind"] == "VirtualService"
                  for rule in vs["spec"]["http"] if "delegate" in rule}
        leaves = []
        for namespace in sorted(wanted):
            if self.maybe(0.8):
                spec = {"http": [self.leaf_rule() for _ in range(self.random.randint(1, 3))]}
                leaves.append(resource("VirtualService", "leaf", namespace, spec))
        return leaves

    def leaf_rule(self):
        rule = self.rule()
        while "delegate" in rule:
            rule = self.rule()
        for match in rule.get("match", []):
            match.pop("gateways", None)
        return rule

    def request(self, number):
        client = self.pick(CLIENTS)
        path = self.pick(PATHS)
        query = {}
        if self.maybe(0.4):
            name = self.pick(QUERY)
            query[name] = self.pick(QUERY[name])
        headers = [(name, self.pick(HEADERS[name])) for name in HEADERS if self.maybe(0.4)]
        return Request(number, client, self.pick(PORTS), self.authority(client),
                       self.pick(METHODS), path, query, headers)

    def authority(self, client):
        namespace = CLIENTS[client][0]
        service = self.pick(SERVICES)
        home = SERVICES[service]
        names = [fqdn(service), f"{service}.{home}", f"{service}.{home}.svc", fqdn(service) + ":80"]
        if home == namespace:
            names.append(service)
        names += ["out.example", "x.out.example", "nobody.example", "A." + DOMAIN]
        return self.pick(names)


class Request:
    def __init__(self, number, client, port, authority, method, path, query, headers):
        self.number, self.client, self.port = number, client, port
        self.authority, self.method, self.path = authority, method, path
        self.query, self.headers = query, headers

    @property
    def target(self):
        query = "&".join(name if value == "" else f"{name}={value}"
                         for name, value in self.query.items())
        return self.path + ("?" + query if query else "")

    def values(self, name):
        pseudo = {":method": self.method, ":authority": self.authority, ":path": self.target,
                  ":scheme": "http"}
        if name in pseudo:
            return [pseudo[name]]
        return [value for key, value in self.headers if key == name]

    def __str__(self):
        return f"{self.client} -> {self.authority} port {self.port}: {self.method} {self.target} " \
               f"{dict(self.headers)}"


def resource(kind, name, namespace, spec):
    return {"apiVersion": "networking.istio.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def expand(host, namespace):
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.{DOMAIN}"


def covers(pattern, host):
    return pattern == host or (pattern.startswith("*") and host.endswith(pattern[1:]))
