#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of key with every cipher that a device can propose; HTTPS with pins; IPv6. Real server,
real device, real broker."""
import base64
import hashlib
import json
import re
import subprocess
import unittest

from lab import Device, Lab, Server, bin_folder, eventually, events

CIPHERS = ["A128GCM", "A192GCM", "A256GCM", "AES-CCM-64-128-128", "AES-CCM-64-128-256"]


def everything(lab, name, **more):
    return Server(lab, name, ["factory", "rendezvous", "owner"], broker=True, **more)


def look_for(server, **members):
    """Where devices made from now on look for their owner."""
    file = server.folder / "directives.json"
    file.write_text(json.dumps([{"ips": [server.host], "device_port": server.fdo_port,
                                 "owner_port": server.fdo_port, "protocol": "http",
                                 "delay_seconds": 1, **members}]))
    server.cli("factory", "rendezvous", "set", "--file", file)


def made_and_sold(lab, server, serial, *options):
    """A device of this server's factory that belongs to this server's owner."""
    device = Device(lab, serial, "--retry-max", 2, *options)
    device.initialize(server)
    guid = next(each["guid"] for each in server.cli("voucher", "list")["items"]
                if each["serial"] == serial)
    server.cli("voucher", "import", server.sell(guid, server))
    eventually("registered", lambda: [each for each in events(server.log)
                                      if each.get("id") == "RENDEZVOUS_REGISTERED"
                                      and each["guid"] == guid])
    return device


def run_once(device):
    """Switches the device on until its first wait, or until it is connected: did it get there?"""
    with device.log.open("ab") as log:
        done = subprocess.run(device.command("run", "--once"), stderr=log, timeout=90)
    return done.returncode == 0


def obstacle(device):
    return device.status()["obstacle"]


class Suites(unittest.TestCase):
    def check(self, key_type, kexes):
        with Lab(bin_folder()) as lab:
            server = everything(lab, key_type, settings=f'key_type = "{key_type}"')
            look_for(server)
            for kex in kexes:
                for cipher in CIPHERS if kex == kexes[0] else ["A256GCM"]:
                    device = made_and_sold(lab, server, f"{kex}-{cipher}", "--key-type", key_type,
                                           "--kex", kex, "--cipher", cipher)
                    self.assertTrue(run_once(device), f"{key_type} {kex} {cipher}")
            if key_type == "p384":
                device = made_and_sold(lab, server, "weak", "--key-type", key_type, "--kex",
                                       "ECDH256")
                self.assertFalse(run_once(device))
                self.assertEqual(obstacle(device)["reason"], "owner_refused")
                self.assertIn("too weak", obstacle(device)["text"])

    def test_p256(self):
        self.check("p256", ["ECDH256", "ECDH384"])

    def test_p384(self):
        self.check("p384", ["ECDH384"])


class Transports(unittest.TestCase):
    def check(self, host, lab):
        server = everything(lab, "server", host=host, fdo="tls = true",
                            settings='key_type = "p384"')
        pem = server.cli("factory", "keys")["ca"]
        der = base64.b64decode(re.sub(r"-----[^-]*-----|\s", "", pem))
        for hash_name in ("sha256", "sha384"):
            digest = hashlib.new(hash_name, der).hexdigest()
            look_for(server, protocol="https", authority_cert_hash=digest)
            device = made_and_sold(lab, server, f"pinned-{hash_name}", "--key-type", "p384")
            self.assertTrue(run_once(device), f"{host} {hash_name}")
        for pin in ("authority_cert_hash", "server_cert_hash"):
            look_for(server, protocol="https", **{pin: hashlib.sha384(b"another").hexdigest()})
            device = made_and_sold(lab, server, pin, "--key-type", "p384")
            self.assertFalse(run_once(device), pin)
            self.assertEqual(obstacle(device)["reason"], "tls_untrusted")
        asked = [each for each in events(server.log) if each.get("id") == "RENDEZVOUS_REDIRECTED"]
        self.assertEqual(len(asked), 2, "a device tells nothing to a server that it does not trust")

    def test_https_is_held_to_the_pins_of_the_credential(self):
        with Lab(bin_folder()) as lab:
            self.check("127.0.0.1", lab)

    def test_https_over_ipv6(self):
        with Lab(bin_folder()) as lab:
            self.check("::1", lab)


if __name__ == "__main__":
    unittest.main(verbosity=2)
