#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page says what the figures say, and no goal is called met that is not."""

import copy
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True

import chart
import goals
import render


def ratio(mean, low=None, high=None):
    return {"mean": mean, "low": low or mean, "high": high or mean}


def contender(name, per_second, **ratios):
    made = {"name": name, "rate": per_second, "bestRate": per_second + 1, "p50Us": 10, "p99Us": 1234, "p999Us": 2000,
            "cpuUs": 12.3, "residentMiB": 45.6}
    if ratios:
        made["ratios"] = {"rate": ratio(1), "p99": ratio(1), "cpu": ratio(1), **ratios}
    return made


def scenario(contenders, connections=32, response=100):
    return {"id": f"http1-{connections}-1024-{response}", "group": "HTTP/1.1",
            "name": f"{connections} connections, {response} B", "contenders": contenders,
            "load": {"connections": connections, "headBytes": 1024, "responseBytes": response}}


REPORT = {
    "date": "2030-01-02", "rounds": 20, "seconds": 1, "left out": [], "repeated": [],
    "machine": {"cores": 2, "memoryGiB": 23.5, "kernel": "6.18.1", "architecture": "x86_64"},
    "versions": {"sluice": "1.2.3", "envoy": "1.40.0"},
    "idle": {"connections": 10000, "contenders": [
        {"name": "sluice", "residentMiB": 59.9, "growthMiB": 40.0},
        {"name": "envoy", "residentMiB": 199.0, "growthMiB": 150.0}]},
    "scenarios": [scenario([
        contender("sluice", 80000),
        contender("haproxy", 70000, rate=ratio(1.14, 1.11, 1.17), p99=ratio(0.5)),
        contender("nginx", 60000, rate=ratio(1.33)),
        contender("envoy", 40000, rate=ratio(1.79, 1.75, 1.83), p99=ratio(1.2, 1.1, 1.3))])]}


def verdicts(report):
    return {goal.what: goal.verdict for goal in goals.goals(report)}


class Goals(unittest.TestCase):
    def test_the_whole_interval_decides(self):
        self.assertEqual(goals.at_least(ratio(1.2, 1.1, 1.3), 1.1), goals.MET)
        self.assertEqual(goals.at_least(ratio(1.2, 1.09, 1.3), 1.1), goals.OPEN)
        self.assertEqual(goals.at_least(ratio(1.0, 0.9, 1.09), 1.1), goals.MISSED)
        self.assertEqual(goals.at_most(ratio(0.9, 0.8, 1.0), 1), goals.MET)
        self.assertEqual(goals.at_most(ratio(0.9, 0.8, 1.01), 1), goals.OPEN)
        self.assertEqual(goals.at_most(ratio(1.1, 1.01, 1.2), 1), goals.MISSED)

    def test_the_closest_peer_counts(self):
        found = {goal.what: goal for goal in goals.goals(REPORT)}
        rate = found["1.1x the rate of the better of HAProxy and nginx"]
        self.assertEqual((rate.against, rate.verdict), ("haproxy", goals.MET))
        self.assertEqual(found["1.8x the rate of Envoy"].verdict, goals.OPEN)
        p99 = found["p99 no worse than the best"]
        self.assertEqual((p99.against, p99.verdict), ("envoy", goals.MISSED))

    def test_idle_memory(self):
        report = copy.deepcopy(REPORT)
        self.assertEqual(verdicts(report)["less than 60 MiB"], goals.MET)
        report["idle"]["contenders"][0]["residentMiB"] = 60.1
        self.assertEqual(verdicts(report)["less than 60 MiB"], goals.MISSED)

    def test_one_connection_has_no_goal(self):
        report = copy.deepcopy(REPORT)
        report["scenarios"] = [scenario(REPORT["scenarios"][0]["contenders"], connections=1)]
        self.assertEqual(list(verdicts(report)), ["less than 60 MiB"])

    def test_responses_of_all_sizes_and_protocols_have_goals(self):
        contenders = REPORT["scenarios"][0]["contenders"]
        grpc = {**scenario(contenders, connections=8), "group": "gRPC", "name": "8 connections"}
        report = {"scenarios": [scenario(contenders, response=16384),
                                scenario(contenders, response=1048576), grpc]}
        found = [(goal.what, goal.where) for goal in goals.goals(report)]
        faster = "1.1x the rate of the better of HAProxy and nginx"
        bulk = "bulk transfer at least as fast as the best"
        self.assertIn((faster, "32 connections, 16384 B"), found)
        self.assertNotIn((faster, "32 connections, 1048576 B"), found)
        self.assertIn((bulk, "32 connections, 1048576 B"), found)
        for what in ("p99 no worse than the best", "least CPU time for a request"):
            self.assertEqual([where for goal, where in found if goal == what], [
                "32 connections, 16384 B", "32 connections, 1048576 B", "gRPC, 8 connections"])

    def test_many_rules_against_one(self):
        report = copy.deepcopy(REPORT)
        rules = {"id": "rules", "group": "Rules", "name": "rules", "load": {}, "contenders": [
            contender("sluice, 1000 rules", 1), contender("sluice, 1 rule", 1, rate=ratio(0.97, 0.949, 0.99))]}
        report["scenarios"].append(rules)
        self.assertEqual(verdicts(report)["1,000 rules cost less than 5% of the rate"], goals.OPEN)


class Page(unittest.TestCase):
    def rendered(self, report):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            render.render(report, directory)
            return {path.name: path.read_text() for path in directory.iterdir()}

    def test_shows_every_figure_and_picture(self):
        files = self.rendered(REPORT)
        page = files["proxy.md"]
        for text in ("80,000", "1,234", "1.14 [1.11, 1.17]", "59.9", "4.10", "Envoy 1.40.0",
                     "Linux 6.18.1", "2030-01-02", "**missed**"):
            self.assertIn(text, page)
        for name in files:
            if name.endswith(".svg"):
                self.assertIn(f"({name})", page)

    def test_pictures_are_well_formed_and_escape_names(self):
        report = copy.deepcopy(REPORT)
        report["scenarios"][0]["name"] = "a < b & c"
        for name, text in self.rendered(report).items():
            if name.endswith(".svg"):
                xml.etree.ElementTree.fromstring(text)

    def test_what_was_left_out_is_said(self):
        report = copy.deepcopy(REPORT)
        report["left out"] = [{"scenario": "grpc", "name": "nginx", "why": "cannot\nfor | reasons"}]
        self.assertIn("| grpc | nginx | cannot for / reasons |", self.rendered(report)["proxy.md"])

    def test_what_was_repeated_is_said(self):
        report = copy.deepcopy(REPORT)
        report["repeated"] = [{"scenario": "grpc", "name": "envoy", "why": "a timeout"}]
        page = self.rendered(report)["proxy.md"]
        self.assertIn("## Repeated", page)
        self.assertNotIn("## Left out", page)

    def test_a_part_of_the_scenarios_is_enough(self):
        report = copy.deepcopy(REPORT)
        report["scenarios"] = []
        del report["idle"]
        self.assertEqual(list(self.rendered(report)), ["proxy.md"])


class Chart(unittest.TestCase):
    def test_bars_are_as_long_as_their_values(self):
        picture = chart.svg("t", [chart.Panel("p", [("sluice", 100), ("peer", 50)])])
        root = xml.etree.ElementTree.fromstring(picture)
        rects = root.findall("{http://www.w3.org/2000/svg}rect")
        widths = {r.get("class"): float(r.get("width")) for r in rects}
        self.assertAlmostEqual(widths["ours"], 2 * widths["peer"], delta=0.2)


if __name__ == "__main__":
    unittest.main()
