#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the tests which documents name are there. Usage: check_named_tests.py [ROOT]"""
import ast
import pathlib
import re
import sys

PAGES = ("docs/identity-tests.md", "docs/negative-tests.md", "docs/threat-model.md")


def known_tests(root):
    out = set()
    for folder in ("src", "tests"):
        for source in (root / folder).rglob("*.cpp"):
            text = source.read_text()
            out |= {".".join(pair) for pair in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", text, re.M)}
    for source in (root / "tests").rglob("*_test.py"):
        for suite in ast.parse(source.read_text()).body:
            if isinstance(suite, ast.ClassDef):
                out |= {f"{suite.name}.{each.name}" for each in suite.body if isinstance(each, ast.FunctionDef)}
    return out


def missing_tests(root):
    known = known_tests(root)
    for page in PAGES:
        for number, line in enumerate((root / page).read_text().splitlines(), 1):
            for name in re.findall(r"`(\w+\.(?:[A-Z]|test_)\w+)`", line):
                if name not in known:
                    yield page, number, f"there is no test {name}; name the one that shows it now"
            for path in re.findall(r"`((?:tests|tools)/[^` ]+)`", line):
                if not (root / path).exists():
                    yield page, number, f"there is no {path}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(missing_tests(root))
    for page, line, why in complaints:
        print(f"{page}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
