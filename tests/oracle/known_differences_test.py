#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the oracle lets pass is written down for users, under the same name."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
import known_differences  # noqa: E402

DOCUMENT = os.path.join(os.path.dirname(__file__), "../../docs/istio-differences.md")


def subjects():
    """The first column of the table."""
    with open(DOCUMENT, encoding="utf-8") as file:
        return {line.split(" | ")[0].removeprefix("| ") for line in file if line.startswith("| ")}


class KnownDifferences(unittest.TestCase):
    def test_each_is_a_subject_of_the_document(self):
        for known in (*known_differences.VERDICTS, *known_differences.CALLS):
            self.assertIn(known.name, subjects())


if __name__ == "__main__":
    unittest.main()
