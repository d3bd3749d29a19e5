#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a source names, itself or through our own headers, the usual headers that it uses:
where the build parses them once for a whole room, the compiler would not notice."""

import re
import sys

import includes
import sources

CMAKE = "cmake/SluiceRooms.cmake"
# By header: what is declared there, as far as we use it.
USES = {
    "algorithm": r"std::(ranges::(?!view|range|begin|end|size|empty|data|subrange|to\b|input_|"
                 r"forward_|random_|iterator|reverse_view|distance|next|prev|swap|less|greater|"
                 r"equal_to)\w+|sort|stable_sort|find_if|all_of|any_of|none_of|copy|copy_if|"
                 r"unique|lower_bound|upper_bound|max_element|min_element|max|min|clamp|equal|"
                 r"fill|fill_n|remove_if|count_if|mismatch)\(",
    "chrono": r"std::chrono",
    "functional": r"std::(function|hash|invoke|reference_wrapper|cref|ref|less|greater)\b",
    "map": r"std::(multi)?map\b",
    "memory": r"std::(unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared)\b",
    "optional": r"std::(optional|nullopt)\b",
    "set": r"std::(multi)?set\b",
    "span": r"std::span\b",
    "string": r"std::(string|to_string|getline)\b",
    "string_view": r"std::string_view\b",
    "unordered_map": r"std::unordered_map\b",
    "unordered_set": r"std::unordered_set\b",
    "variant": r"std::(variant|visit|monostate|get_if|holds_alternative)\b",
    "vector": r"std::vector\b",
    "fmt/format.h": r"\bfmt::",
}
# Headers of libraries that bring one of them, by their word.
BRING = {"spdlog/": "fmt/format.h", "fmt/": "fmt/format.h"}
COMMENT_OR_TEXT = re.compile(r'//.*|"(\\.|[^"\\\n])*"')


def included(name, root, known):
    """Headers of libraries that `name` includes, itself or through ours."""
    if name in known:
        return known[name]
    known[name] = found = set()
    for line in (root / name).read_text(errors="replace").splitlines():
        match = includes.INCLUDE.match(line)
        if not match:
            continue
        ours = includes.resolve(name, match[2], root) if match[1] == '"' else None
        found |= included(ours, root, known) if ours else {match[2]}
    return found


def missing(text, headers):
    brought = {usual for library, usual in BRING.items()
               if any(header.startswith(library) for header in headers)}
    code = COMMENT_OR_TEXT.sub("", text)
    for header, use in USES.items():
        match = header not in headers | brought and re.search(use, code)
        if match:
            yield header, match[0].rstrip("(")


def problems(root):
    known = {}
    for path in sources.sources(root, sources.is_cxx):
        name = path.as_posix()
        headers = included(name, root, known)
        # GoogleTest brings all of them.
        if name.startswith("bpf/") or headers & {"gtest/gtest.h", "gmock/gmock.h"}:
            continue
        for header, use in missing((root / path).read_text(errors="replace"), headers):
            yield f"{name}: uses {use} and nothing that it includes includes <{header}>"


def unknown(root):
    """Headers that the build parses once for a room and that nobody checks here."""
    text = (root / CMAKE).read_text()
    listed = re.search(r"set\(SLUICE_USUAL_HEADERS([^)]*)\)", text)[1]
    return sorted(set(re.findall(r"<([^>]+)>", listed)) - set(USES))


def main():
    found = list(problems(sources.ROOT))
    found += [f"{CMAKE}: <{header}> is not checked by usual_headers.py"
              for header in unknown(sources.ROOT)]
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
