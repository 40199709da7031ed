#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that asks DHCP servers by itself, on an interface that systemd-networkd keeps the leases of: each gets its
answers, and nobody the other's. And on an interface of a VLAN.

networkd_test.py --bin BUILD/bin [unittest options]      as root
"""
import re
import subprocess
import unittest

from lan import ip, need_namespaces
from plant import run_tests, until
from upstream_search_test import EDGE, Bench, hexed

THIRD = "https://10.77.0.2:10"
NETWORKD = "/lib/systemd/systemd-networkd"
# /sys read-only, or networkd waits for udev.
PREPARE = """set -e; mount -o remount,ro /sys
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network:systemd-network /run/systemd/netif
printf '[Match]\\nName={interface}\\n[Network]\\nDHCP=yes\\n' > /run/systemd/network/10-plant.network
"""


class Plant(Bench):
    def serve(self):
        """Leases that are renewed every few seconds: the system's client is talked to while ours asks."""
        self.dnsmasq("dhcp-range=fd77::100,fd77::1ff,64,2m", "enable-ra", "dhcp-option=58,4", "dhcp-option=59,100",
                     f"dhcp-option=143,{hexed(EDGE)}", f"dhcp-option=option6:136,{hexed(THIRD)}")

    def host_with_networkd(self, interface="eth0"):
        host = self.lan.host("device")
        prepared = subprocess.run(host.command("sh", "-c", PREPARE.format(interface=interface)), capture_output=True,
                                  text=True, timeout=60)
        assert prepared.returncode == 0, prepared.stderr
        return host

    def start_networkd(self, host, interface="eth0"):
        host.networkd = self.folder / "networkd.log"
        process = host.start("env", "SYSTEMD_LOG_LEVEL=debug", NETWORKD, log=host.networkd)
        until(lambda: host.lease(interface) or process.poll() is not None, "networkd has its leases", 60)
        assert process.poll() is None, host.networkd.read_text()[-2000:]

    def counted(self, *words):
        """How many lines of the DHCP server's log hold these words, in this order."""
        log = (self.folder / "dhcp.log").read_text()
        return len(re.findall(".*".join(words), log))

    def vlan(self, host):
        """eth0.7 of this host, whose untagged end is in the switch. Where the kernel has no VLANs, at least its name is the
        same."""
        switch, port = self.lan.switch, host.port
        if ip("-n", host.namespace, "link", "add", "link", "eth0", "name", "eth0.7", "type", "vlan", "id", 7,
              check=False).returncode == 0:
            ip("-n", switch, "link", "set", port, "nomaster")
            ip("-n", switch, "link", "add", "link", port, "name", "tagged.7", "type", "vlan", "id", 7)
        else:
            print("\nthis kernel has no VLANs (8021q): an Ethernet interface of that name is used", flush=True)
            ip("link", "add", "eth0.7", "netns", host.namespace, "type", "veth", "peer", "name", "tagged.7", "netns", switch)
        ip("-n", switch, "link", "set", "tagged.7", "master", "br0", "up")
        ip("-n", host.namespace, "link", "set", "eth0.7", "up")


def lease(host, interface):
    """Its address by DHCPv4, once it has one by DHCPv6 too."""
    shown = host.run("ip", "-o", "addr", "show", "dev", interface, "scope", "global")
    four = re.search(r"inet (\S+)/", shown)
    return four and "inet6 fd77" in shown and "tentative" not in shown and four[1]


class BesideNetworkd(unittest.TestCase):
    def search_beside_networkd(self, bench, host, interface):
        host.lease = lambda at: lease(host, at)
        bench.start_networkd(host, interface)
        address = host.lease(interface)
        device = bench.device(host=host, interface=interface)
        for _ in range(3):
            seen = bench.until_tried(device, EDGE, THIRD)
            self.assertEqual((seen[EDGE]["source"], seen[THIRD]["source"]), ("dhcp4-143", "dhcp6-136"))
            self.assertEqual(seen[EDGE]["interface"], interface)
            device.kill()
            bench.power_on(device)
        self.assertGreaterEqual(bench.counted("DHCPINFORM"), 3)
        renewed = bench.counted("DHCPREQUEST", address)
        until(lambda: bench.counted("DHCPREQUEST", address) >= renewed + 3, "networkd renews its lease", 60)
        self.assertEqual(host.lease(interface), address)
        said = host.networkd.read_text()
        for lost in ("DHCP lease lost", "DHCPv4 address .* timeout", "DHCPv6 lease lost", "NAK"):
            self.assertNotRegex(said, lost)
        asked, answered = (said.count(f"DHCPv4 client: {what}") for what in ("REQUEST", "ACK"))
        self.assertGreaterEqual(answered, renewed)
        self.assertLessEqual(asked - answered, 1, "an answer to networkd came to us: it asked again")
        return device

    def test_both_get_their_answers_and_the_lease_stays(self):
        with Plant() as bench:
            bench.listener(bench.office)
            bench.serve()
            device = self.search_beside_networkd(bench, bench.host_with_networkd(), "eth0")
            self.assertFalse(device.said_ever("UPSTREAM_QUESTION_FAILED"))

    def test_the_same_on_an_interface_of_a_vlan(self):
        with Plant() as bench:
            bench.listener(bench.office)
            bench.serve()
            host = bench.host_with_networkd("eth0.7")
            bench.vlan(host)
            self.search_beside_networkd(bench, host, "eth0.7")


if __name__ == "__main__":
    need_namespaces()
    run_tests()
