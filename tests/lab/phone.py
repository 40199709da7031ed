#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the device's button to telemetry at the broker, by Bluetooth and Wi-Fi; runs inside tools/radio-lab.

The device has controller hci0 and radio wlan1, and no network before it joins one. The phone is on hci1 and, as if by its
own mobile data, where the server is: behind the access point, in its network namespace. The command line plays the phone; with
LAB_FACE=app it is fairlead-app in its phone face, on a screen of its own.
Writes $LAB_OUT/report.json, and ends with 0 only if the broker saw the device online.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from phone_face import PhoneFace, Screen, add_installer  # noqa: E402
from plant import EVERY_ROLE, Device, Server, Site, until  # noqa: E402

CODE = "lab-code-2345"
SERIAL = "LAB-1"
SSID, PASSPHRASE = os.environ["LAB_SSID"], os.environ["LAB_PASSPHRASE"]
RADIO = os.environ["LAB_STAS"].split()[0]
PATIENCE = 120.0  # seconds: the guest has no processor of its own
# Before a command: where the radios, the device and the kernel's Bluetooth are.
AT_DEVICE = ("nsenter", "--net=/proc/1/ns/net")


def go_behind_access_point():
    """This process, and what it starts without AT_DEVICE."""
    with open(f"/run/netns/{os.environ['LAB_AP_NETNS']}", "rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0):
            raise OSError(ctypes.get_errno(), "no way into the access point's network namespace")


def lab_server(site):
    return Server(site, "server", EVERY_ROLE, broker=True, host=os.environ["LAB_AP_ADDRESS"])


def lab_device(site):
    return Device(site, SERIAL, bluetooth_adapter="hci0", wifi=f"{os.environ['LAB_WPA']}/{RADIO}",
                  wifi_address_hook=os.environ["LAB_DHCP"])


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

    def until_seen(self, name):
        found = until(lambda: [each for each in self.nearby() if each["name"] == name], "the phone sees the device", PATIENCE)
        return f"{name} at {found[0]['address']}"

    def bring_in(self, name, code_file, story):
        """When the person had done all that a person does, and when the broker saw the device."""
        story.say("The device is picked", action=True)
        confirmed = story.say("The code on the label is given; the phone knows the Wi-Fi of the place", action=True)
        provisioning = self.provision(name, code_file)
        online = None
        for line in provisioning.stderr:
            story.say(line.rstrip())
            if "is committed" in line:  # the program itself takes two seconds more, to end its Bluetooth link
                self.server.until_online(SERIAL, PATIENCE)
                online = story.say("The broker sees the device online")
        if provisioning.wait(PATIENCE) or online is None:
            raise AssertionError(f"fairlead provision ends with {provisioning.returncode}")
        return confirmed, online

    def nearby(self):
        return self.server.json("nearby", "--seconds", "2", "--bluetooth-adapter", "hci1")["items"]

    def provision(self, name, code_file, ssid=SSID, passphrases=(PASSPHRASE,)):
        """Asked for a passphrase, it gives the next one."""
        provisioning = subprocess.Popen(
            self.server.command("provision", "--bluetooth", name, "--bluetooth-adapter", "hci1", "--account", "default",
                                "--code-file", code_file, "--wifi", ssid),
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        provisioning.stdin.write("".join(each + "\n" for each in passphrases))
        provisioning.stdin.close()
        return provisioning


class App:
    """fairlead-app in its phone face, with the phone's controller, worked by touch."""

    def __init__(self, site, server):
        self.server = server
        add_installer(server)
        os.environ["FAIRLEAD_SCREENSHOTS"] = os.environ["LAB_OUT"]
        stack = contextlib.ExitStack()
        site.at_end.append(stack.close)
        screen = stack.enter_context(Screen(site.folder))
        self.face = stack.enter_context(PhoneFace(site.bin, screen, site.folder / "phone", "--bluetooth-adapter", "hci1"))
        self.face.sign_in(server)
        self.face.touch("Place")
        self.face.type("Wi-Fi of the site", SSID)
        self.face.type("Wi-Fi password", PASSPHRASE)
        self.face.touch("Keep")

    def until_seen(self, name):
        self.face.until(name, seconds=PATIENCE)
        self.face.screen.keep("phone-bluetooth.png")
        return name

    def bring_in(self, name, code_file, story):
        story.say("The device is touched", action=True)
        self.face.touch(name)
        self.face.type("Code", code_file.read_text().strip())
        confirmed = story.say("The code on the label is typed; the phone knows the Wi-Fi of the place", action=True)
        self.face.touch("Set up")
        self.face.screen.keep("phone-steps.png")
        try:
            self.server.until_online(SERIAL, PATIENCE)
        except AssertionError:
            story.say("On the phone: " + "; ".join(self.face.shown()))
            raise
        return confirmed, story.say("The broker sees the device online")

    def until_told(self):
        self.face.until("Last seen", seconds=PATIENCE)
        self.face.until("Online", seconds=PATIENCE)
        self.face.screen.keep("phone-bluetooth-done.png")


def run(site, report):
    story = Story()
    server = lab_server(site)
    server.start()
    phone = App(site, server) if os.environ.get("LAB_FACE") == "app" else Phone(server)
    device = lab_device(site)
    code_file = site.folder / "code"
    code_file.write_text(CODE + "\n")
    label = subprocess.run(device.command("set-code", "--code-file", code_file), check=True, capture_output=True, text=True)
    name = json.loads(label.stdout.splitlines()[1])["name"]
    device.start(more=["--button-only"], prefix=AT_DEVICE)
    story.say(f"The device is switched on; its label says {name}")
    device.until_said("DEVICE_WAITS", PATIENCE)  # from here on the button is watched

    pressed = story.say("The button is pressed", action=True)
    device.process.send_signal(signal.SIGUSR1)
    device.until_said("DEVICE_BLUETOOTH_ADVERTISES", PATIENCE)
    story.say("The device advertises")
    story.say(f"The phone shows {phone.until_seen(name)}")
    confirmed, online = phone.bring_in(name, code_file, story)
    report.update(online=True, protocol_s=round(online - confirmed, 2), button_to_online_s=round(online - pressed, 2))
    device.until_said("TELEMETRY_SENT", PATIENCE)
    story.say("Telemetry has arrived at the broker")
    if isinstance(phone, App):
        phone.until_told()
        story.say("The phone shows the device online")
    report.update(user_actions=story.actions, steps=story.steps)


def tell(story, report):
    """Runs the story; its report, of which `report` is what stands there before, and all logs go to $LAB_OUT."""
    out = pathlib.Path(os.environ["LAB_OUT"])
    go_behind_access_point()
    with Site(os.environ["BIN"]) as site:
        try:
            story(site, report)
        finally:
            (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
            for program in site.programs:
                shutil.copy(program.log, out)
            for log in site.folder.glob("phone*.log"):
                shutil.copy(log, out)


if __name__ == "__main__":
    tell(run, {"online": False, "user_actions": None, "button_to_online_s": None, "protocol_s": None, "steps": []})
