# SPDX-License-Identifier: Apache-2.0
"""Random calls: most are made to fit a rule, and half of those are then spoilt in one place."""
import dataclasses
import random
from dataclasses import dataclass

import registry
from vocabulary import EXPRESSIONS, HEADERS, METHODS, PATHS, QUERY, SERVER_NAMES, expand


@dataclass(frozen=True)
class Call:
    client: str
    address: str
    port: int
    protocol: str = "http"  # or "tls" or "tcp"
    server_name: str = ""
    authority: str = ""
    method: str = "GET"
    path: str = "/"  # as it is sent, without the query
    query: str | None = None
    scheme: str = "http"
    headers: tuple = ()  # of (name, value)

    @property
    def namespace(self):
        return registry.CLIENTS[self.client][0]

    @property
    def target(self):
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def values(self, name):
        """Every value of a header, whose name is in lower case."""
        pseudo = {":method": self.method, ":authority": self.authority, ":scheme": self.scheme,
                  ":path": self.target}
        if name in pseudo:
            return [pseudo[name]]
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def sent_headers(self):
        """Envoy believes what clients inside the mesh say of the scheme."""
        said = () if self.scheme == "http" else (("x-forwarded-proto", self.scheme),)
        return self.headers + said

    def as_json(self):
        """As `oracle-explain` reads it."""
        return {"from": f"{self.namespace}/{self.client}", "host": self.address, "port": self.port,
                "protocol": self.protocol, "sni": self.server_name, "authority": self.authority,
                "method": self.method, "path": self.target,
                "headers": [list(header) for header in self.sent_headers]}

    def __str__(self):
        text = f"{self.namespace}/{self.client} -> {self.address}:{self.port} {self.protocol}"
        if self.protocol == "tls":
            return f"{text} SNI {self.server_name!r}"
        if self.protocol == "tcp":
            return text
        headers = "".join(f" -H {name + ': ' + value!r}" for name, value in self.sent_headers)
        return f"{text} Host {self.authority!r} {self.method} {self.target!r}{headers}"


class CallMaker:
    """Calls about the rules of one round."""

    def __init__(self, seed, rules):
        self.random = random.Random(seed)
        self.services = [rule for rule in rules if rule["kind"] == "VirtualService"]
        self.entries = [rule for rule in rules if rule["kind"] == "ServiceEntry"]
        self.addresses = self._addresses()

    def _addresses(self):
        """By host; of a host without one any address does, because Host decides."""
        found = {service.host: service.address for service in registry.SERVICES if service.address}
        for entry in self.entries:
            for host in entry["spec"]["hosts"]:
                for address in entry["spec"].get("addresses", []):
                    found[host] = address.split("/")[0]
        return found

    def call(self):
        kind = self.random.random()
        if kind < 0.1:
            return self._tls_call()
        if kind < 0.2:
            return self._tcp_call()
        return self._http_call()

    def _maybe(self, chance):
        return self.random.random() < chance

    def _pick(self, options):
        return self.random.choice(list(options))

    def _client(self):
        return self._pick(registry.CLIENTS)

    def _address(self, host):
        known = self.addresses.get(host)
        return known if known and self._maybe(0.9) else self._pick(self.addresses.values())

    def _tcp_call(self):
        host = self._pick(self.addresses)
        port = registry.TCP_PORT if self._maybe(0.7) else self._pick(registry.EVERY_PORT)
        return Call(self._client(), self._address(host), port, "tcp")

    def _tls_call(self):
        port = registry.TLS_PORT if self._maybe(0.8) else self._pick(registry.EVERY_PORT)
        name = self._pick(SERVER_NAMES)
        return Call(self._client(), self._address(self._pick(self.addresses)), port, "tls",
                    name.upper() if self._maybe(0.1) else name)

    def _http_call(self):
        client = self._client()
        service = self._pick(self.services) if self.services and self._maybe(0.9) else None
        host = self._host_of(service)
        ports = (*registry.HTTP_PORTS, 80, 80, registry.DETECTED_PORT)
        call = Call(client, self._address(host), self._pick(ports),
                    authority=self._spelling(host, client), method=self._pick(METHODS),
                    path=self._pick(PATHS), query=self._some_query(), headers=self._some_headers(),
                    scheme="https" if self._maybe(0.1) else "http")
        match = self._match_of(service)
        if match:
            call = self._fit(call, match)
        return self._spoil(call) if self._maybe(0.5) else call

    def _host_of(self, service):
        if service is None or not service["spec"].get("hosts"):
            return self._pick(self.addresses)
        host = expand(self._pick(service["spec"]["hosts"]), service["metadata"]["namespace"])
        if not host.startswith("*"):
            return host
        below = [known for known in self.addresses if known.endswith(host[1:])]
        return self._pick(below) if below and self._maybe(0.8) else "x" + host[1:]

    def _spelling(self, host, client):
        """One of the names by which a client may call a host, or nearly one."""
        spellings = [host, host, host + ":80", host.upper(), host + "."]
        name, _, rest = host.partition(".")
        if rest.endswith("." + registry.DOMAIN):
            namespace = rest.split(".")[0]
            spellings += [f"{name}.{namespace}{rest}" for rest in ("", ".svc", ":81")]
            if namespace == registry.CLIENTS[client][0] or self._maybe(0.2):
                spellings += [name, name]
        if host in self.addresses:
            spellings.append(self.addresses[host])
        if self._maybe(0.05):
            return self._pick(("nobody.example", "alias", f"alias.shop.{registry.DOMAIN}",
                               f"x.e.shop.{registry.DOMAIN}"))
        return self._pick(spellings)

    def _some_query(self):
        if self._maybe(0.5):
            return None
        name = self._pick(QUERY)
        return self._query_text(name, self._pick(QUERY[name]))

    @staticmethod
    def _query_text(name, value):
        """Nobody decodes a query, but a request line has no spaces."""
        return f"{name}={value}".replace(" ", "%20") if value else name

    def _some_headers(self):
        return tuple((name, self._pick(HEADERS[name])) for name in HEADERS if self._maybe(0.3))

    def _match_of(self, service):
        matches = [match for rule in service["spec"].get("http", [])
                   for match in rule.get("match", [])] if service else []
        leaves = [match for leaf in self.services if not leaf["spec"].get("hosts")
                  for rule in leaf["spec"].get("http", []) for match in rule.get("match", [])]
        matches += leaves if self._maybe(0.3) else []
        return self._pick(matches) if matches else None

    def _fit(self, call, match):
        """`call`, changed so that the match holds as far as a client can see to it."""
        changes = {}
        if "uri" in match:
            path = self._fitting(match["uri"])
            changes["path"] = path if path.startswith("/") else "/" + path
        if "method" in match:
            fitting = [method for method in METHODS if holds(match["method"], method)]
            changes["method"] = self._pick(fitting or METHODS)
        if "authority" in match and self._maybe(0.5):
            authority = self._fitting(match["authority"]).replace("/", "")
            changes["authority"] = authority or call.authority
        if "port" in match:
            changes["port"] = match["port"]
        for name, condition in match.get("queryParams", {}).items():
            changes["query"] = self._query_text(name, self._fitting(condition))
        changes["headers"] = self._fitting_headers(call.headers, match)
        return dataclasses.replace(call, **changes)

    def _fitting_headers(self, headers, match):
        unwanted = {name.lower() for name in match.get("withoutHeaders", {})}
        kept = [(name, value) for name, value in headers if name.lower() not in unwanted]
        for name, condition in match.get("headers", {}).items():
            if not name.startswith(":"):
                kept = [header for header in kept if header[0] != name]
                kept.append((name, self._fitting(condition)))
        return tuple(kept)

    def _fitting(self, condition):
        """A text of which a StringMatch holds."""
        if "exact" in condition:
            return condition["exact"]
        if "prefix" in condition:
            return condition["prefix"] + self._pick(("", "x", "/y"))
        if "regex" in condition:
            return self._pick(EXPRESSIONS.get(condition["regex"], ("x",)))
        return self._pick(("", "x"))

    def _spoil(self, call):
        spoilers = [self._spoil_path, self._spoil_query, self._spoil_method, self._spoil_authority,
                    self._spoil_port, self._spoil_client]
        spoilers += [self._drop_header, self._change_header, self._repeat_header] * (
            2 if call.headers else 0)
        return self._pick(spoilers)(call)

    def _spoil_path(self, call):
        path = call.path
        spoilt = (path + "/", path + "x", path.upper(), path[:-1] or "/", "/." + path,
                  "/x/.." + path, path.replace("a", "%61", 1), path.replace("a", "%2561", 1),
                  "/" + path, path + "%2f", path + ";v=1", path + "%20")
        return dataclasses.replace(call, path=self._pick(spoilt))

    def _spoil_query(self, call):
        query = call.query or "q=1"
        name, _, value = query.partition("=")
        spoilt = (None, "", name, name + "=", f"{name}={value}x", f"{name.upper()}={value}",
                  f"{name}=other&{query}", f"{query}&{name}=other", f"{name}=%31", f"x=1&{query}",
                  f"{name}={value}+", f"%71={value}")
        return dataclasses.replace(call, query=self._pick(spoilt))

    def _spoil_method(self, call):
        return dataclasses.replace(call, method=self._pick(METHODS))

    def _spoil_authority(self, call):
        text = call.authority
        return dataclasses.replace(call, authority=self._pick(
            (text + ":8081", "x" + text, text.capitalize(), text.split(":")[0])))

    def _spoil_port(self, call):
        return dataclasses.replace(call, port=self._pick(registry.EVERY_PORT))

    def _spoil_client(self, call):
        return dataclasses.replace(call, client=self._client())

    def _drop_header(self, call):
        index = self.random.randrange(len(call.headers))
        return dataclasses.replace(call, headers=call.headers[:index] + call.headers[index + 1:])

    def _change_header(self, call):
        index = self.random.randrange(len(call.headers))
        name, value = call.headers[index]
        changed = self._pick(((name, ""), (name, value.upper()), (name, value + "x"),
                              (name.upper(), value), (name, value + "," + value)))
        return dataclasses.replace(
            call, headers=call.headers[:index] + (changed,) + call.headers[index + 1:])

    def _repeat_header(self, call):
        name, value = self._pick(call.headers)
        other = self._pick((*HEADERS.get(name, ()), "other", value))
        again = ((name, other),)
        return dataclasses.replace(
            call, headers=again + call.headers if self._maybe(0.5) else call.headers + again)


def holds(condition, text):
    """Whether a StringMatch holds, as far as it is no regular expression."""
    if "exact" in condition:
        return text == condition["exact"]
    return text.startswith(condition.get("prefix", ""))
