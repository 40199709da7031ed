#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds statements where a co_await stands beside a braced temporary, ?:, a lambda or a structured binding:
temporaries that live across a suspension are where compilers have erred most. Usage: check_await.py [ROOT]"""
import pathlib
import re
import sys

# What can hold a brace, a question mark or the word itself without meaning it.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
DIGIT_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")
CONTROL = re.compile(r"\b(if|while|for|switch)\s*(constexpr\s*)?$")
BLOCK_BEFORE = re.compile(r"([;{})]|\b(else|do|try|const|noexcept|mutable|override)|->[\w:<>,\s*&]+|^)\s*$")
LAMBDA = re.compile(r"(?<![\w\])\[])\s*\[(?!\[)")
BINDING = re.compile(r"\bauto\s*&{0,2}\s*\[")
OPEN, CLOSE = "([{", ")]}"


def blanked(text):
    text = DIGIT_SEPARATOR.sub("0", text)
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def statement_start(text, at):
    depth = 0
    for i in range(at - 1, -1, -1):
        c = text[i]
        if depth == 0:
            if c == ";" or (c == "{" and BLOCK_BEFORE.search(text[max(0, i - 200):i])):
                return i + 1
            if c == "}" and not re.match(r"\s*[.,)\[(?:]", text[i + 1:i + 100]):
                return i + 1
        if c in CLOSE:
            depth += 1
        elif c in OPEN and depth > 0:
            depth -= 1
            if depth == 0 and c == "(" and CONTROL.search(text[max(0, i - 40):i]):
                return matching(text, i) + 1
    return 0


def matching(text, start):
    """Where the bracket that opens at START is closed."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] in OPEN) - (text[i] in CLOSE)
        if depth == 0:
            return i
    return len(text) - 1


def statement_end(text, start, at):
    control = re.compile(r"\s*(?:else\s+)?(?:if|while|for|switch)\s*(?:constexpr\s*)?\(").match(text, start)
    if control and control.end() <= at:
        return matching(text, control.end() - 1)
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] in OPEN) - (text[i] in CLOSE)
        if i > at and depth <= 0 and text[i] == ";":
            return i
    return len(text)


def check_text(text):
    """Yields (line, why) for each statement that breaks the rule."""
    text = blanked(text)
    seen = set()
    for match in re.finditer(r"\bco_await\b", text):
        start = statement_start(text, match.start())
        if start in seen:
            continue
        seen.add(start)
        statement = text[start:statement_end(text, start, match.start())]
        line = text.count("\n", 0, match.start()) + 1
        if BINDING.search(statement):
            yield line, "a structured binding: await into a named value, then take it apart"
        elif LAMBDA.search(statement):
            yield line, "a lambda: give it a name in the statement before"
        elif "?" in statement:
            yield line, "?:: decide in the statement before, or use if and else"
        elif "{" in statement:
            yield line, "a braced temporary: give it a name in the statement before"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    bad = False
    for folder in ("src", "tests", "bench"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                for line, why in check_text(path.read_text()):
                    print(f"{path.relative_to(root)}:{line}: this statement has co_await and {why}")
                    bad = True
    sys.exit(bad)


if __name__ == "__main__":
    main()
