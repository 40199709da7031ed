#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the device's button to telemetry at the broker, by Bluetooth; runs inside tools/radio-lab.

The device is on controller hci0, the phone on hci1; the command line plays the phone. Writes $LAB_OUT/report.json, and
ends with 0 only if the broker saw the device online.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from plant import EVERY_ROLE, Device, Server, Site, until  # noqa: E402

CODE = "lab-code-2345"
SERIAL = "LAB-1"
PATIENCE = 120.0  # seconds: the guest has no processor of its own


class Story:
    """What happened when, printed as it happens."""

    def __init__(self):
        self.steps, self.begin, self.actions = [], time.monotonic(), 0

    def say(self, what, action=False):
        at = round(time.monotonic() - self.begin, 2)
        self.actions += action
        self.steps.append({"at_s": at, "what": what, "by": "user" if action else "programs"})
        print(f"{at:8.2f}s  {'* ' if action else ''}{what}", flush=True)
        return at


class Phone:
    """The command line with the phone's controller."""

    def __init__(self, server):
        self.server = server

    def nearby(self):
        return self.server.json("nearby", "--seconds", "2", "--bluetooth-adapter", "hci1")["items"]

    def provision(self, name, code_file):
        return subprocess.Popen(
            self.server.command("provision", "--bluetooth", name, "--bluetooth-adapter", "hci1", "--account", "default",
                                "--code-file", code_file), stderr=subprocess.PIPE, text=True)


def run(site, report):
    story = Story()
    server = Server(site, "server", EVERY_ROLE, broker=True)
    server.start()
    device = Device(site, SERIAL, bluetooth_adapter="hci0")
    code_file = site.folder / "code"
    code_file.write_text(CODE + "\n")
    label = subprocess.run(device.command("set-code", "--code-file", code_file), check=True, capture_output=True, text=True)
    name = json.loads(label.stdout.splitlines()[1])["name"]
    device.start(more=["--button-only"])
    phone = Phone(server)
    story.say(f"The device is switched on; its label says {name}")
    device.until_said("DEVICE_WAITS", PATIENCE)  # from here on the button is watched

    pressed = story.say("The button is pressed", action=True)
    device.process.send_signal(signal.SIGUSR1)
    device.until_said("DEVICE_BLUETOOTH_ADVERTISES", PATIENCE)
    story.say("The device advertises")
    found = until(lambda: [each for each in phone.nearby() if each["name"] == name], "the phone sees the device", PATIENCE)
    story.say(f"The phone shows {found[0]['name']} at {found[0]['address']}")

    story.say("The device is picked", action=True)
    confirmed = story.say("The code on the label is given", action=True)
    provisioning = phone.provision(name, code_file)
    for line in provisioning.stderr:
        story.say(line.rstrip())
    if provisioning.wait(PATIENCE):
        raise AssertionError(f"fairlead provision ends with {provisioning.returncode}")
    server.until_online(SERIAL, PATIENCE)
    online = story.say("The broker sees the device online")
    report.update(online=True, protocol_s=round(online - confirmed, 2), button_to_online_s=round(online - pressed, 2))
    device.until_said("TELEMETRY_SENT", PATIENCE)
    story.say("Telemetry has arrived at the broker")
    report.update(user_actions=story.actions, steps=story.steps)


def main():
    out = pathlib.Path(os.environ["LAB_OUT"])
    report = {"online": False, "user_actions": None, "button_to_online_s": None, "protocol_s": None, "steps": []}
    with Site(os.environ["BIN"]) as site:
        try:
            run(site, report)
        finally:
            (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
            for program in site.programs:
                shutil.copy(program.log, out)


if __name__ == "__main__":
    main()
