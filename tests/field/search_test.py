#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that looks for its owner among addresses that are dead, silent, for others, or alive."""
import json
import subprocess
import time
import unittest

from lab import Device, Lab, Server, bin_folder, count, eventually, events, free_port

SERIAL = "SN-SEARCH"


class Search(unittest.TestCase):
    def world(self, lab, directives, *options, broker=True):
        """`directives(port)` with the port at which the one live server is."""
        self.server = Server(lab, "server", ["factory", "rendezvous", "owner"], broker=broker)
        file = self.server.folder / "directives.json"
        file.write_text(json.dumps(directives(self.server.fdo_port)))
        self.server.cli("factory", "rendezvous", "set", "--file", file)
        device = Device(lab, SERIAL, *options)
        device.initialize(self.server)
        guid = self.server.cli("voucher", "list")["items"][0]["guid"]
        self.server.cli("voucher", "import", self.server.sell(guid, self.server))
        return device

    def obstacles(self, device):
        return [each["detail"] for each in events(device.log)
                if each.get("id") in ("DEVICE_RENDEZVOUS_UNREACHABLE", "DEVICE_DNS_FAILED")]

    def test_every_address_of_every_directive_is_tried_in_order(self):
        dead, closed = free_port(), free_port()
        at = {"protocol": "http"}
        with Lab(bin_folder()) as lab:
            device = self.world(lab, lambda port: [
                {**at, "dns": "nowhere.invalid", "ips": ["127.0.0.9", "127.0.0.8"],
                 "device_port": dead, "delay_seconds": 1},
                {**at, "ips": ["127.0.0.7"], "device_port": port, "owner_port": port,
                 "owner_only": True},
                {**at, "ips": ["127.0.0.6"], "device_port": closed, "device_only": True},
                {**at, "ips": ["127.0.0.5", "127.0.0.1"], "device_port": port, "owner_port": port},
            ], "--retry-max", 5)
            started = time.monotonic()
            device.switch_on()
            eventually("online", lambda: self.server.is_online(SERIAL), 60)
            self.assertGreater(time.monotonic() - started, 0.75, "the first directive's delay")
            tried = self.obstacles(device)
            for host, detail in zip(["nowhere.invalid", "127.0.0.9", "127.0.0.8", "127.0.0.6",
                                     "127.0.0.5"], tried, strict=True):
                self.assertIn(host, detail)

    def test_bypass_goes_to_the_owner_without_asking_at_rendezvous(self):
        with Lab(bin_folder()) as lab:
            device = self.world(lab, lambda port: [
                {"ips": ["127.0.0.9"], "device_port": free_port(), "protocol": "http",
                 "bypass": True},
                {"ips": ["127.0.0.1"], "device_port": port, "protocol": "http", "bypass": True},
            ], "--retry-max", 2)
            device.switch_on()
            eventually("online", lambda: self.server.is_online(SERIAL), 60)
            self.assertEqual(count(self.server.log, "RENDEZVOUS_REDIRECTED"), 0)
            self.assertEqual(count(self.server.log, "TO0_REGISTERED"), 0)

    def test_a_search_goes_on_for_ever_and_says_why(self):
        port = free_port()
        with Lab(bin_folder()) as lab:
            device = self.world(lab, lambda _: [
                {"ips": ["127.0.0.1"], "device_port": port, "owner_port": port,
                 "protocol": "http", "delay_seconds": 1}], "--retry-max", 1)
            device.switch_on()
            eventually("three rounds", lambda: count(device.log, "DEVICE_WAITS") >= 3)
            status = device.status()
            self.assertEqual(status["state"], "initialized")
            self.assertEqual(status["obstacle"]["reason"], "rendezvous_unreachable")
            self.assertIn(str(port), status["obstacle"]["text"])
            self.assertTrue(status["obstacle"]["advice"])
            self.assertGreaterEqual(status["obstacle"]["attempts"], 3)
            self.assertEqual(sum(each.get("reason") == "rendezvous_unreachable"
                                 for each in status["timeline"]), 1, "one line, counted")

    def test_a_reset_device_is_onboarded_again(self):
        with Lab(bin_folder()) as lab:
            device = self.world(lab, lambda port: [
                {"ips": ["127.0.0.1"], "device_port": port, "owner_port": port,
                 "protocol": "http", "delay_seconds": 1}], "--retry-max", 1)
            device.switch_on()
            eventually("online", lambda: self.server.is_online(SERIAL), 60)
            device.switch_off()
            before = device.status()
            self.assertEqual(before["state"], "provisioned")
            refused = subprocess.run(device.command("reset"), capture_output=True)
            self.assertEqual(refused.returncode, 1)
            subprocess.run(device.command("reset", "--yes"), check=True, capture_output=True)
            self.assertEqual(device.status()["state"], "initialized")
            self.assertNotIn("operational", device.status())
            device.switch_on()
            eventually("online", lambda: self.server.is_online(SERIAL), 60)
            after = device.status()
            self.assertNotEqual(after["guid"], before["guid"])
            self.assertNotEqual(after["operational"]["certificate"],
                                before["operational"]["certificate"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
