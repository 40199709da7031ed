#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every event of docs/log-events is logged somewhere in src, and that every decode_ function in a
header of a core room is exercised by a fuzzer. Usage: check_events.py [ROOT]"""
import pathlib
import re
import sys

DECODER_ROOMS = ("codec", "crypto", "fdo", "dpp", "enroll", "pki", "local")


def texts(folder, *patterns):
    return "\n".join(p.read_text() for pattern in patterns for p in sorted(folder.rglob(pattern))
                     if not p.name.endswith("_test.cpp"))


def unused_events(root):
    source = texts(root / "src", "*.h", "*.cpp")
    for page in sorted((root / "docs/log-events").glob("*.md")):
        for number, line in enumerate(page.read_text().splitlines(), 1):
            match = re.match(r"## ([A-Z][A-Z0-9_]*)\s", line)
            if match and not re.search(rf"\bevent::{match.group(1).lower()}\b", source):
                yield page, number, (f"{match.group(1)} is logged nowhere in src; log event::"
                                     f"{match.group(1).lower()} where it happens, or take it out of the page")


def unfuzzed_decoders(root):
    fuzzers = texts(root / "fuzz", "*.h", "*.cpp")
    for room in DECODER_ROOMS:
        for header in sorted((root / "src" / room).rglob("*.h")):
            for number, line in enumerate(header.read_text().splitlines(), 1):
                for name in re.findall(r"\b(decode_\w+)\(", line.partition("//")[0]):
                    if not re.search(rf"\b{name}\b", fuzzers):
                        yield header, number, (f"{name} has no fuzzer; call it in fuzz/{header.stem}_fuzz.cpp "
                                               "(a new file is built and run by itself)")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = [*unused_events(root), *unfuzzed_decoders(root)]
    for path, line, why in complaints:
        print(f"{path.relative_to(root)}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
