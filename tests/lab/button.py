#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The device's button as a key of a kernel's input device, and what the device shows; runs inside tools/radio-lab.

A press opens the door, a spark does not; a button that is unplugged is said, and works again when it is back.
"""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from plant import Device, Site, until  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from input_key import InputKey  # noqa: E402

PATIENCE = 120
KEY_PROG1 = 148


def run(site):
    subprocess.run(["modprobe", "-a", "uinput", "evdev"], check=True)
    button = InputKey(KEY_PROG1)
    shown, hook = site.folder / "shown", site.folder / "hook"
    hook.write_text(f"#!/bin/sh\necho \"$1\" >> '{shown}'\n")
    hook.chmod(0o755)
    device = Device(site, "BT-1", local=f"127.0.0.1:{site.ports.take()}", button=f"input:{button.path},{KEY_PROG1}",
                    state_hook=hook)
    device.start(more=["--button-only"])
    device.until_said("DEVICE_BUTTON_WATCHED", PATIENCE)
    until(lambda: shown.exists() and shown.read_text() == "off\n", "the device shows that nobody is let in", PATIENCE)
    button.hold(0)  # a spark
    button.hold(0.3)
    device.until_said("DEVICE_DOOR_OPEN", PATIENCE)
    if device.count("DEVICE_DOOR_OPEN") != 1:
        raise AssertionError("a spark was taken for a press")
    until(lambda: shown.read_text() == "off\noffering\n", "the device shows that it lets in", PATIENCE)
    print("a press opens the door, and the device shows it")
    button.unplug()
    device.until_said("DEVICE_BUTTON_FAILED", PATIENCE)
    again = InputKey(KEY_PROG1)
    if again.path != button.path:
        raise AssertionError(f"the key is {again.path} now, and was {button.path}")
    until(lambda: device.count("DEVICE_BUTTON_WATCHED") == 2, "the button is watched again", PATIENCE)
    print("a button that was unplugged is watched again")
    again.hold(0.3)
    until(lambda: device.count("DEVICE_DOOR_OPEN") == 2, "its press counts", PATIENCE)
    print("its press counts")


if __name__ == "__main__":
    with Site(os.environ["BIN"]) as the_site:
        run(the_site)
