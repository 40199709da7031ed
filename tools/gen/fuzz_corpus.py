#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns tests/vectors into seeds for the fuzzers.

OUTPUT/bytes gets every hexadecimal text of every JSON file (whole messages and their parts), the
content of every PEM block and every binary file; OUTPUT/text every PEM and JSON file as it is, and
what labels say. A seed is named by its hash, so a second run changes nothing.
"""
import argparse
import base64
import binascii
import hashlib
import json
import pathlib
import re

SEED_BYTES_MAX = 65536
BLOCK = re.compile(rb"-----BEGIN [^-]+-----(.*?)-----END", re.S)


def texts_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_of(each)


def blocks_of(data):
    for body in BLOCK.findall(data):
        try:
            yield base64.b64decode(body)
        except binascii.Error:
            pass  # a vector that is meant to be refused; its text is a seed anyway


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--vectors", required=True, type=pathlib.Path)
    arguments.add_argument("--output", required=True, type=pathlib.Path)
    options = arguments.parse_args()

    def save(kind, data):
        if 0 < len(data) <= SEED_BYTES_MAX:
            (options.output / kind / hashlib.sha256(data).hexdigest()[:24]).write_bytes(data)

    for kind in ("bytes", "text"):
        (options.output / kind).mkdir(parents=True, exist_ok=True)
    for path in sorted(p for p in options.vectors.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.suffix == ".json":
            for text in texts_of(json.loads(data)):
                for block in blocks_of(text.encode()):
                    save("bytes", block)
                if re.match(r"\{|https?://|DPP:", text):
                    save("text", text.encode())
                if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
                    save("bytes", bytes.fromhex(text))
        elif path.suffix == ".pem":
            for block in blocks_of(data):
                save("bytes", block)
        elif path.suffix == ".bin":
            save("bytes", data)
        if path.suffix in (".json", ".pem"):
            save("text", data)


if __name__ == "__main__":
    main()
