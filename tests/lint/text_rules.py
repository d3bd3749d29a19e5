#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what every source file must keep: the licence, a size that one can read, no promises."""

import re
import sys

import sources

LICENCE = "SPDX-License-Identifier: Apache-2.0"
LONGEST = 400
# Split, so that this file passes its own rule.
PROMISE = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def has_licence(lines):
    # A script begins with its interpreter.
    return any(LICENCE in line for line in lines[:2])


def problems_of(lines):
    if not has_licence(lines):
        yield 1, f"no line '{LICENCE}' on top"
    if len(lines) > LONGEST:
        yield LONGEST + 1, f"{len(lines)} lines: a file has one subject and at most {LONGEST} lines"
    for number, line in enumerate(lines, 1):
        if PROMISE.search(line):
            yield number, "finish it, or write an issue"


def problems(root):
    for path in sources.sources(root):
        lines = (root / path).read_text(errors="replace").splitlines()
        for number, problem in problems_of(lines):
            yield f"{path}:{number}: {problem}"


def main():
    found = list(problems(sources.ROOT))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
