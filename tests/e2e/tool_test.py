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


    def test_what_is_not_as_planned_is_left_alone_with_its_reason(self):
        with Hall(2) as hall:
            right, wrong = hall.devices
            twin = hall.new_device("EN-1")
            twin.log, twin.state = hall.folder / "twin.log", hall.folder / "state-twin"
            hall.start_device(twin)
            twin.until_said("DEVICE_DOOR_LISTENS")
            table = [["name", "type", "serial", "code"], ["one", "Pump", "EN-1", CODE], ["two", "Valve", "EN-2", CODE],
                     ["three", "Pump", "EN-3", CODE]]
            code, _, said = hall.tool("plan", "import", hall.write_table(table), "--project", hall.project)
            self.assertEqual(code, 0, said)
            seen = hall.folder / "seen.jsonl"
            everywhere = ",".join(each.address for each in (right, wrong, twin))
            code, out, said = hall.tool("scanner", "--no-announcements", "--seconds", "1", "--address", everywhere)
            self.assertEqual(code, 0, said)
            lines = [json.loads(line) for line in out.splitlines()]
            for line in lines:  # what an announcement adds: two devices announce themselves under two names
                line["instance"] = "EN-1 #2" if line["port"] == int(twin.address.split(":")[1]) else line["said"]["serial"]
            seen.write_text("".join(json.dumps(line) + "\n" for line in lines))
            code, out, said = hall.tool("--json", "plan", "compare", "--project", hall.project, "--seen", seen)
            self.assertEqual(code, 0, said)
            states = {line["name"]: line["state"] for line in json.loads(out)}
            self.assertEqual(states, {"one": "duplicate", "two": "wrong type", "three": "planned"})
            code, out, said = hall.tool("apply", "--project", hall.project, "--account", "default", "--seen", seen)
            self.assertEqual(code, 0, said)
            self.assertIn("left out: 1 duplicate", said)
            self.assertEqual(hall.server.items("/devices"), [])

    def test_another_device_at_the_planned_address_is_not_provisioned(self):
        with Hall(1) as hall:
            hall.plan_of(hall.devices)
            code, out, _ = hall.tool("scanner", "--no-announcements", "--seconds", "1", "--address",
                                     hall.devices[0].address)
            seen = hall.folder / "seen.jsonl"
            seen.write_text(out.replace('"serial":"EN-1"', '"serial":"EN-7"'))
            code, _, said = hall.tool("plan", "bind", "pump EN-1", "--project", hall.project, "--serial", "EN-7")
            self.assertEqual(code, 0, said)
            code, out, said = hall.tool("--json", "apply", "--project", hall.project, "--account", "default", "--seen", seen)
            self.assertEqual(code, 7, said)
            self.assertIn("wanted is 'EN-7'", json.loads(out)["reason"])
            self.assertEqual(hall.server.items("/devices"), [])

    def test_an_interrupted_run_goes_on(self):
        with Hall(4) as hall:
            hall.plan_of(hall.devices)
            journal = pathlib.Path(str(hall.project) + ".journal")
            run = subprocess.Popen(hall.server.command("apply", "--project", hall.project, "--account", "default",
                                                       "--at-once", "2", *FOUND),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until(lambda: journal.exists() and "claimed" in journal.read_text(), "a device is claimed")
            run.kill()
            run.wait()
            with open(journal, "a", encoding="utf-8") as torn:
                torn.write('{"at":"2026-')
            until(lambda: {line["found"]["state"] for line in hall.states().values()} <= {"new", "owned"},
                  "no device is held by the tool that is gone", 90)
            code, out, said = hall.apply()
            self.assertEqual(code, 0, said + out)
            for device in hall.devices:
                hall.server.until_online(device.serial)

    def test_who_waits_for_a_decision_is_in_the_queue_and_comes_in_after_it(self):
        with Hall(1) as hall:
            hall.server.put_profile("careful", priority=10, approval=True)
            hall.plan_of(hall.devices)
            code, out, said = hall.apply()
            self.assertEqual(code, 7, said)
            self.assertEqual(json.loads(out)["result"], "waiting")
            queue = hall.server.json("device", "waiting")["items"]
            self.assertEqual([each["serial"] for each in queue], ["EN-1"])
            self.assertEqual([key["state"] for key in queue[0]["keys"]], ["waiting"])
            hall.server.cli("device", "approve", "EN-1", "--key", queue[0]["keys"][0]["fingerprint"])
            self.assertEqual(hall.server.json("device", "waiting")["items"], [])
            code, out, said = hall.apply()
            self.assertEqual(code, 0, said + out)
            hall.server.until_online("EN-1")

    def test_a_failed_device_is_replaced_and_its_row_stays(self):
        with Hall(2) as hall:
            old, new = hall.devices
            hall.plan_of([old])
            code, out, said = hall.apply()
            self.assertEqual(code, 0, said + out)
            hall.server.until_online("EN-1")
            row = hall.states()["EN-1"]["row"]
            code, _, said = hall.tool("plan", "replace", "pump EN-1", "--project", hall.project, "--serial", "EN-2",
                                      "--reason", "motor burnt")
            self.assertEqual(code, 0, said)
            code, out, said = hall.apply("--address", new.address)
            self.assertEqual(code, 0, said + out)
            self.assertEqual(json.loads(out)["row"], row)
            self.assertEqual(hall.server.device("EN-1")["state"], "revoked")
            self.assertIn("replaced by", hall.server.device("EN-1")["state_reason"])
            hall.server.until_online("EN-2")

    def test_undo_takes_back_what_the_server_granted_and_the_report_says_so(self):
        with Hall(1) as hall:
            hall.plan_of(hall.devices)
            code, out, said = hall.apply()
            self.assertEqual(code, 0, said + out)
            code, _, said = hall.tool("plan", "undo", "--project", hall.project, "--rows", "EN-1", "--reason", "wrong hall")
            self.assertEqual(code, 0, said)
            self.assertEqual(hall.server.device("EN-1")["state"], "revoked")
            report = hall.folder / "report.csv"
            code, _, said = hall.tool("report", "--project", hall.project, "--out", report)
            self.assertEqual(code, 0, said)
            with open(report, encoding="utf-8-sig", newline="") as table:
                lines = list(csv.DictReader(table, delimiter=";"))
            self.assertEqual([(line["Name"], line["Result"], line["Reason"]) for line in lines],
                             [("pump EN-1", "undone", "wrong hall")])
            self.assertNotIn(CODE, report.read_text())

    def test_workbooks_of_a_foreign_program_are_read_and_it_reads_ours(self):
        with Hall(0) as hall:
            foreign = hall.folder / "foreign.xlsx"
            debian = "/usr/bin/python3"  # python3-openpyxl is a Debian package
            subprocess.run([debian, "-c", f"""
import openpyxl
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Halle 2"
for line in (["Bezeichnung", "Seriennummer", "Einbauort"], ["Pumpe ü", 4711, "Süd"], ["=1+1", "SN-2", None]):
    sheet.append(line)
book.save({str(foreign)!r})
"""], check=True, timeout=60)
            code, out, said = hall.tool("--json", "plan", "import", foreign, "--project", hall.project)
            self.assertEqual(code, 0, said)
            self.assertEqual(json.loads(out)["added"], 2)
            ours = hall.folder / "ours.xlsx"
            code, _, said = hall.tool("plan", "export", "--project", hall.project, "--out", ours)
            self.assertEqual(code, 0, said)
            done = subprocess.run([debian, "-c", f"""
import openpyxl, json
print(json.dumps([list(line) for line in openpyxl.load_workbook({str(ours)!r}).active.values]))
"""], check=True, timeout=60, capture_output=True, text=True)
            header, first, _ = json.loads(done.stdout)
            self.assertEqual(first[header.index("Serial")], "4711")
            self.assertEqual(first[header.index("Name")], "Pumpe ü")
            broken = hall.write_table([["name", "serial"], ["a", "1"], ["b", "1"]], "broken.csv")
            before = hall.project.read_text()
            code, _, said = hall.tool("plan", "import", broken, "--project", hall.project)
            self.assertEqual(code, 1)
            self.assertIn("row 3: its vendor and serial stand in row 2 already", said)
            self.assertEqual(hall.project.read_text(), before, "nothing is half-applied")

    def test_offers_are_collected_grants_fetched_elsewhere_and_delivered_after_a_restart(self):
        with Hall(2) as hall:
            hall.plan_of(hall.devices)
            bundle = hall.folder / "hall.bundle"
            hall.server.end()
            code, _, said = hall.tool("bundle", "collect", "--project", hall.project, "--bundle", bundle, "--account",
                                      "default", *FOUND)
            self.assertEqual(code, 0, said)
            self.assertNotIn(CODE, bundle.read_text())
            for device in hall.devices:
                device.end()
            hall.server.start()
            code, _, said = hall.tool("bundle", "exchange", "--bundle", bundle)
            self.assertEqual(code, 0, said)
            for device in hall.devices:
                device.start()
                device.until_said("DEVICE_DOOR_LISTENS")
            code, _, said = hall.tool("bundle", "deliver", "--project", hall.project, "--bundle", bundle, *FOUND)
            self.assertEqual(code, 0, said)
            for device in hall.devices:
                hall.server.until_online(device.serial)
            code, _, said = hall.tool("bundle", "deliver", "--project", hall.project, "--bundle", bundle, *FOUND)
            self.assertEqual((code, "0 Grants delivered" in said), (0, True), said)


if __name__ == "__main__":
    run_tests()
