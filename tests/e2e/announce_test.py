#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that announces itself, on a network of its own with real Avahi daemons, seen by Avahi's own tools.

announce_test.py --bin BUILD/bin [unittest options]      as root
"""
import contextlib
import json
import re
import signal
import subprocess
import unittest

from lan import Lan, need_namespaces
from plant import EVERY_ROLE, Device, Server, Site, run_tests, until

CODE = "tested-code-1"
SERVICE = "_fairlead-dev._tcp"
# Announces devices that don't exist, a thousand a second, from the addresses given (RFC 6762 §6: one answer with all of it).
FLOOD = """
import itertools, socket, struct, sys, time
def name(*labels):
    return b"".join(bytes([len(each)]) + each.encode() for each in labels) + b"\\0"
def record(owner, kind, data):
    return owner + struct.pack("!HHIH", kind, 1, 120, len(data)) + data
service = ("_fairlead-dev", "_tcp", "local")
def answer(number):
    instance, host = name(f"GHOST-{number}", *service), name(f"ghost-{number}", "local")
    text = b"".join(bytes([len(each)]) + each for each in (b"txtvers=1", b"st=new", b"api=1.0", b"sn=GHOST-%d" % number))
    return (struct.pack("!6H", 0, 0x8400, 0, 4, 0, 0) + record(name(*service), 12, instance)
            + record(instance, 33, struct.pack("!3H", 0, 0, 8080) + host) + record(instance, 16, text)
            + record(host, 1, bytes([10, 77, 9, number % 256])))
senders = []
for address in sys.argv[1:]:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sender.bind((address, 5353))
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    senders.append(sender)
begin = time.monotonic()
for number in itertools.count():
    senders[number % len(senders)].sendto(answer(number), ("224.0.0.251", 5353))
    time.sleep(max(0, begin + number / 1000 - time.monotonic()))
"""


class Bench(Site):
    """A switch; an office with server, broker and Avahi, where this test is; devices that announce themselves."""

    def __init__(self, with_server=False):
        super().__init__()
        self.lan = Lan(self.folder)
        self.with_server = with_server

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.lan.__enter__()
            self.office = self.lan.host("office", "10.77.0.2/24")
            self.office.start_avahi()
            self.lan.enter(self.office)
            if self.with_server:
                self.server = Server(self, "server", EVERY_ROLE, broker=True, host="10.77.0.2")
                self.server.start()
            on_failure.pop_all()
        return self

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.lan.__exit__(*problem)

    def device(self, serial, *addresses, name=None, avahi=True, **options):
        host = self.lan.host(name or serial.lower(), *addresses)
        if avahi:
            host.start_avahi()
        device = Device(self, serial, model="Pump", retry_max=2, vendor="ACME", local="[::%eth0]:0", **options)
        device.state = self.folder / f"state-{host.name}"
        device.log = self.folder / f"device-{host.name}.log"
        device.host = host
        subprocess.run(device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True, check=True,
                       capture_output=True, timeout=60)
        until(host.link_local, f"{host.name} has its link-local address")
        power_on(device)
        return device

    def seen(self):
        """What avahi-browse finds: (family, instance, address, port, TXT as a map) each."""
        out = []
        for line in self.office.run("avahi-browse", "-rptk", SERVICE).splitlines():
            fields = line.split(";")
            if fields[0] == "=":
                text = dict(each.strip('"').split("=", 1) for each in fields[9].split('" "'))
                name = re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if m[1].isdigit() else m[1], fields[3])
                out.append((fields[2], name, fields[7], int(fields[8]), text))
        return out

    def until_seen(self, serial, **text):
        def look():
            return [each for each in self.seen()
                    if each[1].startswith(serial) and all(each[4].get(k) == v for k, v in text.items())]
        return until(look, f"avahi-browse sees {serial} {text or ''}")

    def resolve(self, instance):
        """What one hears who knows the name."""
        return self.office.run("busctl", "--address=unix:path=/run/dbus/system_bus_socket", "call", "org.freedesktop.Avahi",
                               "/", "org.freedesktop.Avahi.Server", "ResolveService", "iisssiu", "--", "-1", "-1", instance,
                               SERVICE, "local", "-1", "0")

    def provision(self, url):
        file = self.folder / "code"
        file.write_text(CODE + "\n")
        done = subprocess.run(self.server.command("provision", "--address", url, "--account", "default", "--code-file",
                                                  file), capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout + done.stderr


def power_on(device):
    device.start(prefix=device.host.command(), more=["--announce"])


class Strangers(unittest.TestCase):
    def scanned(self, bench, seconds):
        """What our own scanner lists: serials, with the addresses that they were seen at."""
        done = subprocess.run([bench.bin / "fairlead", "--json", "scan", "--interface", "eth0", "--seconds", str(seconds)],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {each["serial"]: each for each in json.loads(done.stdout)}

    def test_a_thousand_announcements_a_second_hide_no_device(self):
        with Bench() as bench:
            real = [bench.device(f"SN-{number}") for number in range(201, 204)]
            hostile = bench.lan.host("hostile", *(f"10.77.1.{number}/16" for number in range(1, 201)))
            until(lambda: {each.serial for each in real} <= set(self.scanned(bench, 2)), "the devices are there")
            for addresses in (["10.77.1.1"], [f"10.77.1.{number}" for number in range(1, 201)]):
                with self.subTest(addresses=len(addresses)):
                    flood = hostile.start("python3", "-c", FLOOD, *addresses, log=bench.folder / "flood.log")
                    until(lambda: any(each.startswith("GHOST") for each in self.scanned(bench, 1)), "the flood is heard")
                    seen = self.scanned(bench, 5)
                    flood.kill()
                    flood.wait()
                    self.assertLessEqual({each.serial for each in real}, set(seen), f"of {len(seen)}")
                    ghosts = sum(each.startswith("GHOST") for each in seen)
                    print(f"\n{len(addresses)} senders: {ghosts} that don't exist are listed beside {len(real)} that do")
                    if len(addresses) == 1:
                        self.assertLess(ghosts, 1000, "one sender is held to its limit")


class Announcement(unittest.TestCase):
    def test_a_device_with_nothing_but_a_link_local_address_is_found_and_says_what_it_is(self):
        with Bench() as bench:
            device = bench.device("SN-101", product_uri="https://acme.example/SN-101")
            seen = bench.until_seen("SN-101")
            port = int(device.said("DEVICE_DOOR_LISTENS")["port"])
            for _, instance, _, at, text in seen:
                self.assertEqual((instance, at), ("SN-101", port))
                self.assertEqual(
                    {key: text[key] for key in ("txtvers", "id", "vn", "md", "sn", "st", "api", "ll")},
                    {"txtvers": "1", "id": "https://acme.example/SN-101", "vn": "ACME", "md": "Pump", "sn": "SN-101",
                     "st": "new", "api": "1.0", "ll": device.host.link_local()})
            by_subtype = bench.office.run("avahi-browse", "-ptk", f"_new._sub.{SERVICE}")
            self.assertIn("SN-101", by_subtype)
            url = f"http://[{device.host.link_local()}%25eth0]:{port}/proto-ver"
            answered = bench.office.run("curl", "-s", "-m", "10", "-d", "---", url)
            self.assertIn('"offer"', answered)

    def test_a_device_is_found_by_ipv4_too(self):
        with Bench() as bench:
            bench.device("SN-102", "10.77.0.5/24")
            addresses = until(lambda: {each[2] for each in bench.seen()} >= {"10.77.0.5"}, "its IPv4 address is resolved")
            self.assertTrue(addresses)

    def test_it_is_quiet_once_provisioned_and_back_after_a_reset(self):
        with Bench(with_server=True) as bench:
            device = bench.device("SN-103", "10.77.0.5/24")
            port = bench.until_seen("SN-103")[0][3]
            code, said = bench.provision(f"http://[{device.host.link_local()}%eth0]:{port}")
            self.assertEqual(code, 0, said)
            bench.server.until_online("SN-103")
            until(lambda: not bench.seen(), "nobody finds the device any more", 60)
            known = until(lambda: bench.resolve("SN-103"), "who knows its name finds it")
            self.assertNotIn("Pump", known)
            device.end()
            self.assertEqual(device.run_to_end("reset", "--yes"), 0)
            power_on(device)
            bench.until_seen("SN-103", st="new")

    def test_a_reboot_in_service_announces_nothing(self):
        with Bench(with_server=True) as bench:
            device = bench.device("SN-104", "10.77.0.5/24")
            port = bench.until_seen("SN-104")[0][3]
            code, said = bench.provision(f"http://[{device.host.link_local()}%eth0]:{port}")
            self.assertEqual(code, 0, said)
            device.end()
            until(lambda: not bench.seen(), "its goodbye is heard")
            power_on(device)
            device.until_said("ANNOUNCED", found_by="who knows its name")
            self.assertFalse(device.said("ANNOUNCED", found_by="everybody"))
            self.assertFalse(bench.seen())

    def test_a_missing_and_a_restarted_daemon_are_told_and_survived(self):
        with Bench() as bench:
            device = bench.device("SN-105", avahi=False)
            device.until_said("ANNOUNCE_FAILED", why="system bus")
            device.host.start_bus()
            device.until_said("ANNOUNCE_FAILED", why="isn't running")
            device.host.start_avahi()
            bench.until_seen("SN-105")
            for victim in ("avahi", "bus"):
                device.forget_log()
                process = getattr(device.host, victim)
                process.send_signal(signal.SIGKILL)
                process.wait()
                device.until_said("ANNOUNCE_FAILED")
                if victim == "bus":
                    device.host.avahi.wait(15)  # it ends with its bus
                    device.host.start_bus()
                device.host.start_avahi()
                device.until_said("ANNOUNCED", found_by="everybody")
                bench.until_seen("SN-105")
            self.assertTrue(device.running())

    def test_a_daemon_that_hangs_holds_up_nobody_else(self):
        with Bench() as bench:
            device = bench.device("SN-108")
            port = bench.until_seen("SN-108")[0][3]
            device.host.avahi.send_signal(signal.SIGSTOP)
            device.host.cable(False)  # the announcement is to change
            device.host.cable(True)
            until(device.host.link_local, "the address is back")
            url = f"http://[{device.host.link_local()}%25eth0]:{port}/proto-ver"
            for _ in range(20):
                answered = bench.office.run("curl", "-s", "-m", "2", "-d", "---", url)
                self.assertIn('"offer"', answered)
            device.host.avahi.send_signal(signal.SIGCONT)
            bench.until_seen("SN-108")

    def test_of_two_devices_with_one_serial_the_second_says_so(self):
        with Bench() as bench:
            bench.device("SN-106", name="one")
            bench.until_seen("SN-106")
            second = bench.device("SN-106", name="two")
            second.until_said("ANNOUNCE_RENAMED", now="SN-106 #2")
            until(lambda: {each[1] for each in bench.seen()} == {"SN-106", "SN-106 #2"}, "both are found")

    def test_a_cable_that_is_plugged_in_late_is_enough(self):
        with Bench() as bench:
            device = bench.device("SN-107")
            bench.until_seen("SN-107")
            device.host.cable(False)
            device.host.cable(True)
            until(device.host.link_local, "the address is back")
            bench.until_seen("SN-107")


if __name__ == "__main__":
    need_namespaces()
    run_tests()
