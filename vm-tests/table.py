#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints docs/kernels.md: what the runs in FOLDER, one folder for each kernel, have shown."""

import argparse
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

INTRODUCTION = """\
# Kernels

What was tried on which kernel. This page is written by `./dev vm-test`, from what its runs have shown;
[vm-tests/](../vm-tests/README.md) says how they are made. Kernels are Debian's, freshly booted under
emulation. A warning in a kernel's log fails its run. Where `agent_maps` fails, its advice is followed before
anything else is tried.
"""


def rows(header, lines):
    """A table in Markdown."""
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def probes_of(record):
    return {probe["name"]: probe for probe in record["probes"]}


def suite_of(test):
    return test["test"].split(".")[0]


def passed_of(record, suite):
    """How many tests of a suite passed, of those that ran."""
    outcomes = [test["outcome"] for test in record["programs"] if suite_of(test) == suite]
    return f"{outcomes.count('passed')} of {len(outcomes)}"


def cell(test):
    if test["outcome"] == "not offered":
        return f"not offered: `{test['needs']}`"
    return "yes" if test["outcome"] == "passed" else f"**{test['outcome']}**"


def probe_rows(records):
    names = dict.fromkeys(name for record in records.values() for name in probes_of(record))
    for name in names:
        if name != "kernel":
            yield [f"`{name}`"] + [probes_of(record)[name]["status"] for record in records.values()]
    suites = dict.fromkeys(suite_of(test) for record in records.values() for test in record["programs"])
    for suite in suites:
        yield [f"tests/bpf: {suite}"] + [passed_of(record, suite) for record in records.values()]
    yield ["warnings in the log"] + [str(len(record["alarms"])) for record in records.values()]


def core_rows(records):
    for tests in zip(*(record["core"] for record in records.values()), strict=True):
        yield [tests[0]["subject"], tests[0]["path"]] + [cell(test) for test in tests]


def remarks(records):
    """What a probe that is not content has found, and its advice, once for each text."""
    found = {}
    for name, record in records.items():
        for probe in record["probes"]:
            if probe["status"] != "ok":
                text = f"`{probe['name']}`: {probe['detail']}. Remedy: {probe['hint']}."
                found.setdefault(text, []).append(name)
    for text, kernels in found.items():
        yield f"* {', '.join(kernels)}: {text}"


def page(records):
    names = list(records)
    yield INTRODUCTION
    yield "## Probes and programs"
    yield "What `sluicectl check` says, and how many tests of the loaded programs and tables pass.\n"
    yield from rows([""] + [f"{name} ({records[name]['release']})" for name in names],
                    probe_rows(records))
    yield ""
    yield from remarks(records)
    yield "\n## Traffic"
    yield "The end-to-end core, on the paths that the probes allow.\n"
    yield from rows(["what", "path"] + names, core_rows(records))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    lines = (HERE / "kernels.txt").read_text().splitlines()
    names = [line.split()[0] for line in lines if line and not line.startswith("#")]
    files = {name: folder / name / "record.json" for name in names}
    records = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    print(*page(records), sep="\n")
    for name in (name for name in names if name not in records):
        print(f"\n{name}: **no result**: no run has come to its end.")


if __name__ == "__main__":
    main()
