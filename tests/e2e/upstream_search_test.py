#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that asks the network for its upstream: dnsmasq and Kea, Avahi, no server at all, strangers.

upstream_search_test.py --bin BUILD/bin [unittest options]      as root
"""
import contextlib
import hashlib
import json
import subprocess
import unittest

from lan import Lan, need_namespaces
from plant import EVERY_ROLE, Device, Server, Site, run_tests, until

CODE = "tested-code-1"
EDGE_PORT = 8443  # each test has networks of its own
EDGE, SECOND = f"fairlead://10.77.0.2:{EDGE_PORT}", "https://10.77.0.2:9"
SERVICE = "_fairlead._tcp"
# Shows its certificate to whoever comes by either family, and has nothing to say.
LISTENER = """
import contextlib, socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[2:])
listener = socket.create_server(("", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    peer, _ = listener.accept()
    peer.settimeout(5)
    with contextlib.suppress(OSError), context.wrap_socket(peer, server_side=True) as secured:
        secured.recv(4096)
"""


def redirect(*uris):
    """As RFC 8572 has it."""
    return b"".join(len(uri).to_bytes(2, "big") + uri.encode() for uri in uris)


def hexed(*uris):
    return ":".join(f"{byte:02x}" for byte in redirect(*uris))


class Bench(Site):
    """A switch; an office, where this test is; a DHCP server; a device with a fixed address or none."""

    def __init__(self, office="10.77.0.2/24"):
        super().__init__()
        self.lan = Lan(self.folder)
        self.office_address = office

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.lan.__enter__()
            self.office = self.lan.host("office", self.office_address)
            self.servers = self.lan.host("dhcp", "10.77.0.1/24", "fd77::1/64")
            until(self.servers.link_local, "the DHCP server has its link-local address")
            until(self.office.link_local, "the office has its link-local address")
            self.lan.enter(self.office)
            on_failure.pop_all()
        return self

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.lan.__exit__(*problem)

    def listener(self, host, port=EDGE_PORT):
        """Something with TLS there that is no upstream; the fingerprint of its key."""
        key, certificate = self.folder / f"{host.name}.key", self.folder / f"{host.name}.pem"
        if not key.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", key, "-out", certificate, "-subj", "/CN=edge"], check=True, capture_output=True)
        host.start("python3", "-c", LISTENER, port, certificate, key, log=self.folder / f"listener-{host.name}.log")
        until(lambda: f":{port}" in host.run("ss", "-ltn"), f"{host.name} listens")
        spki = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                              capture_output=True).stdout
        return hashlib.sha256(spki).hexdigest()

    def server(self, host, **fdo):
        """An upstream in the office that announces itself (unless told otherwise), and lets devices ask by themselves."""
        server = Server(self, "server", EVERY_ROLE, broker=True, host=host)
        server.settings["fdo"].update({"tls": True, "announce": True, "announce_name": "Hall 2", "address": "::",
                                       "ask_account": "default", **fdo})
        server.start(prefix=self.office.command())
        return server

    def hostile(self, count=1):
        """Somebody who announces upstreams of theirs by mDNS; the fingerprint of their key."""
        host = self.lan.host("hostile", "10.77.0.66/24")
        host.start_avahi()
        until(host.link_local, "the stranger has its link-local address")
        key = self.listener(host)
        for number in range(count):
            host.start("avahi-publish", "-s", f"Hall 2 - {number}", SERVICE, EDGE_PORT + number, "txtvers=1")
        return key

    def dnsmasq(self, *options, dns=False):
        file = self.folder / "dnsmasq.conf"
        file.write_text("\n".join((
            "interface=eth0", "bind-interfaces", "no-resolv", "no-hosts", f"port={53 if dns else 0}", "log-dhcp", f"dhcp-leasefile={self.folder}/leases",
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

    def device(self, *addresses, made_by=None, host=None, interface="eth0", **options):
        """made_by: the station that makes it, whose owner's server it then is; its rendezvous server answers nobody."""
        host = host or self.lan.host("device", *addresses)
        until(lambda: host.link_local(interface), "the device has its link-local address")
        device = Device(self, "SN-1", made_by, model="Pump", retry_max=2, local=f"[::%{interface}]:0", **options)
        device.host, device.interface = host, interface
        if made_by:
            made_by.set_rendezvous({"ips": ["10.77.0.99"], "device_port": 9, "owner_port": 9, "protocol": "http",
                                    "delay_seconds": 1})
            made_by.import_voucher(made_by.sell(device.made(), made_by))
        subprocess.run(device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True, check=True,
                       capture_output=True, timeout=60)
        self.power_on(device)
        return device

    @staticmethod
    def power_on(device):
        device.start(prefix=device.host.command(), more=["--find-upstream"])
        device.until_said("DEVICE_DOOR_LISTENS")

    def say(self, device, *words):
        """What `fairlead upstreams` prints, as JSON."""
        file = self.folder / "code"
        file.write_text(CODE + "\n")
        url = f"http://[{device.host.link_local(device.interface)}%eth0]:{device.said('DEVICE_DOOR_LISTENS')['port']}"
        done = subprocess.run([self.bin / "fairlead", "--json", "upstreams", "--address", url, "--code-file", file, *words],
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise OSError(done.stderr)
        return json.loads(done.stdout)

    def upstreams(self, device):
        """What the device tells somebody beside it, by URI."""
        return {each["uri"]: each for each in self.say(device)}

    def until_seen(self, device, source, key):
        """The candidate of this source with this key."""
        def seen():
            return next((each for each in self.say(device) if (each["source"], each["key"]) == (source, key)), None)
        return until(seen, f"the device sees {key[:16]} by {source}", 90)

    def until_tried(self, device, *uris):
        def all_tried():
            seen = self.upstreams(device)
            return all(seen.get(uri, {}).get("result") for uri in uris) and seen
        return until(all_tried, f"the device has tried {uris}", 90)


class UpstreamSearch(unittest.TestCase):
    def test_dnsmasq_names_upstreams_by_both_families(self):
        with Bench() as bench:
            third = "https://10.77.0.2:10"
            key = bench.listener(bench.office)
            bench.dnsmasq(f"dhcp-option=143,{hexed(EDGE, 'http://switch-config', SECOND)}",
                          f"dhcp-option=option6:136,{hexed(third)}")
            device = bench.device("10.77.0.5/24")
            seen = bench.until_tried(device, EDGE, SECOND, third)
            self.assertEqual(set(seen), {EDGE, SECOND, third}, "and nothing that isn't for us")
            self.assertEqual((seen[EDGE]["source"], seen[EDGE]["result"]), ("dhcp4-143", "answers"))
            self.assertEqual((seen[EDGE]["key"], seen[EDGE]["address"]), (key, "10.77.0.2"))
            self.assertEqual(seen[third]["source"], "dhcp6-136")
            self.assertNotEqual(seen[SECOND]["result"], "answers")

    def test_a_device_without_any_ipv4_address_asks_too(self):
        with Bench() as bench:
            bench.dnsmasq(f"dhcp-option=option6:136,{hexed(EDGE)}")
            seen = bench.until_tried(bench.device(), EDGE)
            self.assertEqual(seen[EDGE]["source"], "dhcp6-136")

    def test_kea_chooses_by_vendor_class_and_cuts_lengths_short(self):
        with Bench() as bench:
            # Kea 2.2 writes lengths of one byte where it is given text as tuple.
            bench.kea({"name": "sztp", "data": EDGE},
                      {"name": "boot-url", "space": "vendor-encapsulated-options-space", "data": SECOND},
                      {"name": "vendor-encapsulated-options"},
                      definitions=[{"name": "sztp", "code": 143, "type": "tuple", "space": "dhcp4"},
                                   {"name": "boot-url", "code": 1, "type": "string",
                                    "space": "vendor-encapsulated-options-space"}])
            seen = bench.until_tried(bench.device("10.77.0.5/24"), EDGE, SECOND)
            self.assertEqual(seen[EDGE]["source"], "dhcp4-143")
            self.assertEqual(seen[SECOND]["source"], "dhcp4-43")

    def test_without_any_server_nothing_is_wrong(self):
        with Bench() as bench:
            device = bench.device("10.77.0.5/24")
            self.assertEqual(bench.upstreams(device), {})
            self.assertFalse(device.said("UPSTREAM_QUESTION_FAILED"))

    def test_the_networks_domain_names_upstreams_by_dns_sd_and_by_a_fixed_name(self):
        with Bench() as bench:
            key = bench.listener(bench.office)
            bench.listener(bench.office, 8040)  # where a bare name is
            bench.dnsmasq("domain=plant.example", f"ptr-record={SERVICE}.plant.example,edge.{SERVICE}.plant.example",
                          f"srv-host=edge.{SERVICE}.plant.example,edge.plant.example,{EDGE_PORT}",
                          f"txt-record=edge.{SERVICE}.plant.example,txtvers=1",
                          "host-record=edge.plant.example,10.77.0.2", "host-record=fairlead.plant.example,10.77.0.2",
                          dns=True)
            device = bench.device("10.77.0.5/24")
            seen = bench.until_seen(device, "dns-sd", key)
            self.assertEqual((seen["uri"], seen["name"]), (f"https://edge.plant.example:{EDGE_PORT}", "edge"))
            self.assertEqual(bench.until_seen(device, "name", key)["uri"], "https://fairlead.plant.example:8040")

    def test_domain_and_name_server_come_by_dhcpv6_alone_too(self):
        with Bench() as bench:
            key = bench.listener(bench.servers)
            bench.dnsmasq("dhcp-option=option6:domain-search,plant.example", "dhcp-option=option6:dns-server,[fd77::1]",
                          f"ptr-record={SERVICE}.plant.example,edge.{SERVICE}.plant.example",
                          f"srv-host=edge.{SERVICE}.plant.example,edge.plant.example,{EDGE_PORT}",
                          "host-record=edge.plant.example,fd77::1", dns=True)
            self.assertEqual(bench.until_seen(bench.device("fd77::5/64"), "dns-sd", key)["address"], "fd77::1")

    def test_without_dhcp_and_by_link_local_alone_the_voucher_tells_the_owner_from_a_stranger(self):
        with Bench() as bench:
            bench.office.start_avahi()
            stranger = bench.hostile()
            server = bench.server("10.77.0.2", announce=False)
            device = bench.device(made_by=server)
            bad = bench.until_seen(device, "mdns", stranger)
            until(lambda: "owner" in bench.until_seen(device, "mdns", stranger)["result"], "the stranger was asked for proof")
            self.assertTrue(device.said("DEVICE_UPSTREAM_TRIED", uri=bad["uri"]))
            until(lambda: "proved to be the owner" in json.dumps(device.status()), "status says that nobody proved it")
            server.end()
            server.settings["fdo"]["announce"] = True
            server.start(prefix=bench.office.command())
            device.kill()  # or it would look again within a minute
            bench.power_on(device)
            device.until_said("DEVICE_GRANTED", seconds=120)
            self.assertTrue(device.said("DEVICE_ONBOARDED", owner="[fe80::"))
            self.assertFalse(device.said("DEVICE_OWNER_FOUND"), "rendezvous knows nothing")

    def test_a_person_chooses_for_a_device_without_a_voucher_and_an_operator_lets_it_in(self):
        with Bench() as bench:
            bench.office.start_avahi()
            stranger = bench.hostile()
            server = bench.server("10.77.0.2")
            device = bench.device("10.77.0.5/24")
            bad = bench.until_seen(device, "mdns", stranger)
            good = until(lambda: next((each for each in bench.say(device) if each["key"] not in ("", stranger)), None),
                         "the device sees the upstream, too", 90)
            self.assertEqual(good["name"], "Hall 2")
            self.assertFalse(device.said("DEVICE_UPSTREAM_TRIED"), "what was merely found is not asked")
            self.assertEqual(server.items("/devices"), [])
            bench.say(device, "--choose", good["key"][:8])
            self.assertEqual(device.until_said("DEVICE_UPSTREAM_CHOSEN")["proof"], "code")
            waiting = until(lambda: server.json("device", "waiting")["items"], "the device waits for an operator", 60)
            self.assertEqual(waiting[0]["serial"], "SN-1")
            self.assertIn("DEVICE_ASKED", server.cli("--json", "explain", "SN-1"))
            server.cli("device", "approve", "SN-1")
            device.kill()  # the choice outlives it
            bench.power_on(device)
            server.until_online("SN-1", 120)
            self.assertFalse(device.said_ever("DEVICE_UPSTREAM_TRIED", uri=bad["uri"]))

    def test_another_key_at_the_chosen_place_is_not_accepted(self):
        with Bench() as bench:
            key = bench.listener(bench.office)
            device = bench.device("10.77.0.5/24")
            uri = f"https://10.77.0.2:{EDGE_PORT}"
            with self.assertRaisesRegex(OSError, "say the key"):
                bench.say(device, "--give", uri)
            bench.say(device, "--give", uri, "--key", "00" * 32)
            chosen = until(lambda: [each for each in bench.say(device) if each["result"]], "it was looked at")[0]
            self.assertEqual((chosen["source"], chosen["key"]), ("chosen", ""))
            self.assertIn("another one than was chosen", chosen["result"])
            self.assertFalse(device.said("DEVICE_UPSTREAM_TRIED"))
            bench.say(device, "--give", uri, "--key", key)
            device.until_said("DEVICE_UPSTREAM_TRIED", uri=uri)
            bench.say(device, "--forget")
            self.assertEqual(bench.say(device), [])


if __name__ == "__main__":
    need_namespaces()
    run_tests()
