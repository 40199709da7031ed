#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that no factory station knows, a server with its mosquitto, and somebody beside the device.

local_provisioning_test.py --bin BUILD/bin [unittest options]
"""
import contextlib
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests, until

CODE = "tested-code-1"
SERIAL = "LP-1"


class Bench(Site):
    """A server with a broker, and a device that waits for somebody beside it."""

    def __init__(self, with_code=True, **options):
        super().__init__()
        self.server = Server(self, "server", EVERY_ROLE, broker=True)
        self.address = f"127.0.0.1:{self.ports.take()}"
        self.device = Device(self, SERIAL, model="Pump", retry_max=2, local=self.address, **options)
        self.with_code = with_code

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.server.start()
            if self.with_code:
                subprocess.run(self.device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True,
                               check=True, capture_output=True, timeout=60)
            self.device.start()
            self.device.until_said("DEVICE_DOOR_LISTENS")
            on_failure.pop_all()
        return self

    def provision(self, *proof):
        """The command's exit code and what it said."""
        done = subprocess.run(self.server.command("provision", "--address", f"http://{self.address}",
                                                  "--account", "default", *proof),
                              capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout + done.stderr

    def provision_with(self, code):
        file = self.folder / "code"
        file.write_text(code + "\n")
        return self.provision("--code-file", file)

    def proof_on_record(self):
        timeline = self.server.json("explain", SERIAL)["timeline"]["items"]
        return [each for each in timeline if each["id"] == "DEVICE_CLAIMED"][0]["fields"]["proof"]


class LocalProvisioning(unittest.TestCase):
    def test_the_device_shows_how_far_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            shown, hook = pathlib.Path(folder, "shown"), pathlib.Path(folder, "hook")
            hook.write_text(f"#!/bin/sh\necho \"$1\" >> '{shown}'\n")
            hook.chmod(0o755)

            def states():
                return shown.read_text().split() if shown.exists() else []
            with Bench(state_hook=hook) as bench:
                until(lambda: states()[-1:] == ["offering"], "the device shows that it lets in")
                code, said = bench.provision_with(CODE)
                self.assertEqual(code, 0, said)
                until(lambda: states()[-1:] == ["online"], f"the device shows that it is online: {states()}")
                self.assertNotIn("failed", states())

    def test_a_device_is_provisioned_from_beside(self):
        with Bench() as bench:
            device = bench.device
            self.assertEqual(device.status()["state"], "uninitialized")
            begin = time.monotonic()
            code, said = bench.provision_with(CODE)
            self.assertEqual(code, 0, said)
            bench.server.until_online(SERIAL)
            print(f"\nprovisioned and online in {time.monotonic() - begin:.2f} s", flush=True)
            until(lambda: device.status()["state"] == "connected", "the device says so itself")
            self.assertEqual(bench.proof_on_record(), "code")
            device.until_said("DEVICE_DOOR_CLOSED", 45)
            code, said = bench.provision_with(CODE)
            self.assertNotEqual(code, 0, f"at the closed door: {said}")

    def test_a_wrong_code_is_refused(self):
        with Bench() as bench:
            code, said = bench.provision_with("wrong-code-1")
            self.assertEqual(code, 3, said)
            self.assertIn("the code is wrong", said)
            self.assertEqual(bench.server.json("device", "list", "--search", SERIAL)["items"], [])
            code, said = bench.provision_with(CODE)
            self.assertEqual(code, 0, said)

    def test_who_goes_on_guessing_waits_longer_each_time(self):
        with Bench() as bench:
            waits, was_wrong = [], False
            while len(waits) < 3:
                code, said = bench.provision_with("wrong-code-1")
                self.assertIn(code, (1, 3), said)
                wait = re.search(r"try again in (\d+) s", said)
                if wait and was_wrong:  # the first word after another wrong code
                    waits.append(int(wait[1]))
                was_wrong = not wait
            self.assertEqual(waits, sorted(waits))
            self.assertGreater(waits[-1], waits[0])
            code, said = until(lambda: (done := bench.provision_with(CODE))[0] == 0 and done, "the right code is taken")
            self.assertEqual(code, 0, said)

    def test_an_unreachable_upstream_rolls_back(self):
        with Bench() as bench:
            device = bench.device
            bench.server.put_profile("nowhere", priority=10, match={"serials": [SERIAL]},
                                     endpoints=[f"mqtts://127.0.0.1:{bench.ports.take()}"])
            code, said = bench.provision_with(CODE)
            self.assertEqual(code, 1, said)
            self.assertIn("broker", said)
            self.assertTrue(device.said("DEVICE_ROLLED_BACK"))
            self.assertEqual(device.status()["state"], "uninitialized")
            bench.server.cli("profile", "delete", "nowhere")
            code, said = bench.provision_with(CODE)
            self.assertEqual(code, 0, said)
            bench.server.until_online(SERIAL)

    def test_the_button_lets_in_without_a_code(self):
        with Bench(with_code=False) as bench:
            device = bench.device
            code, said = bench.provision("--button")
            self.assertNotEqual(code, 0, f"before the button: {said}")
            device.process.send_signal(signal.SIGUSR1)
            until(lambda: device.count("DEVICE_DOOR_OPEN") == 2, "the button is noticed")
            code, said = bench.provision("--button")
            self.assertEqual(code, 0, said)
            self.assertEqual(bench.proof_on_record(), "button")

    def test_a_provisioned_device_comes_back_by_itself(self):
        with Bench() as bench:
            device = bench.device
            code, said = bench.provision_with(CODE)
            self.assertEqual(code, 0, said)
            bench.server.until_online(SERIAL)
            device.kill()
            until(lambda: not bench.server.is_online(SERIAL), "the broker sees it gone")
            device.start()
            bench.server.until_online(SERIAL)
            self.assertFalse(device.said("DEVICE_DOOR_OPEN"))


if __name__ == "__main__":
    run_tests()
