#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device's disk is copied while it is on, and the copy is switched on elsewhere: both are noticed and locked out, and the
right one comes back with a new key when a person says so.

clone_test.py --bin BUILD/bin [unittest options]
"""
import shutil
import unittest

from plant import Device, Plant, run_tests, until


class Clones(unittest.TestCase):
    def test_a_copied_disk_is_noticed_and_both_sides_are_locked_out(self):
        with Plant() as plant:
            self.trade(plant)
            plant.device.start()
            plant.until_online()
            copy = self.copy_of(plant)
            copy.start()
            until(lambda: plant.record()["state"] == "waiting", "the copy is noticed", 60)
            for each in (plant.device, copy):
                each.until_said("LINK_REFUSED", 60)
            story = plant.customer.json("explain", plant.device.serial)["timeline"]["items"]
            seen = [each for each in story if each["id"] == "CLONE_SEEN"]
            self.assertEqual(1, len(seen))
            self.assertNotEqual(seen[0]["fields"]["one"].split()[0], seen[0]["fields"]["other"].split()[0])
            said = plant.customer.cli("explain", plant.device.serial)
            self.assertIn("Two devices are alive under this identity", said)
            self.assertIn("fairlead device approve", said)
            plant.customer.cli("audit", "verify")

    def test_a_device_that_is_restarted_again_and_again_is_no_clone(self):
        with Plant() as plant:
            self.trade(plant)
            for _ in range(4):
                plant.device.start()
                plant.until_online()
                plant.device.kill()
                plant.device.forget_log()
            story = plant.customer.json("explain", plant.device.serial)["timeline"]["items"]
            self.assertNotIn("CLONE_SEEN", [each["id"] for each in story])

    def trade(self, plant):
        plant.maker.start()
        plant.customer.start()
        plant.factory()
        plant.trade()

    def copy_of(self, plant):
        copy = Device(plant, plant.device.serial, plant.maker)
        copy.name = "copy"
        copy.log = plant.folder / "device-copy.log"
        copy.state = plant.folder / "state-copy"
        shutil.copytree(plant.device.state, copy.state)
        return copy


if __name__ == "__main__":
    run_tests()
