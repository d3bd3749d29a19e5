#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing that a guest leaves out, and nothing that it complains of, passes."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import judge  # noqa: E402
import table  # noqa: E402

CORE = """# a comment
header rule | proxy | canary_e2e | Canary.Header |
over IPv6   | proxy | canary_e2e | Canary.Six    | netns_cookie
"""


def report(**outcomes):
    """A report of GoogleTest; of a test that was not chosen only the name is there."""
    said = {"failed": '<failure message="wrong"/>', "skipped": '<skipped message="not here"/>'}
    cases = "".join(
        f'<testcase name="{name}" status="{"notrun" if outcome == "notrun" else "run"}"'
        f' classname="Canary">{said.get(outcome, "")}</testcase>'
        for name, outcome in outcomes.items())
    return f"<testsuites><testsuite>{cases}</testsuite></testsuites>"


class Guest:
    """What a good run leaves, in a folder; a test spoils some of it."""

    def __init__(self):
        self.cookie = {"name": "netns_cookie", "status": "ok", "detail": "", "hint": ""}
        self.console = "[    0.0] Linux version 5.10\n"
        self.results = {
            "release": "5.10.0\n",
            "tainted": "0\n",
            "check.status": "0\n",
            "bpf_tests.xml": report(Loads="passed"),
            "canary_e2e.xml": report(Header="passed", Six="passed"),
        }

    def record(self):
        self.results["check.json"] = json.dumps({"items": [self.cookie]})
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "results").mkdir()
            (folder / "console").write_text(self.console)
            for file, text in self.results.items():
                (folder / "results" / file).write_text(text)
            return judge.record_of(folder, list(judge.core_lines(CORE)))

    def problems(self):
        return list(judge.problems(self.record()))


class Judge(unittest.TestCase):
    def setUp(self):
        self.guest = Guest()

    def assert_one_problem(self, part):
        found = self.guest.problems()
        self.assertEqual(1, len(found), found)
        self.assertIn(part, found[0])

    def test_a_good_run_passes(self):
        self.assertEqual([], self.guest.problems())
        self.assertEqual((3, 0), judge.counts(self.guest.record()))

    def test_what_fails_is_named(self):
        self.guest.results["canary_e2e.xml"] = report(Header="failed", Six="passed")
        self.assert_one_problem("Canary.Header failed: wrong")

    def test_a_program_that_breaks_off_has_failed(self):
        del self.guest.results["canary_e2e.xml"]
        self.assertEqual(2, len(self.guest.problems()))
        self.guest = Guest()
        del self.guest.results["bpf_tests.xml"]
        self.assert_one_problem("did not run")

    def test_a_core_test_must_run(self):
        self.guest.results["canary_e2e.xml"] = report(Header="notrun", Six="passed")
        self.assert_one_problem("Canary.Header missing")
        self.guest.results["canary_e2e.xml"] = report(Header="skipped", Six="passed")
        self.assert_one_problem("Canary.Header skipped: not here")

    def test_program_that_the_kernel_does_not_offer_is_counted_as_such(self):
        self.guest.results["bpf_tests.xml"] = report(Loads="skipped", Runs="passed")
        record = self.guest.record()
        self.assertEqual([], list(judge.problems(record)))
        self.assertIn({"test": "Canary.Loads", "outcome": "not offered", "text": "not here"},
                      record["programs"])

    def test_a_status_counts_whatever_the_report_says(self):
        self.guest.results["bpf_tests.status"] = "124\n"
        self.assert_one_problem("bpf_tests ended with status 124")

    def test_what_a_probe_denies_is_not_offered(self):
        self.guest.cookie.update(status="warn", detail="not before Linux 5.14")
        self.guest.results["canary_e2e.xml"] = report(Header="passed")
        self.assertEqual([], self.guest.problems())
        self.assertEqual((2, 1), judge.counts(self.guest.record()))
        page = "\n".join(table.page({"5.10": self.guest.record()}))
        self.assertIn("| over IPv6 | proxy | not offered: `netns_cookie` |", page)
        self.assertIn("not before Linux 5.14", page)

    def test_a_probe_that_fails_fails(self):
        self.guest.cookie.update(status="fail", detail="none")
        self.assert_one_problem("probe netns_cookie: none")

    def test_the_probe_whose_advice_was_followed_does_not(self):
        self.guest.cookie.update(name="agent_maps", status="fail")
        self.assertEqual(list(judge.problems(self.guest.record())), [])

    def test_the_kernels_complaints_fail(self):
        for line in ("WARNING: CPU: 0 PID: 1 at net/core/sock.c:1", "BUG: unable to handle page",
                     "Oops: 0000 [#1] SMP", "refcount_t: underflow; use-after-free."):
            self.guest.console = f"[    1.0] {line}\n"
            self.assert_one_problem(line)
        self.guest = Guest()
        self.guest.results["tainted"] = "512\n"
        self.assert_one_problem("tainted: 512")


class Core(unittest.TestCase):
    def test_each_line_has_a_test_and_a_probe_that_exist(self):
        root = judge.HERE.parent
        probes = (root / "loader/probe.cpp").read_text()
        for line in judge.core_lines((judge.HERE / "core.txt").read_text()):
            suite, name = line["test"].split(".")
            source = (root / f"tests/e2e/{line['program']}.cpp").read_text()
            self.assertIn(f"TEST_F({suite}, {name})", source)
            self.assertIn(f'"{line["needs"]}"' if line["needs"] else "", probes)


if __name__ == "__main__":
    unittest.main()
