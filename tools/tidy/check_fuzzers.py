#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every decode_ function in a core room's header or a keystore's is called by a fuzzer. Usage: check_fuzzers.py [ROOT]"""
import pathlib
import re
import sys

DECODER_ROOMS = ("codec", "crypto", "fdo", "dpp", "enroll", "pki", "local", "keystore")


def unfuzzed_decoders(root):
    fuzzers = "\n".join(p.read_text() for p in (root / "fuzz").glob("*.cpp"))
    for room in DECODER_ROOMS:
        for header in sorted((root / "src" / room).rglob("*.h")):
            for number, line in enumerate(header.read_text().splitlines(), 1):
                for name in re.findall(r"\b(decode_\w+)\(", line.partition("//")[0]):
                    if not re.search(rf"\b{name}\b", fuzzers):
                        yield header, number, (f"{name} has no fuzzer; call it in fuzz/{header.stem}_fuzz.cpp "
                                               "(a new file is built and run by itself)")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(unfuzzed_decoders(root))
    for path, line, why in complaints:
        print(f"{path.relative_to(root)}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
