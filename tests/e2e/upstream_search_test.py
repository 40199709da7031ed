#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that asks the network for its upstream, with dnsmasq and Kea as the network's servers.

upstream_search_test.py --bin BUILD/bin [unittest options]      as root
"""
import contextlib
import json
import subprocess
import threading
import socket
import unittest

from lan import Lan, need_namespaces
from plant import Device, Site, run_tests, until

CODE = "tested-code-1"
EDGE, SECOND = "fairlead://10.77.0.2:{}", "https://10.77.0.2:9"


def redirect(*uris):
    """As RFC 8572 has it."""
    return b"".join(len(uri).to_bytes(2, "big") + uri.encode() for uri in uris)


class Bench(Site):
    """A switch; an office with something that listens; a DHCP server; a device with a fixed address."""

    def __init__(self):
        super().__init__()
        self.lan = Lan(self.folder)

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.lan.__enter__()
            self.office = self.lan.host("office", "10.77.0.2/24")
            self.servers = self.lan.host("dhcp", "10.77.0.1/24", "fd77::1/64")
            until(self.servers.link_local, "the DHCP server has its link-local address")
            self.lan.enter(self.office)
            self.listener = socket.create_server(("10.77.0.2", 0))
            threading.Thread(target=self.accept, daemon=True).start()
            self.edge = EDGE.format(self.listener.getsockname()[1])
            on_failure.pop_all()
        return self

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.listener.accept()[0].close()

    def __exit__(self, *problem):
        with contextlib.suppress(AttributeError):
            self.listener.close()
        super().__exit__(*problem)
        self.lan.__exit__(*problem)

    def dnsmasq(self, *options):
        file = self.folder / "dnsmasq.conf"
        file.write_text("\n".join((
            "interface=eth0", "bind-interfaces", "port=0", "log-dhcp", f"dhcp-leasefile={self.folder}/leases",
            "dhcp-range=10.77.0.50,10.77.0.99,255.255.255.0,10m", "dhcp-range=fd77::,ra-stateless", *options)) + "\n")
        self.servers.start("dnsmasq", "-d", "-C", file, log=self.folder / "dhcp.log")

    def kea(self, *data, definitions=()):
        file = self.folder / "kea.json"
        file.write_text(json.dumps({"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
            "lease-database": {"type": "memfile", "persist": False}, "option-def": list(definitions),
            "client-classes": [{"name": "ours", "test": "substring(option[60].hex,0,8) == 'FAIRLEAD'",
                                "option-data": list(data)}],
            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.50 - 10.77.0.99"}]}]}}))
        self.servers.start("env", f"KEA_PIDFILE_DIR={self.folder}", f"KEA_LOCKFILE_DIR={self.folder}", "kea-dhcp4", "-c",
                           file, log=self.folder / "dhcp.log")

    def device(self, *addresses, **options):
        host = self.lan.host("device", *addresses)
        until(host.link_local, "the device has its link-local address")
        device = Device(self, "SN-1", model="Pump", retry_max=2, local="[::%eth0]:0", **options)
        device.host = host
        subprocess.run(device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True, check=True,
                       capture_output=True, timeout=60)
        device.start(prefix=host.command(), more=["--find-upstream"])
        device.until_said("DEVICE_DOOR_LISTENS")
        return device

    def upstreams(self, device):
        """What the device tells somebody beside it."""
        file = self.folder / "code"
        file.write_text(CODE + "\n")
        url = f"http://[{device.host.link_local()}%eth0]:{device.said('DEVICE_DOOR_LISTENS')['port']}"
        done = subprocess.run([self.bin / "fairlead", "--json", "upstreams", "--address", url, "--code-file", file],
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise OSError(done.stderr)
        return {each["uri"]: each for each in json.loads(done.stdout)}

    def until_tried(self, device, *uris):
        def all_tried():
            seen = self.upstreams(device)
            return all(seen.get(uri, {}).get("result") for uri in uris) and seen
        return until(all_tried, f"the device has tried {uris}", 90)


class UpstreamSearch(unittest.TestCase):
    def test_dnsmasq_names_upstreams_by_both_families(self):
        with Bench() as bench:
            hexed = ":".join(f"{byte:02x}" for byte in redirect(bench.edge, "http://switch-config", SECOND))
            third = "https://10.77.0.2:10"
            hexed6 = ":".join(f"{byte:02x}" for byte in redirect(third))
            bench.dnsmasq(f"dhcp-option=143,{hexed}", f"dhcp-option=option6:136,{hexed6}")
            device = bench.device("10.77.0.5/24")
            seen = bench.until_tried(device, bench.edge, SECOND, third)
            self.assertEqual(set(seen), {bench.edge, SECOND, third}, "and nothing that isn't for us")
            self.assertEqual((seen[bench.edge]["source"], seen[bench.edge]["result"]), ("dhcp4-143", "answers"))
            self.assertEqual(seen[third]["source"], "dhcp6-136")
            self.assertNotEqual(seen[SECOND]["result"], "answers")

    def test_a_device_without_any_ipv4_address_asks_too(self):
        with Bench() as bench:
            hexed = ":".join(f"{byte:02x}" for byte in redirect(bench.edge))
            bench.dnsmasq(f"dhcp-option=option6:136,{hexed}")
            seen = bench.until_tried(bench.device(), bench.edge)
            self.assertEqual(seen[bench.edge]["source"], "dhcp6-136")

    def test_kea_chooses_by_vendor_class_and_cuts_lengths_short(self):
        with Bench() as bench:
            # Kea 2.2 writes lengths of one byte where it is given text as tuple.
            bench.kea({"name": "sztp", "data": bench.edge},
                      {"name": "boot-url", "space": "vendor-encapsulated-options-space", "data": SECOND},
                      {"name": "vendor-encapsulated-options"},
                      definitions=[{"name": "sztp", "code": 143, "type": "tuple", "space": "dhcp4"},
                                   {"name": "boot-url", "code": 1, "type": "string",
                                    "space": "vendor-encapsulated-options-space"}])
            seen = bench.until_tried(bench.device("10.77.0.5/24"), bench.edge, SECOND)
            self.assertEqual(seen[bench.edge]["source"], "dhcp4-143")
            self.assertEqual(seen[SECOND]["source"], "dhcp4-43")

    def test_without_any_server_nothing_is_wrong(self):
        with Bench() as bench:
            device = bench.device("10.77.0.5/24")
            self.assertEqual(bench.upstreams(device), {})
            self.assertFalse(device.said("UPSTREAM_QUESTION_FAILED"))


if __name__ == "__main__":
    need_namespaces()
    run_tests()
