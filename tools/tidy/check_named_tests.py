#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the tests which docs/negative-tests.md names are there. Usage: check_named_tests.py [ROOT]"""
import pathlib
import re
import sys

PAGE = "docs/negative-tests.md"


def known_tests(root):
    out = set()
    for folder in ("src", "tests"):
        for source in (root / folder).rglob("*_test.cpp"):
            text = source.read_text()
            out |= {".".join(pair) for pair in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", text, re.M)}
    return out


def missing_tests(root):
    known = known_tests(root)
    for number, line in enumerate((root / PAGE).read_text().splitlines(), 1):
        for name in re.findall(r"`(\w+\.[A-Z]\w+)`", line):
            if name not in known:
                yield number, f"there is no test {name}; name the one that shows it now"
        for path in re.findall(r"`((?:tests|tools)/[^`]+\.py)`", line):
            if not (root / path).exists():
                yield number, f"there is no {path}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(missing_tests(root))
    for line, why in complaints:
        print(f"{PAGE}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
