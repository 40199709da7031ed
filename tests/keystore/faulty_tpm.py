#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TPM that misbehaves, for tss2's "cmd" TCTI: commands on standard input go on to swtpm's socket, but for those
that the plan names. Usage: faulty_tpm.py SOCKET PLAN

PLAN is a file of one line, "ACTION FIRST COUNT": of the commands that this file has seen (their number is kept in
PLAN.seen, over several runs of this program), COUNT from number FIRST on are answered with ACTION, "retry", "yielded",
"memory" (TPM_RC_OBJECT_MEMORY) or "die": the program ends, and the connection with it."""
import pathlib
import socket
import struct
import sys

ANSWERS = {"retry": 0x922, "yielded": 0x908, "memory": 0x902}


def read_exactly(read, count):
    data = b""
    while len(data) < count:
        more = read(count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def read_message(read):
    head = read_exactly(read, 10)
    return head + read_exactly(read, struct.unpack(">I", head[2:6])[0] - 10)


def main():
    path, plan = sys.argv[1], pathlib.Path(sys.argv[2])
    action, first, count = plan.read_text().split()
    seen_file = pathlib.Path(str(plan) + ".seen")
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(path)
    while True:
        command = read_message(sys.stdin.buffer.read)
        seen = int(seen_file.read_text()) if seen_file.exists() else 0
        seen_file.write_text(str(seen + 1))
        if int(first) <= seen < int(first) + int(count):
            if action == "die":
                sys.exit(0)
            answer = struct.pack(">HII", 0x8001, 10, ANSWERS[action])
        else:
            tpm.sendall(command)
            answer = read_message(tpm.recv)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


main()
