#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The end of a device's life at its upstream: taken out of use while it is connected and while it is away, tried to come
back by every way, replaced by another under its name, and let in again by a person; and what is left in its TPM or token.

decommission_test.py --bin BUILD/bin [unittest options]
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import unittest

from plant import ApiError, Device, Plant, another_programs_offer, run_tests, until
from soft_token import SoftToken
from soft_tpm import SoftTpm

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


def of_the_factory(names):
    """Its key, and one HMAC secret: that of the last owner's voucher."""
    return len(names) == 2 and all(re.fullmatch(r"device(-hmac(-\d+)?)?", name) for name in names)


class InATpm(Ended):
    """Keys are wrapped files there (ADR 29): none is left, and nothing in the TPM but its storage key."""

    def __enter__(self):
        self.tpm = SoftTpm(self, "tpm")
        self.device.options.update(keystore=self.tpm.keystore, keystore_credentials=self.folder)
        return super().__enter__()

    def keys(self):
        return {file.stem for file in pathlib.Path(self.device.state, "keys").iterdir() if file.suffix == ".key"}

    def check_hardware(self, test):
        """While no program of ours uses it: swtpm serves one at a time."""
        handles = {kind: self.handles(kind) for kind in ("persistent", "transient", "loaded-session", "saved-session")}
        test.assertEqual({"persistent": ["0x81000001"], "transient": [], "loaded-session": [], "saved-session": []}, handles)

    def handles(self, kind):
        said = subprocess.run(["tpm2_getcap", f"handles-{kind}"], capture_output=True, text=True, check=True, timeout=60,
                              env={**os.environ, "TPM2TOOLS_TCTI": self.tpm.keystore.removeprefix("tpm2:")}).stdout
        return [line.removeprefix("- ").lower() for line in said.splitlines()]


class InAToken(Ended):
    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            self.token = on_failure.enter_context(SoftToken(self, "device"))
            self.device.options.update(keystore=self.token.keystore, keystore_credentials=self.token.credentials)
            super().__enter__()
            self.leave = on_failure.pop_all()
        return self

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.leave.close()

    def keys(self):
        return self.token.objects()

    def check_hardware(self, test):
        test.assertEqual([], list(pathlib.Path(self.device.state, "keys").glob("*.key")))


class InHardware(unittest.TestCase):
    def test_out_of_use_and_after_a_reset_nothing_is_left_there_but_the_factorys(self):
        for place in (InATpm, InAToken):
            with self.subTest(place.__name__), place() as plant:
                self.assertTrue([name for name in plant.keys() if name.startswith("operational-")], plant.keys())
                plant.customer.cli("decommission", plant.device.serial, "--reason", "scrapped")
                until(lambda: not plant.device.running(), "the device's program ends by itself")
                self.assertIn(WORD, plant.explained().lower())
                self.assertTrue(of_the_factory(plant.keys()), plant.keys())
                plant.check_hardware(self)
                plant.customer.cli("readmit", plant.device.serial)
                self.assertEqual(0, plant.device.run_to_end("reset", "--yes"))
                plant.device.start()
                plant.until_online(90)
                self.assertTrue([name for name in plant.keys() if name.startswith("operational-")], plant.keys())
                plant.device.end()
                self.assertEqual(0, plant.device.run_to_end("reset", "--yes"))
                self.assertTrue(of_the_factory(plant.keys()), plant.keys())
                plant.check_hardware(self)


if __name__ == "__main__":
    run_tests()
