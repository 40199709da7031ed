#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that is told which Wi-Fi network to join, from beside it and by HTTP, without a radio (supplicant.py).

wifi_test.py --bin BUILD/bin [unittest options]
"""
import pathlib
import re
import signal
import subprocess
import unittest

from local_provisioning_test import CODE, Bench
from plant import run_tests, until
from supplicant import PASSPHRASE, SSID, Supplicant, address_hook


class WifiBench(Bench):
    def __init__(self):
        super().__init__()
        self.supplicant = Supplicant(self.folder)
        hook, self.notes = address_hook(self.folder)
        self.device.options.update(wifi=self.supplicant.socket, wifi_address_hook=hook)

    def no_address(self, yes):
        marker = pathlib.Path(f"{self.notes}.no-address")
        marker.touch() if yes else marker.unlink()

    def start_provisioning(self, *passphrases, ssid=SSID):
        file = self.folder / "code"
        file.write_text(CODE + "\n")
        process = subprocess.Popen(
            self.server.command("provision", "--address", f"http://{self.address}", "--account", "default", "--code-file",
                                file, "--wifi", ssid),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        process.stdin.write("".join(each + "\n" for each in passphrases))
        process.stdin.close()
        return process

    def until_kept(self):
        """Provisioned by Wi-Fi, and beside it a network that somebody else stored."""
        self.supplicant.networks["7"] = {"ssid": "00", "id_str": '"theirs"'}
        code, said = self.provision_by_wifi(PASSPHRASE)
        if code:
            raise AssertionError(said)
        until(lambda: "1" in self.supplicant.all("priority"), "the network is kept")
        self.server.until_online(self.device.serial)

    def restart_device(self, crash_at=""):
        self.device.start(crash_at)
        self.device.until_said("DEVICE_DOOR_LISTENS")

    def theirs_only(self):
        return self.supplicant.all("id_str") == ['"theirs"']

    def provision_by_wifi(self, *passphrases, ssid=SSID):
        process = self.start_provisioning(*passphrases, ssid=ssid)
        with process.stdout:
            said = process.stdout.read()
        return process.wait(90), said


class Wifi(unittest.TestCase):
    def test_a_wrong_passphrase_then_the_right_one_in_one_session(self):
        with WifiBench() as bench:
            code, said = bench.provision_by_wifi("wrong horse battery", PASSPHRASE)
            self.assertEqual(code, 0, said)
            self.assertIn("PlantFloor does not take this passphrase", said)
            bench.server.until_online(bench.device.serial)
            self.assertEqual(bench.supplicant.all("priority"), ["1"])
            self.assertEqual(bench.supplicant.saved, 2)  # on trial with the access, then for good
            self.assertEqual(bench.notes.read_text().split()[0], "lo")
            claims = [each for each in bench.server.json("explain", bench.device.serial)["timeline"]["items"]
                      if each["id"] == "DEVICE_CLAIMED"]
            self.assertEqual(len(claims), 1)
            for log in (bench.device.log, bench.server.log):
                self.assertNotIn("horse", log.read_text(errors="replace"))

    def test_each_obstacle_is_said_and_leaves_nothing(self):
        with WifiBench() as bench:
            def fails(words, **how):
                code, said = bench.provision_by_wifi(PASSPHRASE, **how)
                self.assertNotEqual(code, 0)
                self.assertIn(words, said)
                until(lambda: not bench.supplicant.networks, "nothing is left in wpa_supplicant")
                self.assertEqual(bench.device.status()["state"], "uninitialized")

            fails("is not in reach", ssid="Elsewhere")
            fails("accounts", ssid="Office")
            bench.no_address(True)
            fails("gave none (no lease)")
            bench.no_address(False)
            bench.supplicant.fails_to_save = True
            fails("update_config=1")
            self.assertEqual(bench.supplicant.saved, 0)

    def test_an_upstream_that_is_gone_takes_the_network_back(self):
        with WifiBench() as bench:
            process = bench.start_provisioning(PASSPHRASE)
            said = ""
            with process.stdout:
                for line in process.stdout:
                    said += line
                    if "granted access" in line:
                        bench.server.end()
            self.assertNotEqual(process.wait(90), 0)
            self.assertRegex(said, re.compile("the device says: .*broker", re.IGNORECASE))
            self.assertFalse(bench.supplicant.networks)

    def test_a_device_killed_on_trial_leaves_the_network_at_its_next_start(self):
        with WifiBench() as bench:
            bench.supplicant.join = lambda number: None  # joins for ever
            process = bench.start_provisioning(PASSPHRASE)
            until(lambda: bench.supplicant.all("psk") == [f'"{PASSPHRASE}"'], "a network is on trial")
            bench.device.end(signal.SIGKILL)
            process.wait(90)
            process.stdout.close()
            bench.device.start()
            until(lambda: not bench.supplicant.networks, "the network is left")

    def test_a_reset_forgets_the_networks_and_only_its_own(self):
        with WifiBench() as bench:
            bench.until_kept()
            bench.device.end()
            saved = bench.supplicant.saved
            self.assertEqual(0, bench.device.run_to_end("reset", "--yes"))
            self.assertTrue(bench.theirs_only(), bench.supplicant.networks)
            self.assertEqual(saved + 1, bench.supplicant.saved)
            bench.device.until_said("DEVICE_WIFI_FORGOTTEN")

    def test_a_reset_that_is_killed_or_finds_no_wpa_supplicant_is_done_by_the_next_start(self):
        for crash_at in ("removal.done", "identity.done", "removal.done:2", ""):
            with self.subTest(crash_at), WifiBench() as bench:
                bench.until_kept()
                bench.device.end()
                if not crash_at:
                    bench.supplicant.there(False)
                self.assertEqual(-signal.SIGKILL if crash_at else 0,
                                 bench.device.run_to_end("reset", "--yes", crash_at=crash_at))
                self.assertFalse(bench.theirs_only())
                if not crash_at:
                    bench.device.until_said("DEVICE_WIFI_NOT_FORGOTTEN")
                    bench.supplicant.there(True)
                bench.device.start()
                until(bench.theirs_only, "the networks are forgotten")
                until(lambda: bench.device.status()["state"] == "uninitialized", "the device begins anew")

    def test_a_network_joined_after_a_reset_stays(self):
        with WifiBench() as bench:
            bench.until_kept()
            bench.device.end()
            bench.supplicant.there(False)
            self.assertEqual(0, bench.device.run_to_end("reset", "--yes"))
            bench.restart_device()
            old = [number for number in bench.supplicant.networks if number != "7"]
            bench.supplicant.there(True)
            bench.provision_by_wifi(PASSPHRASE)  # it has another key since, and waits for a person
            bench.server.cli("device", "approve", bench.device.serial)
            code, said = bench.provision_by_wifi(PASSPHRASE)
            self.assertEqual(0, code, said)
            until(lambda: bench.supplicant.all("priority") == [None, "1"], "the new network is kept")
            self.assertNotIn(old[0], bench.supplicant.networks)
            bench.device.end()
            bench.device.start()
            bench.device.until_said("DEVICE_CONNECTED")
            self.assertEqual([None, "1"], bench.supplicant.all("priority"))

    def test_at_the_end_of_its_use_a_device_tells_its_upstream_and_then_forgets_the_networks(self):
        for crash_at in ("", "removal.done:2"):
            with self.subTest(crash_at), WifiBench() as bench:
                bench.device.end()
                bench.restart_device(crash_at)
                bench.until_kept()
                bench.server.cli("decommission", bench.device.serial, "--reason", "scrapped")
                until(lambda: not bench.device.running(), "the device's program ends")
                if crash_at:
                    self.assertFalse(bench.theirs_only())
                    self.assertEqual(0, bench.device.run_to_end("run"))
                else:
                    wiped = bench.server.json("explain", bench.device.serial)["timeline"]["items"]
                    self.assertIn("DEVICE_WIPED", [each["id"] for each in wiped])
                self.assertTrue(bench.theirs_only(), bench.supplicant.networks)
                self.assertEqual("decommissioned", bench.device.status()["state"])

    def test_networks_are_listed_with_what_is_not_for_this_device(self):
        with WifiBench() as bench:
            file = bench.folder / "code"
            file.write_text(CODE + "\n")
            items = bench.server.json("networks", "--address", f"http://{bench.address}", "--code-file", file)["items"]
            self.assertEqual([(each["network"], each["security"]) for each in items],
                             [("PlantFloor", "WPA2"), ("Office", "enterprise"), ("Café", "open")])
            self.assertIn("accounts", items[1]["why_not"])


if __name__ == "__main__":
    run_tests()
