#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The desktop face on a virtual display, worked by its keys as a person would, beside a server and devices that wait.

desk_test.py --bin BUILD/bin [unittest options]
FAIRLEAD_SCREENSHOTS=FOLDER keeps what was to be seen.
"""
import contextlib
import os
import pathlib
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
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
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
        self.display = display
        self.log = open(hall.folder / "app.log", "wb")
        self.process = subprocess.Popen(
            [hall.server.bin / "fairlead-app", "--server", f"http://127.0.0.1:{hall.server.api_port}",
             "--token-file", hall.server.token_file,
             "--address", ",".join(device.address for device in hall.devices), "--scan", *words, hall.project],
            env=display.environment(), stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        until(self.window, "the window is there")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def window(self):
        assert self.process.poll() is None, "the program ended; see app.log"
        return self.display.run("xdotool", "search", "--onlyvisible", "--name", "Fairlead").stdout.split()

    def press(self, keys):
        window = self.window()[0]
        self.display.run("xdotool", "windowfocus", "--sync", window)
        self.display.run("xdotool", "key", keys)


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


if __name__ == "__main__":
    run_tests()
