#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands in for Envoy, against what a real one was seen to do."""
import sys
import unittest

sys.dont_write_bytecode = True
import envoy_http  # noqa: E402
import envoy_listeners  # noqa: E402
import envoy_policies  # noqa: E402
import sluice_policies  # noqa: E402
from calls import Call  # noqa: E402


def call(**parts):
    return Call("web", parts.pop("address", "10.96.0.10"), parts.pop("port", 80), **parts)


class Paths(unittest.TestCase):
    def test_dot_segments_and_escaped_unreserved_characters_are_resolved(self):
        for path in ("/a/../one", "/./one", "/%6fne", "/../one"):
            self.assertEqual(envoy_http.normalize(path), "/one", path)

    def test_slashes_and_reserved_characters_stay(self):
        for path in ("//one", "/one%2f", "/a%2f..%2fone", "/one;x=1", "/%2561"):
            self.assertEqual(envoy_http.normalize(path), path)

    def test_a_dot_segment_at_the_end_leaves_a_slash(self):
        self.assertEqual(envoy_http.normalize("/a/b/.."), "/a/")


class Headers(unittest.TestCase):
    EXACT = {"name": "X-User", "stringMatch": {"exact": "jason"}}

    def holds(self, match, *values):
        headers = tuple(("x-user", value) for value in values)
        return envoy_http.header_matches(match, "/", call(headers=headers))

    def test_any_of_repeated_lines_matches(self):
        self.assertTrue(self.holds(self.EXACT, "kim", "jason"))
        self.assertFalse(self.holds(self.EXACT, "kim,jason"))

    def test_inverted_match_of_a_missing_header_compares_an_empty_one_if_told_to(self):
        inverted = {**self.EXACT, "invertMatch": True}
        self.assertFalse(self.holds(inverted))
        self.assertTrue(self.holds({**inverted, "treatMissingHeaderAsEmpty": True}))
        self.assertFalse(self.holds(inverted, "kim", "jason"))

    def test_presence(self):
        self.assertTrue(self.holds({"name": "x-user", "presentMatch": True}, ""))
        self.assertTrue(self.holds({"name": "x-user", "presentMatch": True, "invertMatch": True}))


class Redirects(unittest.TestCase):
    def location(self, redirect, authority="catalog", path="/old", query=None, prefix=None):
        route = {"match": {"prefix": prefix} if prefix else {"path": path}, "redirect": redirect}
        return envoy_http.location(route, call(authority=authority, path=path, query=query))

    def test_a_query_of_the_rule_replaces_that_of_the_request(self):
        self.assertEqual(self.location({"pathRedirect": "/new"}, query="k=v"),
                         "http://catalog/new?k=v")
        self.assertEqual(self.location({"pathRedirect": "/new?own=1"}, query="k=v"),
                         "http://catalog/new?own=1")

    def test_without_a_path_the_requests_own_stays(self):
        self.assertEqual(self.location({"hostRedirect": "n", "pathRedirect": ""}, query="k"),
                         "http://n/old?k")

    def test_the_clients_port_stays_unless_it_was_the_old_schemes_own(self):
        for redirect, authority, expected in (
                ({}, "catalog:80", "http://catalog:80"),
                ({"schemeRedirect": "https"}, "catalog:80", "https://catalog"),
                ({"schemeRedirect": "https"}, "catalog:8080", "https://catalog:8080"),
                ({"portRedirect": 81}, "catalog:8080", "http://catalog:81")):
            self.assertEqual(self.location(redirect, authority), expected + "/old")

    def test_a_prefix_is_replaced_as_text(self):
        self.assertEqual(self.location({"prefixRewrite": "/"}, path="/old/a", prefix="/old/"),
                         "http://catalog/a")


class Policies(unittest.TestCase):
    """What istiod made of a rule, beside what explain says of it."""
    ROUTE = {
        "route": {
            "cluster": "outbound|80||a", "hostRewriteLiteral": "new.example",
            "retryPolicy": {"retryOn": "5xx,connect-failure,retriable-status-codes",
                            "numRetries": 3, "perTryTimeout": "2s", "retriableStatusCodes": [503]},
            "requestMirrorPolicies": [
                {"cluster": "outbound|80||b", "runtimeFraction": {
                    "defaultValue": {"numerator": 125000, "denominator": "MILLION"}}},
                {"cluster": "outbound|80|v1|c", "runtimeFraction": {
                    "defaultValue": {"numerator": 100}}}]},
        "requestHeadersToAdd": [
            {"header": {"key": "X-A", "value": "b"}, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD"},
            {"header": {"key": "x-b", "value": "c"}}],
        "responseHeadersToRemove": ["server"],
        "typedPerFilterConfig": {
            "envoy.filters.http.cors": {
                "allowCredentials": True, "allowMethods": "GET,PUT", "maxAge": "90",
                "allowOriginStringMatch": [{"exact": "http://a"}, {"safeRegex": {"regex": "r.*"}}]},
            "envoy.filters.http.fault": {
                "abort": {"grpcStatus": 14,
                          "percentage": {"numerator": 333000, "denominator": "MILLION"}},
                "delay": {"fixedDelay": "1.5s", "percentage": {}}}}}
    ANSWER = {
        "destinations": [{"authority": "new.example",
                          "headers": {"request": {"set": {"Host": "new.example"}},
                                      "response": {"remove": ["Server"]}}}],
        "policy": {
            "retries": {"attempts": 3, "retryOn": "5xx,503,connect-failure", "perTryTimeout": "2s"},
            "mirror": [{"host": "b", "port": 80, "subset": "", "percent": 12.5},
                       {"host": "c", "port": 80, "subset": "v1", "percent": 100}],
            "headers": {"request": {"set": {"x-a": "b"}, "add": {"x-b": "c"}}},
            "cors": {"allowOrigins": [{"exact": "http://a"}, {"regex": "r.*"}],
                     "allowMethods": ["GET", "PUT"], "maxAge": "1m30s", "allowCredentials": True},
            "fault": {"abort": {"grpcStatus": "UNAVAILABLE", "percent": 33.3},
                      "delay": {"fixedDelay": "1s500ms", "percent": 0}}}}
    CLUSTER = {
        "lbPolicy": "MAGLEV", "connectTimeout": "3s",
        "transportSocket": {"typedConfig": {"commonTlsContext": {}}},
        "circuitBreakers": {"thresholds": [{"maxConnections": 7, "maxPendingRequests": 4294967295,
                                            "maxRequests": 4, "maxRetries": 6}]},
        "outlierDetection": {"consecutive5xx": 0, "interval": "4s", "baseEjectionTime": "5s",
                             "maxEjectionPercent": 20},
        "commonLbConfig": {"healthyPanicThreshold": {"value": 3}},
        "typedExtensionProtocolOptions": {envoy_policies.HTTP_OPTIONS: {
            "commonHttpProtocolOptions": {"idleTimeout": "8s", "maxRequestsPerConnection": 5}}}}
    DESTINATION = {"keepsAddress": False, "policy": {
        "loadBalancer": {"consistentHash": {"useSourceIp": True}}, "tls": {"mode": "SIMPLE"},
        "connectionPool": {"tcp": {"maxConnections": 7, "connectTimeout": "3s"},
                           "http": {"http2MaxRequests": 4, "maxRetries": 6, "idleTimeout": "8s",
                                    "maxRequestsPerConnection": 5}},
        "outlierDetection": {"consecutive5xxErrors": 0, "interval": "4s",
                             "baseEjectionTime": "5s", "maxEjectionPercent": 20,
                             "minHealthPercent": 3}}}

    def test_both_sides_say_the_same_of_a_route(self):
        theirs = envoy_policies.of_route(self.ROUTE)
        self.assertEqual(theirs, sluice_policies.of_route(self.ANSWER))
        self.assertEqual(theirs["abort"], (14, 333000))
        self.assertIsNone(theirs["delay"])

    def test_both_sides_say_the_same_of_the_way_to_a_destination(self):
        lone = self.ANSWER["destinations"][0]
        action = self.ROUTE["route"]
        self.assertEqual(envoy_policies.way_to(self.ROUTE, action, {"name": "a", "weight": 1}),
                         sluice_policies.way_to(self.ANSWER, lone))
        one_of_two = {"hostRewriteLiteral": "new.example", "responseHeadersToRemove": ["server"]}
        self.assertEqual(envoy_policies.way_to({}, {}, one_of_two),
                         sluice_policies.way_to({"policy": {}}, lone))
        self.assertEqual(
            envoy_policies.way_to({}, action, {"hostRewriteLiteral": "way.example"})[0],
            "new.example")

    def test_both_sides_say_the_same_of_a_cluster(self):
        theirs = envoy_policies.of_cluster(self.CLUSTER)
        self.assertEqual(theirs, sluice_policies.of_cluster(self.DESTINATION))
        self.assertEqual((theirs["pool"].connections, theirs["pool"].pending), (7, 0))

    def test_mutual_tls_of_the_mesh_is_nobodys_rule(self):
        mesh = {"commonTlsContext": {"alpnProtocols": ["istio-peer-exchange", "istio"]}}
        cluster = {"connectTimeout": "10s", "transportSocket": {"typedConfig": mesh}}
        self.assertFalse(envoy_policies.of_cluster(cluster)["originates TLS"])

    def test_both_sides_have_the_same_defaults(self):
        route = {"route": {"retryPolicy": {"numRetries": 2, "retryOn": (
            "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes")}}}
        self.assertEqual(envoy_policies.of_route(route),
                         sluice_policies.of_route({"policy": {}}))
        cluster = {"lbPolicy": "LEAST_REQUEST", "connectTimeout": "10s"}
        self.assertEqual(envoy_policies.of_cluster(cluster),
                         sluice_policies.of_cluster({"keepsAddress": False, "policy": {}}))


class Queries(unittest.TestCase):
    def test_only_the_first_value_counts_and_is_not_decoded(self):
        for query, value in (("q=1&q=2", "1"), ("q", ""), ("x=1&q=%31", "%31"), ("Q=1", None),
                             ("", None), (None, None)):
            self.assertEqual(envoy_http.first_parameter(query, "q"), value, query)


class VirtualHosts(unittest.TestCase):
    CONFIGURATION = {"ignorePortInHostMatching": True, "virtualHosts": [
        {"name": name, "domains": [name]}
        for name in ("*", "*.example", "*.a.example", "b.a.example")]}

    def test_the_most_specific_domain_wins(self):
        for authority, name in (("b.A.example:81", "b.a.example"), ("x.a.example", "*.a.example"),
                                ("a.example", "*.example"), ("other", "*")):
            self.assertEqual(
                envoy_http.virtual_host(self.CONFIGURATION, authority)["name"], name)


class FilterChains(unittest.TestCase):
    def chosen(self, chains, **parts):
        listener = {"name": "l", "listenerFilters": [{"name": envoy_listeners.TLS_INSPECTOR}],
                    "filterChains": [{"name": str(i), "filterChainMatch": match}
                                     for i, match in enumerate(chains)]}
        chain = envoy_listeners.filter_chain(listener, call(**parts))
        return chain and chain["name"]

    def test_the_longest_range_and_the_most_specific_server_name_win(self):
        chains = ({"serverNames": ["*.example"]}, {"serverNames": ["a.example"]}, {},
                  {"prefixRanges": [{"addressPrefix": "10.97.0.0", "prefixLen": 16}]})
        self.assertEqual(self.chosen(chains, protocol="tls", server_name="A.example"), "1")
        self.assertEqual(self.chosen(chains, protocol="tls", server_name="b.example"), "0")
        self.assertEqual(self.chosen(chains, protocol="tcp"), "2")
        self.assertEqual(self.chosen(chains, protocol="tls", server_name="a.example",
                                     address="10.97.0.1"), "3")


if __name__ == "__main__":
    unittest.main()
