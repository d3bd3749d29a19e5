#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""upstream.py SLUICECTL FOLDER: each row of FOLDER/upstream.tsv, with upstream-findings.tsv."""

import pathlib
import re
import sys

import analyze

HERE = pathlib.Path(__file__).parent


def expected_findings(row):
    return [] if row["findings"] == "-" else row["findings"].split("; ")


def actual_findings(row, answer):
    codes = row["codes"].split(",")
    fields = None if row["fields"] == "-" else row["fields"].split("|")
    return sorted(
        f"{item['code']} {item['resource']}"
        for item in answer.items
        if item["code"] in codes
        and (fields is None or item["field"].rsplit(".", 1)[-1] in fields)
    )


def analysed(row, answer):
    found = actual_findings(row, answer)
    if found != expected_findings(row):
        yield f"finds {found}, not {expected_findings(row)}"


def documents(path):
    """The documents of a file of Istio's CRD tests, without the message that each one wants."""
    text = re.sub(r"(?m)^_err:.*\n(?:[ ].*\n)*", "", path.read_text())
    for document in re.split(r"(?m)^---\s*$", text):
        if re.search(r"(?m)^\s*[^#\s]", document):
            yield document


def complaints_of(verdict, answer):
    if answer.trouble:
        yield "did not run"
    if verdict.startswith(("accept", "warn", "analyze")) and answer.refused():
        yield "is refused"
    if verdict.startswith("reject") and not answer.refused():
        yield "is not refused"
    if verdict.startswith("warn ") and verdict.removeprefix("warn ") not in answer.codes():
        yield f"lacks {verdict.removeprefix('warn ')}"
    if verdict == "template" and answer.status != analyze.BAD_DATA:
        yield f"is no YAML, and the exit status is {answer.status}"
    if verdict == "meshconfig" and answer.items:
        yield "is a MeshConfig, in which there is nothing to find"


def each_document(sluicectl, row, path):
    for number, document in enumerate(documents(path)):
        answer = analyze.Answer(sluicectl, ["-"], stdin=document)
        yield f"{row['path']} #{number}", list(complaints_of(row["verdict"], answer)), answer


def with_mesh_config(sluicectl, folder):
    """With this MeshConfig the analyzer of addresses has nothing to say."""
    stem = folder / "upstream/istio-analyze/serviceentry-missing-addresses-protocol"
    answer = analyze.Answer(sluicectl, [f"{stem}.yaml", f"{stem}-mesh-cfg.yaml"])
    complaint = ["finds IST0134"] if "IST0134" in answer.codes() else []
    return "MeshConfig that allocates addresses", complaint, answer


def results(sluicectl, folder):
    findings = {row["path"]: row for row in analyze.rows(HERE / "upstream-findings.tsv")}
    for row in analyze.rows(folder / "upstream.tsv"):
        path = folder / row["path"]
        if row["verdict"].endswith(" each"):
            yield from each_document(sluicectl, row, path)
            continue
        answer = analyze.Answer(sluicectl, [path])
        if row["verdict"] == "analyze":
            yield row["path"], list(analysed(findings.pop(row["path"]), answer)), answer
        else:
            yield row["path"], list(complaints_of(row["verdict"], answer)), answer
    yield with_mesh_config(sluicectl, folder)
    for path in findings:
        yield path, ["is not there"], answer


def main():
    sluicectl, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (folder / "upstream.tsv").exists():
        print(f"skipped: there is no {folder}/upstream.tsv")
        sys.exit(analyze.SKIPPED)
    analyze.report(results(sluicectl, folder))


if __name__ == "__main__":
    main()
