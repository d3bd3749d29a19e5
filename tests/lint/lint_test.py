#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lint tests must be able to fail: small trees with one fault each."""

import pathlib
import tempfile
import unittest

import includes
import text_rules
import usual_headers


class Tree:
    """Files in a temporary folder."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __enter__(self):
        return self.root

    def __exit__(self, *_):
        self.folder.cleanup()


def include_problems(files):
    with Tree(files) as root:
        return list(includes.problems(root, includes.read_arrows()))


class Includes(unittest.TestCase):
    def test_a_room_may_include_what_is_below(self):
        self.assertEqual([], include_problems({
            "userspace/base/fd.h": "",
            "maps/abi/types.h": "",
            "userspace/model/ids.h": '#include "userspace/base/fd.h"\n#include "maps/abi/types.h"\n',
        }))

    def test_a_room_may_not_include_what_is_above(self):
        found = include_problems({
            "userspace/proxy/worker.h": "",
            "userspace/routing/match.cpp": '\n#include "userspace/proxy/worker.h"\n',
        })
        self.assertEqual(
            ["userspace/routing/match.cpp:2: userspace/routing may not include "
             "userspace/proxy/worker.h"], found)

    def test_a_relative_path_is_no_way_around(self):
        self.assertEqual(1, len(include_problems({
            "userspace/agent/agent.h": "",
            "userspace/base/fd.cpp": '#include "../agent/agent.h"\n',
        })))

    def test_the_broker_does_not_see_rules(self):
        self.assertEqual(1, len(include_problems({
            "userspace/source/yaml.h": "",
            "userspace/broker/server.cpp": '#include "userspace/source/yaml.h"\n',
        })))

    def test_only_the_loader_sees_libbpf_and_skeletons(self):
        self.assertEqual([], include_problems({
            "loader/kernel.cpp": '#include <bpf/libbpf.h>\n#include "programs.skel.h"\n'}))
        self.assertEqual(2, len(include_problems({
            "userspace/steering/plan.cpp": '#include <bpf/bpf.h>\n#include <programs.skel.h>\n'})))

    def test_a_new_folder_needs_a_room(self):
        self.assertEqual(1, len(include_problems({
            "maps/abi/types.h": "", "userspace/extra/a.cpp": '#include "maps/abi/types.h"\n'})))


class TextRules(unittest.TestCase):
    LICENCE = "// " + text_rules.LICENCE

    def test_a_clean_file(self):
        self.assertEqual([], list(text_rules.problems_of([self.LICENCE, "int x;"])))

    def test_the_licence_may_follow_the_interpreter(self):
        self.assertEqual([], list(text_rules.problems_of(["#!/bin/sh", self.LICENCE])))

    def test_no_licence(self):
        self.assertEqual([1], [line for line, _ in text_rules.problems_of(["int x;"])])

    def test_too_long(self):
        lines = [self.LICENCE] + ["int x;"] * text_rules.LONGEST
        self.assertEqual([401], [line for line, _ in text_rules.problems_of(lines)])

    def test_promises(self):
        lines = [self.LICENCE, "// TO" + "DO: later"]
        self.assertEqual([2], [line for line, _ in text_rules.problems_of(lines)])


def header_problems(files):
    with Tree(files) as root:
        return list(usual_headers.problems(root))


class UsualHeaders(unittest.TestCase):
    def test_what_is_used_must_be_included(self):
        self.assertEqual(
            ["userspace/base/a.cpp: uses std::vector and nothing that it includes includes <vector>"],
            header_problems({"userspace/base/a.cpp": "std::vector<int> numbers;\n"}))
        self.assertEqual(1, len(header_problems({
            "userspace/base/a.cpp": "auto found = std::ranges::find(numbers, 1);\n"})))

    def test_a_header_of_ours_may_include_it(self):
        self.assertEqual([], header_problems({
            "userspace/base/a.h": '#include <vector>\n',
            "userspace/base/b.h": '#include "userspace/base/a.h"\n',
            "userspace/base/b.cpp": '#include "userspace/base/b.h"\nstd::vector<int> numbers;\n',
        }))

    def test_words_in_comments_and_texts_are_no_use(self):
        self.assertEqual([], header_problems({
            "userspace/base/a.cpp": '// a std::map\nconst char* text = "std::set";\n'}))

    def test_a_library_may_bring_another(self):
        self.assertEqual([], header_problems({
            "userspace/base/a.cpp": '#include <spdlog/spdlog.h>\nfmt::format("");\n'}))

    def test_what_is_precompiled_must_be_known(self):
        with Tree({usual_headers.CMAKE: "set(SLUICE_USUAL_HEADERS <vector>\n  <deque>)\n"}) as root:
            self.assertEqual(["deque"], usual_headers.unknown(root))


if __name__ == "__main__":
    unittest.main()
