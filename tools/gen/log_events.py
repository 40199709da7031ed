#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns docs/log-events/*.md into a C++ header of LogEvent constants.

A page holds events in this form; the first paragraph says what happened ({field} stands for a value), an
optional second one, "Do: ...", says what a person can do:

    ## VOUCHER_REFUSED_UNTRUSTED   warning   guid, manufacturer_key
    The first key in voucher {guid} belongs to no manufacturer that this server accepts.

    Do: Add the manufacturer with `fairlead manufacturer add`, or ask who sent the voucher.
"""
import argparse
import json
import re
import sys

LEVELS = {"debug", "info", "notice", "warning", "error"}


def events_of(page):
    text = open(page, encoding="utf-8").read()
    for block in re.split(r"^## ", text, flags=re.M)[1:]:
        head, _, body = block.partition("\n")
        parts = head.split(None, 2)
        if len(parts) < 2 or parts[1] not in LEVELS or not re.fullmatch(r"[A-Z][A-Z0-9_]*", parts[0]):
            sys.exit(f"{page}: '## {head}': want '## EVENT_ID level field, field'")
        fields = [f.strip() for f in parts[2].split(",")] if len(parts) == 3 else []
        paragraphs = [" ".join(p.split()) for p in body.strip().split("\n\n") if p.strip()]
        what = " ".join(p for p in paragraphs if not p.startswith("Do:"))
        advice = " ".join(p[3:].strip() for p in paragraphs if p.startswith("Do:"))
        if not what:
            sys.exit(f"{page}: {parts[0]} does not say what happened")
        unknown = set(re.findall(r"\{(\w+)\}", what)) - set(fields)
        if unknown:
            sys.exit(f"{page}: {parts[0]} speaks of fields it does not list: {', '.join(sorted(unknown))}")
        yield parts[0], parts[1], what, advice


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", required=True)
    arguments.add_argument("pages", nargs="*")
    options = arguments.parse_args()
    seen = {}
    lines = []
    for page in sorted(options.pages):
        for name, level, what, advice in events_of(page):
            if name in seen:
                sys.exit(f"{page}: {name} is already in {seen[name]}")
            seen[name] = page
            quoted = [json.dumps(s, ensure_ascii=False) for s in (name, what, advice)]
            lines.append(f"inline constexpr LogEvent {name.lower()}{{{quoted[0]}, Level::{level}, "
                         f"{quoted[1]}, {quoted[2]}}};")
    with open(options.output, "w", encoding="utf-8") as out:
        out.write("// Generated from docs/log-events by tools/gen/log_events.py.\n#pragma once\n"
                  '#include <array>\n#include "base/log.h"\nnamespace fairlead::event {\n')
        out.write("\n".join(lines))
        out.write(f"\ninline constexpr std::array<const LogEvent*, {len(seen)}> all{{\n")
        out.write(",\n".join("    &" + name.lower() for name in seen))
        out.write("};\n}  // namespace fairlead::event\n")


if __name__ == "__main__":
    main()
