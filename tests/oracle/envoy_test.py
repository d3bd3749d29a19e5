#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands in for Envoy, against what a real one was seen to do."""
import sys
import unittest

sys.dont_write_bytecode = True
import envoy_http  # noqa: E402
import envoy_listeners  # noqa: E402
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
