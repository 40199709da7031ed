#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An engineer's tool: a server with its mosquitto, devices that wait, a plan as a table, and the command line.

tool_test.py --bin BUILD/bin [unittest options]
"""
import contextlib
import csv
import json
import pathlib
import subprocess
import time
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests, until

CODE = "tested-code-1"
FOUND = ("--no-announcements", "--seconds", "1")


class Hall(Site):
    """A server with a broker, and devices on addresses of this machine, each with the same code on its label."""

    def __init__(self, count):
        super().__init__()
        self.server = Server(self, "server", EVERY_ROLE, broker=True)
        self.devices = [self.new_device(f"EN-{number}") for number in range(1, count + 1)]
        self.project = self.folder / "hall.plan"

    def new_device(self, serial, model="Pump"):
        address = f"127.0.0.1:{self.ports.take()}"
        device = Device(self, serial, model=model, retry_max=2, local=address)
        device.address = address
        return device

    def start_device(self, device):
        subprocess.run(device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True, check=True,
                       capture_output=True, timeout=60)
        device.start()

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.server.start()
            for device in self.devices:
                self.start_device(device)
            for device in self.devices:
                device.until_said("DEVICE_DOOR_LISTENS")
            on_failure.pop_all()
        return self

    def tool(self, *words, seconds=120):
        """Exit code, standard output, standard error of the command line."""
        done = subprocess.run(self.server.command(*words), capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stdout, done.stderr

    def write_table(self, rows, name="hall.csv", separator=";", encoding="utf-8"):
        file = self.folder / name
        with open(file, "w", encoding=encoding, newline="") as table:
            writer = csv.writer(table, delimiter=separator)
            writer.writerows(rows)
        return file

    def plan_of(self, devices, more=()):
        rows = [["Bezeichnung", "Typ", "Seriennummer", "Code", "Adresse"]]
        rows += [[f"pump {device.serial}", "Pump", device.serial, CODE, device.address] for device in devices]
        code, _, said = self.tool("plan", "import", self.write_table([*rows, *more]), "--project", self.project)
        assert code == 0, said

    def states(self):
        """What compare says of each row or device, by serial."""
        code, out, said = self.tool("--json", "plan", "compare", "--project", self.project, *FOUND)
        assert code == 0, said
        return {line.get("serial") or line.get("name") or line["found"]["serial"]: line for line in json.loads(out)}

    def apply(self, *more):
        return self.tool("--json", "apply", "--project", self.project, "--account", "default", *FOUND, *more)


class Tool(unittest.TestCase):
    def test_a_plan_is_compared_applied_and_compared_again(self):
        with Hall(3) as hall:
            code, out, said = hall.tool("--json", "scan", *FOUND, "--address",
                                        ",".join(device.address for device in hall.devices))
            self.assertEqual(code, 0, said)
            self.assertEqual(sorted(each["serial"] for each in json.loads(out)), ["EN-1", "EN-2", "EN-3"])
            hall.plan_of(hall.devices, more=[["pump 9", "Pump", "EN-9", CODE, ""],
                                             ["valve", "Valve", "", CODE, ""]])
            states = hall.states()
            self.assertEqual(states["EN-1"]["state"], "matched", states)
            self.assertEqual(states["EN-9"]["state"], "planned")
            code, out, said = hall.apply("--dry-run")
            self.assertEqual(code, 0, said)
            self.assertEqual(sum(line["ready"] for line in json.loads(out)), 3)
            self.assertEqual(hall.server.items("/devices"), [], "a dry run changes nothing")
            begin = time.monotonic()
            code, out, said = hall.apply()
            self.assertEqual(code, 0, said)
            print(f"\nthree devices scanned and provisioned in {time.monotonic() - begin:.2f} s", flush=True)
            for device in hall.devices:
                hall.server.until_online(device.serial)
            self.assertEqual(hall.server.device("EN-2")["name"], "pump EN-2")
            states = hall.states()
            self.assertEqual({states[serial]["state"] for serial in ("EN-1", "EN-2", "EN-3")}, {"provisioned"})


if __name__ == "__main__":
    run_tests()
