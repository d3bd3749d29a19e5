#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manifest.py SLUICECTL FOLDER: each row of FOLDER/manifest.tsv."""

import pathlib
import sys

import analyze


def names_field(answer, codes, field):
    return any(
        item["field"] == field and item["code"] in codes and item["line"] > 0
        for item in answer.items
    )


def complaints(row, answer):
    codes = set(row["message_codes"].split(",")) - {"-"}
    found = answer.codes("IST")
    if answer.trouble:
        yield "did not run"
    if row["verdict"] == "reject" and answer.status not in (analyze.FINDINGS, analyze.BAD_DATA):
        yield f"exit status {answer.status} of what must be refused"
    if row["verdict"] != "reject" and answer.refused():
        yield "is refused"
    if row["verdict"] == "accept" and found & {"IST0133"}:
        yield "is warned of"
    if not codes <= found:
        yield f"lacks {', '.join(sorted(codes - found))}"
    # Analysing one file alone adds references that are not there, unless it is meant for that.
    if row["layer"] == "analyze" and found != codes:
        yield f"says {', '.join(sorted(found))}, not {', '.join(sorted(codes))}"
    if row["field"] != "-" and not names_field(answer, codes, row["field"]):
        yield f"does not name {row['field']}"


def results(sluicectl, folder):
    for row in analyze.rows(folder / "manifest.tsv"):
        answer = analyze.Answer(sluicectl, [folder / row["path"]])
        yield row["path"], list(complaints(row, answer)), answer


def main():
    sluicectl, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (folder / "manifest.tsv").exists():
        print(f"skipped: there is no {folder}/manifest.tsv")
        sys.exit(analyze.SKIPPED)
    analyze.report(results(sluicectl, folder))


if __name__ == "__main__":
    main()
