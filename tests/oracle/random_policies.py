# SPDX-License-Identifier: Apache-2.0
"""Random policies of routes and destinations."""
import registry
from vocabulary import METHODS

PERCENTAGES = (0, 0.1, 12.5, 33.3, 99.99)  # less than all, of which explain says what comes of it


class PolicyMaker:
    """Draws from a random.Random that it borrows."""

    def __init__(self, chance):
        self.random = chance

    def _maybe(self, chance):
        return self.random.random() < chance

    def _pick(self, options):
        return self.random.choice(list(options))

    def _some_of(self, options):
        """{name: one of its values} for some of the names."""
        return {name: self._pick(values) for name, values in options.items() if self._maybe(0.4)}

    # --- of routes -------------------------------------------------------------------------------

    def redirect(self, may_rewrite_prefix):
        redirect = {}
        if may_rewrite_prefix and self._maybe(0.4):
            redirect["prefixRewrite"] = self._pick(("/", "/n", "/n/"))
        elif self._maybe(0.6):
            redirect["uri"] = self._pick(("/moved", "/moved?own=1"))
        if self._maybe(0.3):
            redirect["authority"] = self._pick(("new.example", "new.example:81"))
        if self._maybe(0.4):
            redirect["scheme"] = self._pick(("http", "https"))
        if self._maybe(0.3):
            redirect["port"] = self._pick((80, 443, 8443))
        elif self._maybe(0.3):
            redirect["derivePort"] = self._pick(("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"))
        if not redirect or list(redirect) == ["derivePort"]:
            redirect["uri"] = "/"
        if self._maybe(0.5):
            redirect["redirectCode"] = self._pick((301, 302, 303, 307, 308))
        return redirect

    def add_to_route(self, rule):
        """`rule` forwards."""
        for name, make in (("fault", self._fault), ("retries", self._retries),
                           ("mirrors", self._mirrors), ("headers", self._headers),
                           ("corsPolicy", self._cors)):
            if self._maybe(0.12):
                rule[name] = make()

    def add_to_destinations(self, destinations):
        for destination in destinations:
            if self._maybe(0.12):
                destination["headers"] = self._headers()
                if self._maybe(0.5):
                    host = {"set": {self._pick(("Host", ":authority")): "way.example"}}
                    destination["headers"]["request"] = host

    def _share(self):
        return {"percentage": {"value": self._pick(PERCENTAGES)}} if self._maybe(0.9) else {}

    def _fault(self):
        delay = {"fixedDelay": self._pick(("2s", "1.5s", "10ms")), **self._share()}
        abort = {**self._pick(({"httpStatus": 418}, {"grpcStatus": "UNAVAILABLE"})),
                 **self._share()}
        return self._pick(({"delay": delay}, {"abort": abort}, {"delay": delay, "abort": abort}))

    def _retries(self):
        if self._maybe(0.2):
            return {"attempts": 0}
        return {"attempts": self._pick((1, 2, 5)), **self._some_of({
            "perTryTimeout": ("1s", "250ms"),
            "retryOn": ("5xx", "503", "connect-failure,503", "gateway-error,reset,504")})}

    def _mirrors(self):
        return [{"destination": {"host": self._pick(s.host for s in registry.SERVICES),
                                 **self._some_of({"subset": ("v1", "undefined")})},
                 **self._share()} for _ in range(self._pick((1, 2)))]

    def _headers(self):
        return {which: self._some_of({"set": ({"x-a": "1"}, {"X-A": "1", "x-b": "%%"}),
                                      "add": ({"x-c": "2"}, {"x-a": "3"}),
                                      "remove": (["x-d"], ["X-D", "x-e"])})
                for which in ("request", "response") if self._maybe(0.7)}

    def _cors(self):
        return {"allowOrigins": [{"exact": "http://a.example"}, {"prefix": "https://"},
                                 {"regex": "http://.*"}][:self._pick((1, 2, 3))],
                **self._some_of({"allowMethods": (["GET"], list(set(METHODS))),
                                 "allowHeaders": (["x-a"], ["x-a", "x-b"]),
                                 "exposeHeaders": (["x-c"],), "maxAge": ("24h", "30s"),
                                 "allowCredentials": (True, False)})}

    # --- of destinations -------------------------------------------------------------------------

    def traffic_policy(self, may_have_ports=True):
        policy = self._blocks()
        if may_have_ports and self._maybe(0.3):
            ports = self.random.sample(registry.EVERY_PORT, self._pick((1, 2)))
            policy["portLevelSettings"] = [{"port": {"number": port}, **self._blocks()}
                                           for port in ports]
        return policy

    def _blocks(self):
        """At least one."""
        makers = {"loadBalancer": self._balancer, "connectionPool": self._pool,
                  "outlierDetection": self._outlier, "tls": self._tls}
        chosen = self.random.sample(list(makers), self._pick((1, 1, 2, 3)))
        return {name: makers[name]() for name in chosen}

    def _balancer(self):
        if self._maybe(0.2):
            return {"consistentHash": self._pick((
                {"httpHeaderName": "x-user"}, {"useSourceIp": True},
                {"httpQueryParameterName": "q", "maglev": {"tableSize": 101}}))}
        return {"simple": self._pick(
            ("UNSPECIFIED", "ROUND_ROBIN", "RANDOM", "LEAST_REQUEST", "PASSTHROUGH"))}

    def _pool(self):
        tcp = self._some_of({"maxConnections": (0, 7), "connectTimeout": ("3s", "30ms")})
        http = self._some_of({"http1MaxPendingRequests": (0, 3), "http2MaxRequests": (4,),
                              "maxRequestsPerConnection": (0, 1), "maxRetries": (0, 6),
                              "idleTimeout": ("8s",)})
        return self._pick(({"tcp": tcp}, {"http": http}, {"tcp": tcp, "http": http}))

    def _outlier(self):
        return self._some_of({"consecutive5xxErrors": (0, 3), "consecutiveGatewayErrors": (0, 2),
                              "interval": ("4s", "500ms"), "baseEjectionTime": ("5s",),
                              "maxEjectionPercent": (0, 20, 100), "minHealthPercent": (0, 30)})

    def _tls(self):
        return self._pick(({"mode": "DISABLE"}, {"mode": "SIMPLE"},
                           {"mode": "SIMPLE", "sni": "tls.example"}))
