#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of key with every cipher that a device can propose; HTTPS with pins; IPv6. Real server,
real device, real broker.

suites_test.py --bin BUILD/bin [unittest options]
"""
import base64
import hashlib
import re
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests

CIPHERS = ["A128GCM", "A192GCM", "A256GCM", "AES-CCM-64-128-128", "AES-CCM-64-128-256"]


def made_and_sold(site, server, serial, **options):
    """A device of this server's factory that belongs to this server's owner."""
    device = Device(site, serial, server, retry_max=2, **options)
    guid = device.made()
    server.import_voucher(server.sell(guid, server))
    server.until_said("RENDEZVOUS_REGISTERED", guid=guid)
    return device


def run_once(device):
    """Switches the device on until its first wait, or until it is connected: did it get there?"""
    return device.run_to_end("run", "--once", seconds=90) == 0


def obstacle(device):
    return device.status()["obstacle"]


class Suites(unittest.TestCase):
    def check(self, key_type, kexes):
        with Site() as site:
            server = Server(site, key_type, EVERY_ROLE, broker=True)
            server.top_settings["key_type"] = key_type
            server.start()
            server.set_rendezvous(server.directive(delay_seconds=1))
            for kex in kexes:
                for cipher in CIPHERS if kex == kexes[0] else ["A256GCM"]:
                    device = made_and_sold(site, server, f"{kex}-{cipher}", key_type=key_type, kex=kex,
                                           cipher=cipher)
                    self.assertTrue(run_once(device), f"{key_type} {kex} {cipher}")
            if key_type == "p384":
                device = made_and_sold(site, server, "weak", key_type=key_type, kex="ECDH256")
                self.assertFalse(run_once(device))
                self.assertEqual(obstacle(device)["reason"], "owner_refused")
                self.assertIn("too weak", obstacle(device)["text"])

    def test_p256(self):
        self.check("p256", ["ECDH256", "ECDH384"])

    def test_p384(self):
        self.check("p384", ["ECDH384"])


class Transports(unittest.TestCase):
    def check(self, host, site):
        server = Server(site, "server", EVERY_ROLE, broker=True, host=host)
        server.settings["fdo"]["tls"] = True
        server.top_settings["key_type"] = "p384"
        server.start()

        def look_for(**pins):
            server.set_rendezvous(server.directive(protocol="https", delay_seconds=1, **pins))

        pem = server.json("factory", "keys")["ca"]
        der = base64.b64decode(re.sub(r"-----[^-]*-----|\s", "", pem))
        for hash_name in ("sha256", "sha384"):
            digest = hashlib.new(hash_name, der).hexdigest()
            look_for(authority_cert_hash=digest)
            device = made_and_sold(site, server, f"pinned-{hash_name}", key_type="p384")
            self.assertTrue(run_once(device), f"{host} {hash_name}")
        for pin in ("authority_cert_hash", "server_cert_hash"):
            look_for(**{pin: hashlib.sha384(b"another").hexdigest()})
            device = made_and_sold(site, server, pin, key_type="p384")
            self.assertFalse(run_once(device), pin)
            self.assertEqual(obstacle(device)["reason"], "tls_untrusted")
        self.assertEqual(server.count("RENDEZVOUS_REDIRECTED"), 2,
                         "a device tells nothing to a server that it does not trust")

    def test_https_is_held_to_the_pins_of_the_credential(self):
        with Site() as site:
            self.check("127.0.0.1", site)

    def test_https_over_ipv6(self):
        with Site() as site:
            self.check("::1", site)


if __name__ == "__main__":
    run_tests()
