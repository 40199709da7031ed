#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Devices that prove that their keys live in a TPM, and others that don't, at a server whose profile demands it.

attestation_test.py --bin BUILD/bin [unittest options]
"""
import shutil
import subprocess
import unittest

from plant import ApiError, Device, Plant, another_programs_offer, run_tests, until
from soft_tpm import SoftTpm, TpmMaker

CODE = "tested-code-1"


class Demanding(Plant):
    """A plant whose customer takes only keys that are proven to live in a TPM; and a maker of TPMs."""

    def __enter__(self):
        self.tpm_maker = TpmMaker(self)
        self.maker.start()
        self.customer.start()
        self.customer.put_profile("proven", priority=10, account="default", attestation="tpm")
        return self

    def use_tpm(self, tpm):
        self.device.options["keystore"] = tpm.keystore
        self.device.options["keystore_credentials"] = self.folder

    def trust_tpm_maker(self):
        self.customer.cli("trust", "add", self.tpm_maker.issuer, "--kind", "tpm_ca", "--name", "Chips Ltd",
                          "--account", "default")

    def onboard(self):
        self.factory()
        self.trade()
        self.device.start()

    def story(self):
        return self.customer.json("explain", self.device.serial)["timeline"]["items"]

    def refusal(self):
        """Why the customer refused the device; None: it has not."""
        said = [each for each in self.story() if each["id"] == "GRANT_REFUSED"]
        return said[-1]["fields"]["why"] if said else None


class Attestation(unittest.TestCase):
    def test_a_device_whose_tpm_proves_its_key_is_granted_and_its_record_says_so(self):
        with Demanding() as plant:
            plant.use_tpm(SoftTpm(plant, "tpm", plant.tpm_maker))
            plant.trust_tpm_maker()
            plant.onboard()
            plant.until_online()
            said = plant.customer.cli("explain", plant.device.serial)
            self.assertIn("Key: proven to live in the TPM with the certificate", said)
            self.assertIn("Chips Ltd", said)
            proofs = [each["fields"]["tpm"] for each in plant.story() if each["id"] == "KEY_IN_TPM"]
            detail = plant.customer.json("device", "show", plant.device.serial)
            self.assertEqual(proofs, [detail["tpm"]])

    def test_a_tpm_of_a_maker_on_no_list_waits_for_the_operator_who_lists_it(self):
        with Demanding() as plant:
            plant.use_tpm(SoftTpm(plant, "tpm", plant.tpm_maker))
            plant.onboard()
            why = until(plant.refusal, "the device is refused")
            self.assertIn("fairlead trust add CA.pem --kind tpm_ca", why)
            plant.trust_tpm_maker()
            plant.until_online(90)

    def test_a_device_without_proof_is_refused_in_words_that_say_what_to_do(self):
        for keystore in ("file", "a TPM without certificate"):
            with self.subTest(keystore), Demanding() as plant:
                if keystore != "file":
                    plant.use_tpm(SoftTpm(plant, "tpm"))
                plant.onboard()
                why = until(plant.refusal, "the device is refused")
                self.assertIn("the device needs keystore tpm2, and a TPM with an endorsement certificate", why)
                self.assertIsNone(plant.device.said("DEVICE_GRANTED"))
                self.assertEqual(keystore != "file", plant.device.said("DEVICE_KEY_UNPROVEN") is not None)

    def test_an_offer_that_only_says_tpm_is_refused(self):
        with Demanding() as plant:
            with self.assertRaises(ApiError) as refused:
                plant.customer.claim(another_programs_offer())
            self.assertIn("demands proof by a TPM", str(refused.exception))

    def test_a_copied_disk_is_of_no_use_with_another_tpm(self):
        with Demanding() as plant:
            plant.use_tpm(SoftTpm(plant, "tpm", plant.tpm_maker))
            plant.trust_tpm_maker()
            plant.onboard()
            plant.until_online()
            thief = Device(plant, plant.device.serial, plant.maker,
                           keystore=SoftTpm(plant, "thief-tpm", plant.tpm_maker).keystore)
            thief.log = plant.folder / "thief.log"
            thief.state = plant.folder / "thief"
            shutil.copytree(plant.device.state, thief.state)
            self.assertNotEqual(0, thief.run_to_end("run"))
            self.assertIn("belong to another TPM", thief.last_lines())
            self.assertTrue(plant.customer.is_online(plant.device.serial))

    def test_from_beside_the_device_the_proof_is_asked_for_and_given_as_well(self):
        with Demanding() as plant:
            plant.use_tpm(SoftTpm(plant, "tpm", plant.tpm_maker))
            plant.trust_tpm_maker()
            plant.device.station = None
            address = f"127.0.0.1:{plant.ports.take()}"
            plant.device.options["local"] = address
            subprocess.run(plant.device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True,
                           check=True, capture_output=True, timeout=60)
            code_file = plant.folder / "code"
            code_file.write_text(CODE + "\n")
            plant.device.start()
            plant.device.until_said("DEVICE_DOOR_LISTENS")
            plant.customer.cli("provision", "--address", f"http://{address}", "--account", "default",
                               "--code-file", code_file)
            plant.customer.until_online(plant.device.serial)
            self.assertIn("KEY_IN_TPM", [each["id"] for each in plant.story()])


if __name__ == "__main__":
    run_tests()
