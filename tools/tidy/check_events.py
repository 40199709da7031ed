#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every event of docs/log-events is logged somewhere in src. Usage: check_events.py [ROOT]"""
import pathlib
import re
import sys


def unused_events(root):
    source = "\n".join(p.read_text() for p in (root / "src").rglob("*")
                       if p.suffix in (".h", ".cpp") and not p.name.endswith("_test.cpp"))
    for page in sorted((root / "docs/log-events").glob("*.md")):
        for number, line in enumerate(page.read_text().splitlines(), 1):
            match = re.match(r"## ([A-Z][A-Z0-9_]*)\s", line)
            if match and not re.search(rf"\bevent::{match.group(1).lower()}\b", source):
                yield page, number, (f"{match.group(1)} is logged nowhere in src; log event::"
                                     f"{match.group(1).lower()} where it happens, or take it out of the page")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(unused_events(root))
    for path, line, why in complaints:
        print(f"{path.relative_to(root)}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
