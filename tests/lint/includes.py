#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks includes against arrows.txt: rooms include only rooms below them, and only the kernel's
side sees libbpf and generated skeletons."""

import pathlib
import posixpath
import re
import sys

import sources

ARROWS = pathlib.Path(__file__).with_name("arrows.txt")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
KERNEL_ROOMS = ("bpf", "loader", "tests/bpf", "tests/unit/loader", "tests/cases/backend",
                "tests/bench/connect", "tests/support/other_program")


def read_arrows(path=ARROWS):
    """{room: rooms that it may include}; the rooms of `everyone` are in each."""
    table = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            room, _, allowed = line.partition(":")
            table[room] = allowed.split()
    everyone = table.pop("everyone")
    return {room: [room, *allowed, *everyone] for room, allowed in table.items()}


def is_below(path, room):
    return path == room or path.startswith(room + "/")


def room_of(path, rooms):
    return max((room for room in rooms if is_below(path, room)), key=len, default=None)


def is_kernel_side(path):
    return path.endswith(".bpf.h") or any(is_below(path, room) for room in KERNEL_ROOMS)


def is_kernel_header(target):
    return target.startswith("bpf/") or target.endswith(".skel.h")


def resolve(path, target, root):
    """The path of an included file of ours, or None for one of the system."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    for candidate in (beside, posixpath.normpath(target)):
        if (root / candidate).is_file():
            return candidate
    return None


def problem_of(path, quote, target, arrows, root):
    """What is wrong with one include, or None."""
    ours = resolve(path, target, root) if quote == '"' else None
    if ours is None:
        if is_kernel_header(target) and not is_kernel_side(path):
            return f"{target} is for {' and '.join(KERNEL_ROOMS[:2])} alone: use DataPlane"
        return None
    room = room_of(path, arrows)
    if room is None:
        return "the file is in no room of arrows.txt"
    if not any(is_below(ours, allowed) for allowed in arrows[room]):
        return f"{room} may not include {target}"
    return None


def problems(root, arrows):
    for path in sources.sources(root, sources.is_cxx):
        name = path.as_posix()
        text = (root / path).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            problem = problem_of(name, match[1], match[2], arrows, root)
            if problem:
                yield f"{name}:{number}: {problem}"


def main():
    found = list(problems(sources.ROOT, read_arrows()))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
