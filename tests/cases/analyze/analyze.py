# SPDX-License-Identifier: Apache-2.0
"""Runs `sluicectl analyze -o json` and the checks that manifest and upstream cases share."""

import csv
import json
import subprocess
import sys

BAD_DATA, FINDINGS = 65, 79
SKIPPED = 77


class Answer:
    def __init__(self, sluicectl, paths, stdin=None):
        arguments = [sluicectl, "analyze", "-o", "json"]
        for path in paths:
            arguments += ["-f", str(path)]
        ran = subprocess.run(arguments, input=stdin, capture_output=True, text=True, timeout=60)
        self.status = ran.returncode
        self.items = json.loads(ran.stdout)["items"] if ran.stdout else []
        self.trouble = ran.stderr if self.status not in (0, BAD_DATA, FINDINGS) else ""

    def codes(self, prefix=""):
        return {item["code"] for item in self.items if item["code"].startswith(prefix)}

    def refused(self):
        """Whether some resource is not taken, or some file is no YAML."""
        return any(
            item["code"] == "IST0106" or item["code"].startswith("SLU1") and item["level"] == "error"
            for item in self.items
        )

    def text(self):
        lines = (
            f"    {i['code']} {i['level']} {i['resource']} {i['line']}:{i['column']} {i['field']}: "
            f"{i['message']}"
            for i in self.items
        )
        return "\n".join([*lines, self.trouble]).rstrip()


def rows(path):
    with open(path, newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def report(results):
    """results: (name, complaints, answer). Prints what failed; the process's exit status."""
    failed = 0
    count = 0
    for name, complaints, answer in results:
        count += 1
        if complaints:
            failed += 1
            print(f"{name}: {'; '.join(complaints)}\n{answer.text()}")
    print(f"{count - failed} passed, {failed} failed")
    sys.exit(1 if failed or count == 0 else 0)
