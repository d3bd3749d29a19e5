#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists our source files, one per line: what the lint tests look at."""

import argparse
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]

CXX = {".cpp", ".hpp", ".h", ".c"}
# .def: tables of macro calls, in columns that clang-format would break.
OTHERS = {".def", ".py", ".sh", ".cmake"}
OTHER_NAMES = {"dev", "CMakeLists.txt"}
# Generated, or data that only looks like source.
EXCLUDED_FOLDERS = {"build", "corpus", "samples"}
EXCLUDED_FILES = {"vmlinux.h"}


def is_cxx(path):
    return path.suffix in CXX


def is_source(path):
    return is_cxx(path) or path.suffix in OTHERS or path.name in OTHER_NAMES


def sources(root=ROOT, wanted=is_source):
    """Paths below `root`, relative to it, sorted."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name for name in folders
            if name not in EXCLUDED_FOLDERS and (not name.startswith(".") or name == ".ci")
        ]
        paths = [pathlib.Path(folder, name) for name in names if name not in EXCLUDED_FILES]
        in_ci = pathlib.Path(folder).name == ".ci"
        found += [path.relative_to(root) for path in paths if in_ci or wanted(path)]
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cxx", action="store_true", help="C and C++ alone")
    parser.add_argument("--null", action="store_true", help="end names with NUL, for xargs -0")
    arguments = parser.parse_args()
    end = "\0" if arguments.null else "\n"
    wanted = is_cxx if arguments.cxx else is_source
    for path in sources(wanted=wanted):
        if wanted(path):
            print(path, end=end)


if __name__ == "__main__":
    main()
