#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The desktop face on a virtual display, worked by its keys as a person would, beside a server and devices that wait.

desk_test.py --bin BUILD/bin [unittest options]
FAIRLEAD_SCREENSHOTS=FOLDER keeps what was to be seen.
"""
import csv
import json
import os
import pathlib
import signal
import subprocess
import unittest

from plant import run_tests, until
from tool_test import CODE, Hall


class Display:
    """An X server without a screen."""

    def __init__(self, folder, size="1280x760"):
        read, write = os.pipe()
        self.log = open(folder / "xvfb.log", "wb")
        self.process = subprocess.Popen(
            # Without -noreset it throws out whoever is connecting while its last client leaves.
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=self.log)
        os.close(write)
        with os.fdopen(read) as number:
            self.name = f":{number.readline().strip()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def environment(self):
        return {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "QT_QUICK_BACKEND": "software"}

    def run(self, *command):
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=30)

    def colour(self):
        """Of a place that holds nothing but the window's ground."""
        return self.run("import", "-window", "root", "-crop", "1x1+1200+600", "txt:-").stdout

    def keep(self, name):
        folder = os.environ.get("FAIRLEAD_SCREENSHOTS")
        if folder:
            self.run("import", "-window", "root", str(pathlib.Path(folder) / name))


class Desk:
    """The program in its window."""

    def __init__(self, hall, display, *words):
        if not words:
            words = ("--server", f"http://127.0.0.1:{hall.server.api_port}", "--token-file", hall.server.token_file,
                     "--address", ",".join(device.address for device in hall.devices), "--scan", hall.project)
        self.display = display
        self.log = open(hall.folder / "app.log", "wb")
        # Qt's own file dialogs, and none of the desktop that the test runs on.
        environment = {**display.environment(), "QT_QPA_PLATFORMTHEME": "none"}
        self.process = subprocess.Popen([hall.bin / "fairlead-app", *words], env=environment, stdout=self.log,
                                        stderr=subprocess.STDOUT)

    def __enter__(self):
        until(self.window, "the window is there")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def said(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def window(self):
        assert self.process.poll() is None, f"the program ended with {self.process.returncode}: {self.said()}"
        return self.display.run("xdotool", "search", "--onlyvisible", "--name", "Fairlead").stdout.split()

    def press(self, *keys):
        window = self.window()[-1]
        self.display.run("xdotool", "windowfocus", "--sync", window)
        self.display.run("xdotool", "key", "--delay", "30", *keys)

    def type(self, text):
        self.display.run("xdotool", "type", "--delay", "15", text)


class DeskTest(unittest.TestCase):
    def test_what_is_ready_is_chosen_and_provisioned_by_keys(self):
        with Hall(3) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices, more=[["pump 9", "Pump", "EN-9", CODE, ""]])
            with Desk(hall, display) as desk:
                def online():
                    # Again and again, since they may not have been seen yet: only what was can be chosen.
                    desk.press("ctrl+a")
                    display.keep("desk-chosen.png")
                    desk.press("ctrl+Return")
                    return [each["state"] for each in hall.server.items("/devices")] == ["online"] * 3
                until(online, "three devices are online", seconds=60)
                for device in hall.devices:
                    self.assertEqual(hall.server.device(device.serial)["name"], f"pump {device.serial}")
                until(lambda: hall.states()["EN-1"]["state"] == "provisioned", "the plan knows it")
                desk.press("Escape")
                light = display.colour()
                display.keep("desk-light.png")
                desk.press("ctrl+d")
                until(lambda: display.colour() != light, "the colours are others")
                display.keep("desk-dark.png")
                self.assertIsNone(desk.process.poll())

    def test_the_key_that_was_shown_is_approved(self):
        with Hall(1) as hall, Display(hall.folder) as display:
            hall.server.put_profile("careful", priority=10, approval=True)
            hall.plan_of(hall.devices)
            code, _, said = hall.apply()
            self.assertEqual(code, 7, said)
            self.assertEqual([each["state"] for each in hall.server.items("/adoptions")[0]["keys"]], ["waiting"])
            with Desk(hall, display) as desk:
                def approved():
                    desk.press("ctrl+2")
                    display.keep("desk-queue.png")
                    desk.press("a")
                    return hall.server.items("/adoptions") == []
                until(approved, "nobody waits any more", seconds=30)
            code, _, said = hall.apply()
            self.assertEqual(code, 0, said)
            hall.server.until_online(hall.devices[0].serial)


    def test_what_was_provisioned_is_undone_with_a_reason(self):
        with Hall(2) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices)
            code, _, said = hall.apply()
            self.assertEqual(code, 0, said)
            with Desk(hall, display) as desk:
                def undone():
                    desk.press("Escape", "ctrl+1", "ctrl+f", "Down", "Home", "ctrl+z")
                    desk.type("wrong hall")
                    display.keep("desk-undo.png")
                    desk.press("Return")
                    return hall.server.device("EN-1")["state"] == "revoked"
                until(undone, "the first row is undone", seconds=60)
                self.assertEqual(hall.server.device("EN-2")["state"], "online")
                self.assertIn("wrong hall", hall.server.cli("explain", "EN-1"))
                journal = (hall.folder / "hall.plan.journal").read_text()
                self.assertIn('"step":"undone"', journal)
                self.assertIn('"by":"admin"', journal.splitlines()[-1])

    def test_a_failed_device_is_replaced_and_revoked_when_the_next_one_is_granted(self):
        with Hall(1) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices)
            code, _, said = hall.apply()
            self.assertEqual(code, 0, said)
            hall.devices[0].end()
            spare = hall.new_device("EN-7")
            hall.start_device(spare)
            spare.until_said("DEVICE_DOOR_LISTENS")
            hall.devices.append(spare)
            with Desk(hall, display) as desk:
                def bound():
                    desk.press("Escape", "ctrl+f", "Down", "Home", "ctrl+r")
                    # The list of devices has the focus: the one that was found is the second.
                    desk.press("Down", "Tab", "Tab", "Tab", "Tab")
                    desk.type("motor burnt")
                    display.keep("desk-replace.png")
                    desk.press("Return")
                    return "EN-7" in hall.project.read_text()
                until(bound, "the row is for the spare", seconds=60)

                def online():
                    desk.press("ctrl+a", "ctrl+Return")
                    return any(each["serial"] == "EN-7" and each["state"] == "online"
                               for each in hall.server.items("/devices"))
                until(online, "the spare is online", seconds=60)
                self.assertEqual(hall.server.device("EN-1")["state"], "revoked")

    def test_a_found_device_is_added_to_the_plan_and_another_ignored(self):
        with Hall(2) as hall, Display(hall.folder) as display:
            hall.plan_of([], more=[["pump 9", "Pump", "EN-9", CODE, ""]])
            with Desk(hall, display) as desk:
                def added():
                    desk.press("Escape", "ctrl+f", "Down", "Home", "Down", "ctrl+n")
                    desk.type("pump 1")
                    desk.press("Tab")
                    desk.type(CODE)
                    display.keep("desk-add.png")
                    desk.press("Return")
                    return '"pump 1"' in hall.project.read_text()
                until(added, "the device is in the plan", seconds=60)
                row = next(each for each in json.loads(hall.project.read_text())["rows"] if each["name"] == "pump 1")
                self.assertIn(row["serial"], ("EN-1", "EN-2"))
                self.assertEqual((row["type"], row["code"]), ("Pump", CODE))

    def test_the_device_whose_button_is_pressed_is_shown_and_shows_itself(self):
        with Hall(3) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices)
            with Desk(hall, display) as desk:
                hall.devices[2].process.send_signal(signal.SIGUSR1)
                hall.devices[2].until_said("DEVICE_DOOR_OPEN", why="its button was pressed")

                def identified():
                    # Its row is the current one as soon as the window knows.
                    desk.press("ctrl+l")
                    display.keep("desk-button.png")
                    return hall.devices[2].said("DEVICE_IDENTIFY")
                until(identified, "the third device shows itself", seconds=60)

    def test_columns_are_named_and_a_report_and_nameplates_are_written(self):
        with Hall(1) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices)
            code, _, said = hall.apply()
            self.assertEqual(code, 0, said)
            halls = hall.folder / "tables"
            halls.mkdir()
            project = halls / "hall.plan"
            hall.project.rename(project)
            (hall.folder / "hall.plan.journal").rename(halls / "hall.plan.journal")
            hall.project = project
            with open(halls / "hall.csv", "w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter=";").writerows((
                    ["KKS", "Typ", "Seriennummer", "Code", "vendor", "order_number", "product_uri"],
                    ["1LAC10", "Pump", "EN-1", CODE, "", "", ""],
                    ["1LAC20", "Pump", "EN-2", CODE, "Acme", "P-2", "https://acme.example/EN-2"]))
            address = {"street": "Quay 1", "postcode": "20457", "town": "Hamburg", "country": "DE"}
            (halls / "vendors.json").write_text(json.dumps({"Acme": address}))
            with Desk(hall, display) as desk:
                def imported():
                    desk.press("Escape", "Escape", "ctrl+i")
                    desk.press("Down", "Return")  # the only table
                    desk.press("Down")  # “not used” becomes “Name”
                    display.keep("desk-import.png")
                    desk.press("Return")
                    return "1LAC20" in project.read_text()
                until(imported, "the table became the plan", seconds=60)
                rows = {each["serial"]: each["name"] for each in json.loads(project.read_text())["rows"] if not each.get("removed")}
                self.assertEqual(rows, {"EN-1": "1LAC10", "EN-2": "1LAC20"})

                def written():
                    desk.press("Escape", "Escape", "ctrl+s")
                    desk.type(str(halls / "out.csv"))
                    display.keep("desk-report.png")
                    desk.press("Return")
                    return (halls / "out.csv").exists()
                until(written, "the report is written", seconds=60)
                with open(halls / "out.csv", encoding="utf-8-sig", newline="") as file:
                    results = {row["Name"]: row["Result"] for row in csv.DictReader(file, delimiter=";")}
                self.assertEqual(results, {"1LAC10": "provisioned", "1LAC20": "not begun"})

                def plates():
                    desk.press("Escape", "Escape", "alt+f", *["Down"] * 6, "Return")
                    desk.press("Return")  # vendors.json
                    desk.type(str(halls / "plates.json"))
                    desk.press("Return")
                    return (halls / "plates.json").exists()
                until(plates, "the nameplates are written", seconds=60)
                display.keep("desk-nameplates.png")
                self.assertEqual(len(json.loads((halls / "plates.json").read_text())["submodels"]), 1, "EN-1 lacks a vendor")

    def test_a_bundle_is_collected_exchanged_and_delivered(self):
        with Hall(1) as hall, Display(hall.folder) as display:
            hall.plan_of(hall.devices)
            bundle = hall.folder / "hall.bundle"
            with Desk(hall, display) as desk:
                def holds(what):
                    return bundle.exists() and all(what(each) for each in json.loads(bundle.read_text())["entries"] or [{}])

                def menu(downs, what):
                    def done():
                        desk.press("Escape", "Escape", "alt+p", *["Down"] * downs, "Return")
                        display.keep(f"desk-bundle-{downs}.png")
                        desk.press("Return")
                        return holds(what)
                    return done
                until(menu(5, lambda entry: "offer" in entry), "the Offer is collected", seconds=60)
                self.assertEqual(hall.server.items("/devices"), [])
                until(menu(6, lambda entry: "grant" in entry), "the Grant is fetched", seconds=60)
                until(menu(7, lambda entry: entry.get("delivered")), "the Grant is delivered", seconds=60)
                hall.server.until_online("EN-1")


if __name__ == "__main__":
    run_tests()
