#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table "Speed and memory" of README.md from bench/results/latest.json, or holds the one to the other.

bench/table.py           writes it between the two marks in README.md
bench/table.py --check   ends with 1 if README.md says something else than the result
"""
import json
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
readme, result_file = root / "README.md", root / "bench/results/latest.json"
begin, end = "<!-- bench/table.py -->", "<!-- end of bench/table.py -->"


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.4g}"


def row_of(figure):
    # A figure that begins with blanks belongs to the one above.
    what = ("— " if figure["what"].startswith(" ") else "") + figure["what"].strip()
    beside = "" if figure["ratio"] is None else f"{figure['ratio']:.2f} of {figure['beside']}"
    verdict = {None: "", True: "met", False: "**missed**"}[figure["met"]]
    target = figure["target"] or ""
    return (f"| {what} | {number(figure['value'])} {figure['unit']} | {beside} | "
            f"{target}{': ' if target and verdict else ''}{verdict} |")


def machine_of(machine):
    return (f"{machine['cpu']}, {machine['cores']} cores, {round(machine['memory_mib'] / 1024)} GiB of memory, "
            f"{machine['system']}; {machine['date'][:10]}, load average {machine['load_average_at_start']:.1f} at the "
            f"start, {machine['load_average_at_end']:.1f} at the end.")


def table():
    result = json.loads(result_file.read_text())
    return "\n".join([begin, machine_of(result["machine"]), "", "| what | figure | beside it in the same run | target |",
                      "|---|---|---|---|", *map(row_of, result["figures"]), end])


def main():
    text = readme.read_text()
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"README.md: the marks {begin} and {end} have to stand there once each")
    head, rest = text.split(begin)
    wanted = head + table() + rest.split(end)[1]
    if "--check" in sys.argv[1:]:
        if wanted != text:
            sys.exit("README.md: its table of figures is not that of bench/results/latest.json; run bench/table.py")
    else:
        readme.write_text(wanted)


main()
