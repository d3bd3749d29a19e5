#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a page and pictures of what `./dev bench proxy` has measured."""

import argparse
import json
import pathlib
import sys

sys.dont_write_bytecode = True

import chart
import goals

NAMES = {"sluice": "Sluice", "haproxy": "HAProxy", "nginx": "nginx", "envoy": "Envoy",
         "wrk": "wrk", "h2load": "h2load"}
COMMAND = "./dev bench proxy"
FIGURES = "build/bench-proxy.json"


def number(value, digits=0):
    return chart.number(value, digits)


def table(head, rows, words=1):
    """The first `words` columns are text, the others numbers."""
    rule = ["---" if at < words else "---:" for at in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(rule) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


# --- pictures ------------------------------------------------------------------------------------


def bars(scenario, field):
    return [(c["name"], c[field]) for c in scenario["contenders"]]


def panels(scenarios, field, what="", digits=0):
    """Under `what`, or, where the title of the picture says that, under the scenario's name."""
    return [chart.Panel(what or s["name"], bars(s, field), s["name"] if what else "", digits)
            for s in scenarios if s["contenders"]]


def chosen(report, *ids):
    by_id = {s["id"]: s for s in report["scenarios"]}
    return [by_id[name] for name in ids if name in by_id]


def idle_panels(report):
    idle = report.get("idle")
    if not idle or not idle["contenders"]:
        return []
    return [chart.Panel("memory, MiB: less is better", bars(idle, "residentMiB"),
                        f"{idle['connections']:,} idle connections", 1)]


def grouped(report, *groups):
    return [s for s in report["scenarios"] if s["group"] in groups]


def pictures(report):
    """File, title, panels; those of which nothing was measured are left out."""
    loaded = chosen(report, "http1-32-1024-100", "http1-256-1024-100")
    many = grouped(report, "HTTP/1.1")
    all_of_them = [
        ("proxy.svg", "Sluice's proxy beside others: requests by header to two clusters",
         panels(loaded, "rate", "requests/s: more is better")
         + panels(loaded, "p99Us", "99th percentile, µs: less is better")
         + panels(loaded[:1], "cpuUs", "CPU time of the proxy, µs/request: less is better",
                                          1) + idle_panels(report)),
        ("proxy-http1.svg", "HTTP/1.1: requests per second", panels(many, "rate")),
        ("proxy-http1-p99.svg", "HTTP/1.1: 99th percentile of the latency, microseconds",
         panels(many, "p99Us")),
        ("proxy-http1-cpu.svg", "HTTP/1.1: the proxy's CPU time for a request, microseconds",
         panels(many, "cpuUs", digits=1)),
        ("proxy-others.svg", "New connections, HTTP/2, gRPC, pods: requests per second",
         [panel for s in grouped(report, "HTTP/1.1, new connections", "HTTP/2", "gRPC", "Pods")
          for panel in panels([s], "rate", s["group"])]),
    ]
    return [picture for picture in all_of_them if picture[2]]


# --- page ----------------------------------------------------------------------------------------


def surroundings(report):
    machine, versions = report["machine"], report["versions"]
    programs = ", ".join(f"{NAMES[name]} {version}" for name, version in versions.items())
    return (f"Measured on {report['date']} on a machine with {machine['cores']} cores "
            f"({machine['architecture']}) and {machine['memoryGiB']:.0f} GiB, Linux "
            f"{machine['kernel']}; clients, proxies and servers share the cores. {programs}.\n\n"
            f"Each row is the median of {report['rounds']} rounds of {report['seconds']} s, in which "
            "the proxies take turns. Ratios are the first row's figure to this row's, over the pairs "
            "of a round: geometric mean and 95 % interval. Only ratios mean something on another "
            "machine. [What is compared, and how](README.md).\n\n"
            f"To measure it again:\n\n```sh\n{COMMAND}   # as root\n"
            f"tests/bench/render/render.py {FIGURES} docs/benchmarks\n```\n")


def goals_section(report):
    found = goals.goals(report)
    if not found:
        return ""
    missed = sum(goal.verdict == goals.MISSED for goal in found)
    undecided = sum(goal.verdict == goals.OPEN for goal in found)
    rows = [(g.what, g.where, g.against, g.measured, g.verdict) for g in found]
    return (f"## Goals\nOf {len(found)} goals {len(found) - missed - undecided} are met, {missed} are "
            f"missed, and {undecided} are not decided, because the 95 % interval of the ratio "
            "contains the goal.\n\n"
            + table(("goal", "where", "closest", "measured", ""), rows, words=3))


def scenario_section(scenario):
    rows = []
    for c in scenario["contenders"]:
        ratios = c.get("ratios")
        shown = [goals.interval(ratios[field]) if ratios else ""
                 for field in ("rate", "p99", "cpu")]
        rows.append((c["name"], number(c["rate"]), number(c["bestRate"]), number(c["p50Us"]),
                     number(c["p99Us"]), number(c["p999Us"]), number(c["cpuUs"], 1),
                     number(c["residentMiB"], 1), *shown))
    head = ("", "requests/s", "best round", "p50 µs", "p99 µs", "p99.9 µs", "CPU µs/request", "MiB",
            "ratio of rates", "of p99", "of CPU")
    return f"### {scenario['name']}\n" + table(head, rows)


def scenario_sections(report):
    text, group = "", None
    for scenario in report["scenarios"]:
        if scenario["group"] != group:
            group = scenario["group"]
            text += f"## {group}\n"
        text += scenario_section(scenario) + "\n"
    return text


def idle_section(report):
    if "idle" not in report:
        return ""
    idle = report["idle"]
    rows = [(c["name"], number(c["residentMiB"], 1), number(c["growthMiB"], 1),
             number(c["growthMiB"] * 1024 / idle["connections"], 2)) for c in idle["contenders"]]
    return (f"## {idle['connections']:,} idle connections\n"
            + table(("", "MiB", "of which for them", "KiB for each"), rows) + "\n")


def troubles_section(report):
    """What failed, and what had to be repeated."""
    text = ""
    for what in ("left out", "repeated"):
        rows = [(out["scenario"], out["name"], " ".join(out["why"].split()).replace("|", "/"))
                for out in report[what]]
        if rows:
            text += f"## {what.capitalize()}\n" + table(("scenario", "proxy", "why"), rows, words=3)
    return text


def page(report, shown):
    images = "".join(f"![{title}]({name})\n\n" for name, title, _ in shown)
    return ("# The proxy beside HAProxy, nginx and Envoy\n\n"
            "<!-- Written by tests/bench/render/render.py from measured figures; not by hand. -->\n\n"
            + surroundings(report) + "\n" + images + goals_section(report) + "\n"
            + scenario_sections(report) + idle_section(report) + troubles_section(report))


def render(report, directory):
    directory.mkdir(parents=True, exist_ok=True)
    shown = pictures(report)
    for name, title, of_picture in shown:
        (directory / name).write_text(chart.svg(title, of_picture))
    (directory / "proxy.md").write_text(page(report, shown).rstrip("\n") + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=pathlib.Path, help=f"what {COMMAND} wrote: {FIGURES}")
    parser.add_argument("directory", type=pathlib.Path, help="gets proxy.md and its pictures")
    arguments = parser.parse_args()
    render(json.loads(arguments.figures.read_text()), arguments.directory)


if __name__ == "__main__":
    main()
