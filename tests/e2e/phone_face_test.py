#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The phone face beside a server with its mosquitto and devices that wait: from signing in to telemetry, and what goes wrong on
the way. Wi-Fi and its wpa_supplicant as in wifi_test.py: no radio.

phone_face_test.py --bin BUILD/bin [unittest options]
FAIRLEAD_SCREENSHOTS=FOLDER keeps what was to be seen.
"""
import contextlib
import hashlib
import json
import pathlib
import subprocess
import tempfile
import unittest

from local_provisioning_test import CODE
from phone_face import PASSWORD, PhoneFace, Screen, add_installer
from plant import run_tests
from wifi_test import PASSPHRASE, SSID, WifiBench

STEPS = ("Device is ready", "Code is right", "New identity made", "Identity received", "Registered to your account",
         "Connection details sent", "Online")


def setUpModule():
    """One screen: pyatspi keeps the bus of its first look."""
    global screen
    stack = contextlib.ExitStack()
    unittest.addModuleCleanup(stack.close)
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fairlead-phone.")))
    screen = stack.enter_context(Screen(folder))


class Place(WifiBench):
    """A device that wants a Wi-Fi network, a server, and an installer's phone."""

    def __enter__(self):
        super().__enter__()
        add_installer(self.server)
        return self

    def wifi_that_is_kept(self):
        return json.loads((self.folder / "phone" / "phone.json").read_text())["wifi_name"]

    def phone(self, *words):
        return PhoneFace(self.bin, screen, self.folder / "phone", "--address", self.address, *words)


class Phone(unittest.TestCase):
    def pick(self, phone, place, code=CODE):
        phone.touch(place.device.serial)
        phone.type("Code", code)
        phone.touch("Set up")

    def join(self, phone, passphrase, ssid=SSID):
        phone.touch(ssid)
        phone.type("Wi-Fi password", passphrase)
        screen.keep("phone-wifi-password.png")
        phone.touch("Join")

    def test_three_touches_bring_a_device_to_its_telemetry(self):
        with Place() as place, place.phone() as phone:
            screen.keep("phone-sign-in.png")
            phone.sign_in(place.server)
            phone.until(place.device.serial)
            screen.keep("phone-nearby.png")
            phone.touch("Place")
            phone.type("Site", "Hall 2")
            phone.type("Wi-Fi of the site", SSID)
            phone.type("Wi-Fi password", PASSPHRASE)
            screen.keep("phone-place.png")
            phone.touch("Keep")
            # One: the device's button, which here was pressed by its start. Two and three:
            phone.touch(place.device.serial)
            phone.type("Code", CODE)
            screen.keep("phone-code.png")
            phone.touch("Set up")
            screen.keep("phone-steps.png")
            phone.until("Hall 2 LP-1")
            phone.until("Online")
            screen.keep("phone-done.png")
            place.device.until_said("TELEMETRY_SENT")
            self.assertEqual(place.server.device(place.device.serial)["account"], "default")
            phone.touch("Done")
            phone.touch("History")
            phone.until(place.device.serial)
            screen.keep("phone-history.png")
            phone.touch(place.device.serial)
            phone.until("Online")

    def test_the_wifi_is_chosen_and_a_wrong_password_is_mended_in_place(self):
        with Place() as place, place.phone() as phone:
            phone.sign_in(place.server)
            self.pick(phone, place, "wrong-code-1")
            phone.until("Wrong code")
            screen.keep("phone-wrong-code.png")
            phone.type("Code", CODE)
            phone.touch("Try again")
            phone.until("Which Wi-Fi")
            screen.keep("phone-networks.png")
            self.join(phone, "wrong horse battery")
            phone.until("Wrong Wi-Fi password")
            self.assertTrue(phone.says(STEPS[4] + ": done"))
            screen.keep("phone-wrong-password.png")
            phone.type(f"Password of {SSID}", PASSPHRASE)
            phone.touch("Try again")
            phone.until("Last seen")
            phone.until("Online")
            claims = [each for each in place.server.json("explain", place.device.serial)["timeline"]["items"]
                      if each["id"] == "DEVICE_CLAIMED"]
            self.assertEqual(len(claims), 1)
            phone.touch("Done")
            phone.touch("Place")  # what was typed and worked is known from now on
            self.assertEqual(place.wifi_that_is_kept(), SSID)

    def test_a_network_that_is_not_there_or_gives_no_address_leads_to_another(self):
        with Place() as place, place.phone() as phone:
            phone.sign_in(place.server)
            self.pick(phone, place)
            phone.touch("Another network")
            phone.type("Name of the network", "Elsewhere")
            phone.type("Wi-Fi password, if it has one", PASSPHRASE)
            phone.touch("Join")
            phone.until("Wi-Fi not found")
            place.no_address(True)
            phone.touch("Choose a network")
            self.join(phone, PASSPHRASE)
            phone.until("No address from this network")
            screen.keep("phone-no-address.png")
            place.no_address(False)
            phone.touch("Choose a network")
            self.join(phone, PASSPHRASE)
            place.server.until_online(place.device.serial, 60)
            phone.until("Online")

    def test_without_a_server_the_registration_is_kept_through_a_restart_and_finished(self):
        with Place() as place:
            with place.phone() as phone:
                phone.sign_in(place.server)
                place.server.end()
                self.pick(phone, place)
                self.join(phone, PASSPHRASE)
                phone.until("No Internet here")
                screen.keep("phone-offline.png")
                phone.touch("Later")
                phone.until("Waits for the server")
            with place.phone("--dark") as phone:
                phone.until("Waits for the server")
                phone.until(place.device.serial)
                screen.keep("phone-offline-restarted.png")
                place.server.start()
                phone.until("Registered. Go to the device to finish.")
                self.pick(phone, place)
                self.join(phone, PASSPHRASE)
                phone.until("Last seen")
                phone.until("Online")
                screen.keep("phone-done-dark.png")
            place.server.until_online(place.device.serial)
            self.assertEqual(len([each for each in place.server.items("/devices")]), 1)

    def test_approval_by_somebody_else_is_waited_for(self):
        with Place() as place, place.phone() as phone:
            place.server.put_profile("careful", priority=10, approval=True)
            phone.sign_in(place.server)
            self.pick(phone, place)
            self.join(phone, PASSPHRASE)
            phone.until("Waiting for approval")
            phone.until("Try again")
            screen.keep("phone-approval.png")
            adoption = place.server.items("/adoptions")[0]
            place.server.api("POST", f"/devices/{adoption['device']}/approve", {"key": adoption["keys"][0]["fingerprint"]})
            phone.until("Last seen")
            place.server.until_online(place.device.serial)

    def test_a_label_is_scanned_and_one_of_something_else_is_said(self):
        with Place() as place:
            label = place.folder / "label.png"

            def show(text):  # to the camera, whose pictures come from this file
                subprocess.run(["qrencode", "-s", "8", "-o", place.folder / "new.png", text], check=True, timeout=20)
                (place.folder / "new.png").rename(label)

            show("WIFI:S:PlantFloor;T:WPA;P:secret;;")
            with place.phone("--camera-picture", str(label)) as phone:
                phone.sign_in(place.server)
                phone.until(place.device.serial)
                phone.touch("Scan the label")
                phone.until("this is the login of a Wi-Fi network")
                screen.keep("phone-other-label.png")
                name = "PROV_" + hashlib.sha256(place.device.serial.encode()).hexdigest()[:6]
                show(json.dumps({"ver": "v1", "name": name, "pop": CODE, "transport": "ble"}))
                phone.until("The label was read")
                screen.keep("phone-label-read.png")
                phone.touch("Set up")
                self.join(phone, PASSPHRASE)
                phone.until("Last seen")
                place.server.until_online(place.device.serial)

    def test_a_wrong_password_of_the_person_is_said(self):
        with Place() as place, place.phone() as phone:
            phone.type("Server", f"http://127.0.0.1:{place.server.api_port}")
            phone.type("User", "ina")
            phone.type("Password", PASSWORD + "2")
            phone.touch("Sign in")
            phone.until("password")
            self.assertFalse(phone.says("Devices nearby"))


if __name__ == "__main__":
    run_tests()
