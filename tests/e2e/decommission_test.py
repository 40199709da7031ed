#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The end of a device's life at its upstream: taken out of use while it is connected and while it is away, tried to come
back by every way, replaced by another under its name, and let in again by a person.

decommission_test.py --bin BUILD/bin [unittest options]
"""
import pathlib
import signal
import unittest

from plant import ApiError, Device, Plant, another_programs_offer, run_tests, until

WORD = "it was told to remove its secrets, and said that it has"


class Ended(Plant):
    """A plant whose device is online."""

    def __enter__(self):
        self.device.options["model"] = "Gateway"
        self.maker.start()
        self.customer.start()
        self.factory()
        self.trade()
        self.device.start()
        self.until_online()
        return self

    def explained(self):
        return " ".join(self.customer.cli("explain", self.device.serial).split())

    def keys_of(self, device):
        return sorted(file.stem for file in pathlib.Path(device.state, "keys").glob("*.key"))

    def second(self):
        """Another device of the same maker and customer, online."""
        other = Device(self, "SN-2", self.maker)
        guid = other.made()
        self.customer.import_voucher(self.maker.sell(guid, self.customer))
        other.start()
        self.customer.until_online("SN-2")
        return other


class Decommissioning(unittest.TestCase):
    def test_a_connected_device_removes_its_secrets_and_says_so(self):
        with Ended() as plant:
            self.assertTrue(any(name.startswith("operational-") for name in plant.keys_of(plant.device)))
            plant.customer.cli("decommission", plant.device.serial, "--reason", "scrapped")
            until(lambda: not plant.device.running(), "the device's program ends by itself")
            self.assertEqual(0, plant.device.process.returncode)
            left = plant.keys_of(plant.device)
            self.assertFalse([name for name in left if not name.startswith("device")], left)
            record = plant.record()
            self.assertEqual(("decommissioned", ""), (record["state"], record["name"]))
            said = plant.explained()
            self.assertIn("out of use for good: scrapped", said)
            self.assertIn(WORD, said.lower())
            self.assertEqual(1, sum(each["id"] == "DEVICE_WIPED" for each in plant.customer.json(
                "explain", plant.device.serial)["timeline"]["items"]))
            certificates = plant.customer.json("device", "show", plant.device.serial)["certificates"]
            self.assertEqual({"revoked"}, {each["state"] for each in certificates})
            self.assertIn("decommissioned: is out of use", plant.device.status_text())
            plant.device.start()
            self.assertEqual(0, plant.device.process.wait(30), "it looks for nobody any more")
            plant.customer.cli("audit", "verify")

    def test_a_device_that_is_away_is_refused_by_every_way_when_it_comes_back(self):
        with Ended() as plant:
            plant.device.end(signal.SIGKILL)
            until(lambda: plant.record()["state"] == "offline", "the will is heard")
            plant.customer.cli("decommission", plant.device.serial, "--reason", "lost")
            self.assertIn("it was not connected: its secrets are on it", plant.explained().lower())
            detail = plant.customer.json("device", "show", plant.device.serial)
            self.assertEqual([], detail["rendezvous"], "no registration is kept fresh")
            plant.device.start()
            plant.device.until_said("LINK_REFUSED", 60)
            plant.device.until_said("DEVICE_RENDEZVOUS_UNKNOWN", 90)
            with self.assertRaises(ApiError) as refused:
                plant.customer.claim(another_programs_offer())  # of a device of this serial and model
            self.assertIn("taken out of use; an operator can re-admit it", str(refused.exception))
            self.assertEqual("decommissioned", plant.record()["state"])

    def test_a_person_lets_it_in_again_and_it_comes_with_a_new_key(self):
        with Ended() as plant:
            plant.customer.cli("decommission", plant.device.serial, "--reason", "a mistake")
            until(lambda: not plant.device.running(), "the device's program ends by itself")
            plant.customer.cli("readmit", plant.device.serial)
            self.assertEqual(0, plant.device.run_to_end("reset", "--yes"))
            plant.device.start()
            plant.until_online(90)
            states = [each["state"] for each in plant.customer.json(
                "device", "show", plant.device.serial)["certificates"]]
            self.assertEqual(["active", "revoked"], sorted(states))

    def test_another_device_takes_its_place_under_its_name(self):
        with Ended() as plant:
            plant.customer.cli("device", "rename", plant.device.serial, "pump-17")
            plant.second()
            plant.customer.cli("replace", "pump-17", "SN-2")
            until(lambda: not plant.device.running(), "the old device's program ends by itself")
            old, new = plant.record(), plant.customer.device("SN-2")
            self.assertEqual(("decommissioned", ""), (old["state"], old["name"]))
            self.assertEqual("pump-17", new["name"])
            self.assertTrue(plant.customer.is_online("SN-2"))
            self.assertIn("replaced by " + new["id"], plant.explained())
            self.assertIn("put this device in the place of " + old["id"],
                          " ".join(plant.customer.cli("explain", "SN-2").split()))
            with self.assertRaises(ApiError) as refused:
                plant.customer.cli("replace", plant.device.serial, "SN-2")
            self.assertIn("out of use", str(refused.exception))


if __name__ == "__main__":
    run_tests()
