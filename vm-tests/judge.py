#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one record of what a guest has left in FOLDER, FOLDER/record.json, and fails when anything is
wrong with it. What is not there has failed."""

import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
# What a kernel prints when it has found a mistake of its own.
ALARM = re.compile("|".join((HERE / "alarms.txt").read_text().splitlines()))


def core_lines(text):
    """The lines of core.txt, each as a dictionary."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            yield dict(zip(("subject", "path", "program", "test", "needs"), fields, strict=True))


def outcome_of(case):
    """Of an element of GoogleTest's report: how it went, and what it said."""
    for kind, outcome in (("failure", "failed"), ("skipped", "skipped")):
        found = case.find(kind)
        if found is not None:
            return outcome, found.get("message", "")
    return "passed", ""


def tests_of(report):
    """Outcomes of the tests that have run, by their full names; none without a report."""
    if not report.exists():
        return {}
    cases = xml.etree.ElementTree.parse(report).iter("testcase")
    return {f"{case.get('classname')}.{case.get('name')}": outcome_of(case)
            for case in cases if case.get("status") == "run"}


def judge_core(line, probes, ran):
    """`line` of core.txt with what became of it."""
    needed = probes.get(line["needs"], {"status": "ok"})
    if needed["status"] != "ok":
        return line | {"outcome": "not offered", "text": needed["detail"]}
    outcome, text = ran.get(line["test"], ("missing", "it did not run, or not to its end"))
    return line | {"outcome": outcome, "text": text}


def judge_program(test, outcome, text):
    """A test of the programs is skipped where the kernel lacks what it needs, and then says so."""
    offered = "not offered" if outcome == "skipped" else outcome
    return {"test": test, "outcome": offered, "text": text}


def record_of(folder, core):
    """What a guest has left, as one dictionary."""
    results = folder / "results"
    probes = json.loads((results / "check.json").read_text())["items"]
    by_name = {probe["name"]: probe for probe in probes}
    reports = {line["program"]: tests_of(results / f"{line['program']}.xml") for line in core}
    return {
        "release": (results / "release").read_text().strip(),
        "tainted": int((results / "tainted").read_text()),
        "probes": probes,
        "statuses": {path.stem: int(path.read_text()) for path in sorted(results.glob("*.status"))},
        "programs": [judge_program(test, outcome, text)
                     for test, (outcome, text) in tests_of(results / "bpf_tests.xml").items()],
        "core": [judge_core(line, by_name, reports[line["program"]]) for line in core],
        "alarms": [line for line in (folder / "console").read_text(errors="replace").splitlines()
                   if ALARM.search(line)],
    }


# The probe whose advice the guest follows before it goes on; it asks again then.
FOLLOWED = "agent_maps"


def problems(record):
    """One line for each thing that must not be."""
    for probe in record["probes"]:
        if probe["status"] == "fail" and probe["name"] != FOLLOWED:
            yield f"probe {probe['name']}: {probe['detail']}"
    for name, status in record["statuses"].items():
        if status:
            yield f"{name} ended with status {status}"
    if not record["programs"]:
        yield "the tests of the programs did not run, or not to their end"
    for test in record["programs"] + record["core"]:
        if test["outcome"] not in ("passed", "not offered"):
            yield f"{test['test']} {test['outcome']}: {test['text']}"
    for line in record["alarms"]:
        yield f"the kernel's log: {line}"
    if record["tainted"]:
        yield f"the kernel is tainted: {record['tainted']}"


def counts(record):
    """How many tests passed, and how many are of paths that this kernel is not offered."""
    outcomes = [test["outcome"] for test in record["programs"] + record["core"]]
    return outcomes.count("passed"), outcomes.count("not offered")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=("programs", "all"), default="all")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    core = core_lines((HERE / "core.txt").read_text()) if arguments.what == "all" else ()
    record = record_of(folder, list(core))
    (folder / "record.json").write_text(json.dumps(record, indent=2) + "\n")
    found = list(problems(record))
    passed, skipped = counts(record)
    print(f"{record['release']}: {passed} passed, {len(found)} failed, {skipped} skipped")
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
