#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over what the build compiles, test cases aside. A file that passed is not looked
at again until it, a header of ours that it includes, its compile command or .clang-tidy changes."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

import includes
import sources

TIDY = "clang-tidy-19"
# Tests of timing run beside it.
POLITELY = ["nice", "-n", "10"]
# Half of the run's time, most of it spent in what GoogleTest's macros expand to.
TEST_CASES = ("tests/unit", "tests/bpf", "tests/e2e", "tests/fuzz")
# The compiler is GCC, and its warnings are errors; clang's own would only differ.
EXTRA = ["--extra-arg=-w"]


def included_by(name, root, seen):
    """Adds `name` and all our files that it includes to `seen`."""
    if name in seen:
        return
    seen.add(name)
    text = (root / name).read_text(errors="replace")
    for _, target in re.findall(includes.INCLUDE.pattern, text, re.MULTILINE):
        ours = includes.resolve(name, target, root)
        if ours:
            included_by(ours, root, seen)


def key_of(entry, root):
    """A hash of everything that decides the result for one entry of compile_commands.json."""
    files = set()
    included_by(os.path.relpath(entry["file"], root), root, files)
    digest = hashlib.sha256(entry["command"].encode())
    for name in [".clang-tidy", *sorted(files)]:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_wanted(name, build, root):
    path = pathlib.Path(name)
    if path.suffix != ".cpp" or path.is_relative_to(build) or not path.is_relative_to(root):
        return False
    return not any(path.is_relative_to(root / folder) for folder in TEST_CASES)


def entries(build, root):
    """Our own C++ of the compilation database, each file once."""
    commands = json.loads((build / "compile_commands.json").read_text())
    unique = {entry["file"]: entry for entry in commands}
    return [unique[name] for name in sorted(unique) if is_wanted(name, build, root)]


def check(entry, build, cache, root):
    """The findings of one file as text; empty when it is clean."""
    passed = cache / key_of(entry, root)
    if passed.exists():
        return ""
    result = subprocess.run(
        [*POLITELY, TIDY, "--quiet", "-p", str(build), *EXTRA, entry["file"]],
        capture_output=True, text=True, check=False)
    if result.returncode == 0:
        passed.touch()
        return ""
    return result.stdout + result.stderr


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = sources.ROOT
    cache = build / "tidy-passed"
    cache.mkdir(exist_ok=True)
    wanted = [str(root / name) for name in sys.argv[2:]]
    chosen = [e for e in entries(build, root) if not wanted or e["file"] in wanted]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: check(entry, build, cache, root), chosen))
    findings = [text for text in results if text]
    print(*findings, sep="\n")
    print(f"{len(chosen)} files, {len(findings)} with findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
