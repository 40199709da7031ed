#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that looks for its owner among addresses that are dead, silent, for others, or alive.

search_test.py --bin BUILD/bin [unittest options]
"""
import json
import time
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests, until

SERIAL = "SN-SEARCH"


class Search(unittest.TestCase):
    def world(self, site, directives, **options):
        """`directives(server)` with the one live server."""
        self.server = Server(site, "server", EVERY_ROLE, broker=True)
        self.server.start()
        file = site.folder / "directives.json"
        file.write_text(json.dumps(directives(self.server)))
        self.server.cli("factory", "rendezvous", "set", "--file", file)
        device = Device(site, SERIAL, self.server, **options)
        self.server.import_voucher(self.server.sell(device.made(), self.server))
        return device

    def obstacles(self, device):
        return [each["detail"] for each in device.events()
                if each["id"] in ("DEVICE_RENDEZVOUS_UNREACHABLE", "DEVICE_DNS_FAILED")]

    def test_every_address_of_every_directive_is_tried_in_order(self):
        at = {"protocol": "http"}
        with Site() as site:
            dead, closed = site.ports.take(), site.ports.take()
            device = self.world(site, lambda server: [
                {**at, "dns": "nowhere.invalid", "ips": ["127.0.0.9", "127.0.0.8"],
                 "device_port": dead, "delay_seconds": 1},
                server.directive(ips=["127.0.0.7"], owner_only=True),
                {**at, "ips": ["127.0.0.6"], "device_port": closed, "device_only": True},
                server.directive(ips=["127.0.0.5", "127.0.0.1"]),
            ], retry_max=5)
            started = time.monotonic()
            device.start()
            self.server.until_online(SERIAL, 60)
            self.assertGreater(time.monotonic() - started, 0.75, "the first directive's delay")
            tried = self.obstacles(device)
            for host, detail in zip(["nowhere.invalid", "127.0.0.9", "127.0.0.8", "127.0.0.6",
                                     "127.0.0.5"], tried, strict=True):
                self.assertIn(host, detail)

    def test_bypass_goes_to_the_owner_without_asking_at_rendezvous(self):
        with Site() as site:
            device = self.world(site, lambda server: [
                {"ips": ["127.0.0.9"], "device_port": site.ports.take(), "protocol": "http",
                 "bypass": True},
                {"ips": ["127.0.0.1"], "device_port": server.fdo_port, "protocol": "http", "bypass": True},
            ], retry_max=2)
            device.start()
            self.server.until_online(SERIAL, 60)
            self.assertEqual(self.server.count("RENDEZVOUS_REDIRECTED"), 0)
            self.assertEqual(self.server.count("TO0_REGISTERED"), 0)

    def test_a_search_goes_on_for_ever_and_says_why(self):
        with Site() as site:
            port = site.ports.take()
            device = self.world(site, lambda server: [
                server.directive(device_port=port, owner_port=port, delay_seconds=1)])
            device.start()
            until(lambda: device.count("DEVICE_WAITS") >= 3, "three rounds")
            status = device.status()
            self.assertEqual(status["state"], "initialized")
            self.assertEqual(status["obstacle"]["reason"], "rendezvous_unreachable")
            self.assertIn(str(port), status["obstacle"]["text"])
            self.assertTrue(status["obstacle"]["advice"])
            self.assertGreaterEqual(status["obstacle"]["attempts"], 3)
            self.assertEqual(sum(each.get("reason") == "rendezvous_unreachable"
                                 for each in status["timeline"]), 1, "one line, counted")

    def test_a_reset_device_is_onboarded_again(self):
        with Site() as site:
            device = self.world(site, lambda server: [server.directive(delay_seconds=1)])
            device.start()
            self.server.until_online(SERIAL, 60)
            device.end()
            before = device.status()
            self.assertEqual(before["state"], "provisioned")
            self.assertEqual(device.run_to_end("reset"), 1)
            self.assertEqual(device.run_to_end("reset", "--yes"), 0)
            self.assertEqual(device.status()["state"], "initialized")
            self.assertNotIn("operational", device.status())
            device.start()
            self.server.until_online(SERIAL, 60)
            after = device.status()
            self.assertNotEqual(after["guid"], before["guid"])
            self.assertNotEqual(after["operational"]["certificate"],
                                before["operational"]["certificate"])


if __name__ == "__main__":
    run_tests()
