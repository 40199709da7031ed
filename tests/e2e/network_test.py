#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device without an address, whose network the plan sets before it is provisioned.

network_test.py --bin BUILD/bin [unittest options]      as root
"""
import csv
import signal
import subprocess
import unittest

from announce_test import CODE, Bench, power_on
from lan import need_namespaces
from plant import run_tests, until

# Of a device that keeps nothing itself: the address is there, or it is not.
HOOK = """#!/bin/sh
echo "$*" >> {notes}
case "$1" in
  set) [ "$3" = dhcp ] || ip addr add "$3" dev "$2" ;;
  revert) ip -4 addr flush dev eth0 ;;
esac
"""


class Hall(Bench):
    def __init__(self):
        super().__init__(with_server=True)
        self.notes = self.folder / "notes"

    def waiting_device(self, serial):
        hook = self.folder / "network-hook"
        hook.write_text(HOOK.format(notes=self.notes))
        hook.chmod(0o755)
        device = self.device(serial, network_hook=hook)
        self.until_seen(serial)
        return device

    def write_and_import(self, serial, new_address):
        table = self.folder / "plan.csv"
        with open(table, "w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([["name", "type", "serial", "code", "new_address"],
                                       [serial, "Pump", serial, CODE, new_address]])
        self.server.cli("plan", "import", table, "--project", self.folder / "hall.plan")

    def apply_command(self):
        return self.server.command("apply", "--project", self.folder / "hall.plan", "--account", "default", "--interface",
                                   "eth0")

    def apply(self, serial, new_address):
        self.write_and_import(serial, new_address)
        done = subprocess.run(self.apply_command(), capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def told(self):
        return self.notes.read_text().splitlines() if self.notes.exists() else []


class Network(unittest.TestCase):
    def test_an_address_of_the_plan_is_kept_once_the_upstream_is_reached_by_it(self):
        with Hall() as hall:
            device = hall.waiting_device("SN-201")
            code, said = hall.apply("SN-201", "10.77.0.9/24")
            self.assertEqual(code, 0, said)
            hall.server.until_online("SN-201")
            self.assertEqual(hall.told(), ["set eth0 10.77.0.9/24 - - -", "keep"])
            self.assertTrue(device.host.has_address())

    def test_an_address_by_which_no_upstream_is_reached_is_taken_back(self):
        with Hall() as hall:
            device = hall.waiting_device("SN-202")
            code, said = hall.apply("SN-202", "10.99.0.9/24")
            self.assertNotEqual(code, 0, said)
            until(lambda: hall.told()[-1:] == ["revert"], "the address is taken back", 60)
            self.assertFalse(device.host.has_address())
            self.assertEqual(device.status()["state"], "uninitialized")
            code, said = hall.apply("SN-202", "10.77.0.9/24")
            self.assertEqual(code, 0, said)
            hall.server.until_online("SN-202")

    def test_a_power_cut_in_the_trial_takes_it_back_at_the_next_start(self):
        with Hall() as hall:
            device = hall.waiting_device("SN-203")
            # The broker hangs, so that the device is still trying when the power goes.
            broker = until(lambda: subprocess.run(["pgrep", "-P", str(hall.server.process.pid)], capture_output=True,
                                                  text=True).stdout.split(), "the server's broker runs")
            for pid in broker:
                subprocess.run(["kill", "-STOP", pid], check=True)
            try:
                hall.write_and_import("SN-203", "10.77.0.9/24")
                with subprocess.Popen(hall.apply_command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
                    device.until_said("DEVICE_GRANT_STAGED")
                    device.kill()
                    tool.send_signal(signal.SIGTERM)
            finally:
                for pid in broker:
                    subprocess.run(["kill", "-CONT", pid], check=True)
            self.assertEqual(hall.told(), ["set eth0 10.77.0.9/24 - - -"])
            power_on(device)
            until(lambda: hall.told()[-1:] == ["revert"], "the address is taken back")
            self.assertFalse(device.host.has_address())


if __name__ == "__main__":
    need_namespaces()
    run_tests()
