#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks every #include below src against tools/layers.txt, and that libraries and the outside world stay
where they belong. Usage: check_layers.py [ROOT]"""
import pathlib
import re
import sys

CORE = {"base", "codec", "crypto", "fdo", "dpp", "enroll", "pki", "local", "client"}
BACK_ENDS = {"registry", "keystore", "link"}  # each of their folders is a back end behind the room's port
VENDOR = re.compile(r"(openssl/|boost/asio|boost/beast|sqlite3|libpq|mosquitto|tss2/|p11-kit/|systemd/)")
NOT_IN_BASE = re.compile(r"(openssl/|boost/|sqlite3|libpq|mosquitto|tss2/|p11-kit/|systemd/|Q[A-Z])")
OUTSIDE_WORLD = re.compile(r"(thread|filesystem|fstream|iostream|mutex|shared_mutex|condition_variable|future|"
                           r"boost/asio.*|boost/beast.*|sys/.*|net/.*|netinet/.*|netdb\.h|poll\.h|fcntl\.h|"
                           r"unistd\.h|ifaddrs\.h)$")
BUILT_IN = pathlib.Path("keystore/built_in.h")  # the table of back ends that every main.cpp takes
LOG_WRITES = ("base/log.cpp", "unistd.h")  # JsonLog hands its lines to a descriptor that main() gave it
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def read_layers(path):
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return {room: set(arrows.split()) for room, _, arrows in (line.partition(":") for line in lines if line)}


def includes_of(path):
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(1) == "<", match.group(2)


def arrow_complaint(layers, room, path, name):
    """Why the file src/PATH of ROOM may not include the project's header NAME, or None."""
    target, slash, rest = name.partition("/")
    is_test = path.name.endswith("_test.cpp")
    if not slash:
        return 'include it by its path from src/, as "room/file.h"'
    if is_test and target == "support":
        return None
    if target not in layers:
        return f"'{target}' is no room of tools/layers.txt; include by the path from src/"
    if name == str(BUILT_IN):
        return "it names every keystore there is; only a main.cpp chooses among them"
    if target in BACK_ENDS and "/" in rest and not is_test and path.parts[:2] != tuple(name.split("/")[:2]):
        return f"only main.cpp and tests name a back end; use the port of {target}/ and let main.cpp wire it"
    allowed = layers[room]
    if target == room or target in allowed or any("/" in a and name.startswith(a + "/") for a in allowed):
        return None
    return (f"{room} may not know {target} (it may include: {' '.join(sorted(allowed)) or 'nothing'}); take what "
            "you need as an argument or a port, or argue for an arrow in tools/layers.txt")


def library_complaint(room, path, name):
    if (str(path), name) == LOG_WRITES:
        return None
    if room == "base" and not path.name.endswith("_test.cpp") and NOT_IN_BASE.match(name):
        return "base knows the standard library only; move this to the room that needs the library"
    if room in CORE - {"crypto"} and not path.name.endswith("_test.cpp") and VENDOR.match(name):
        return f"{room} is core: use the types of crypto, or a port that an adapter fills"
    if room in CORE and not path.name.endswith("_test.cpp") and OUTSIDE_WORLD.match(name):
        return f"{room} is core: no threads, files or sockets; let an adapter do it and hand in the result"
    return None


def vendor_complaints(files):
    """A header that shows a vendor's types, itself or through another, is for the .cpp files of its room alone."""
    includes = {path: [name for _, _, name in found] for path, found in files.items()}
    shows = {p for p, names in includes.items() if p.suffix == ".h" and any(map(VENDOR.match, names))}
    shows.discard(pathlib.Path("net/task.h"))  # the one place where Asio is seen
    grown = True
    while grown:
        more = {p for p, names in includes.items()
                if p.suffix == ".h" and any(pathlib.Path(name) in shows for name in names)} - shows
        more.discard(pathlib.Path("net/task.h"))
        shows |= more
        grown = bool(more)
    for path, found in files.items():
        for line, _, name in found:
            if pathlib.Path(name) in shows and path.parts[0] != name.split("/")[0] and path.name != "main.cpp":
                yield path, line, (f'"{name}" shows a library\'s types, so only its own room may include it; forward-'
                                   "declare them there and keep the library in .cpp files")


def check(root):
    layers = read_layers(root / "tools/layers.txt")
    source = root / "src"
    files = {p.relative_to(source): list(includes_of(p)) for p in sorted(source.rglob("*"))
             if p.suffix in (".h", ".cpp")}
    for path, found in files.items():
        room = path.parts[0]
        if room not in layers:
            yield path, 1, f"'{room}' is no room; give it a line in tools/layers.txt and say why"
            continue
        if path.name == "main.cpp" or path == BUILT_IN:
            continue
        for line, system, name in found:
            why = library_complaint(room, path, name) if system else arrow_complaint(layers, room, path, name)
            if why:
                yield path, line, f"includes {name}: {why}"
    yield from vendor_complaints(files)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(check(root))
    for path, line, why in complaints:
        print(f"src/{path}:{line}: {why}")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
