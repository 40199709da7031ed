#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong while an engineer provisions: lines that break at every exchange, with the device and with the server; two
tools at once; a device that is replaced meanwhile; another device that says that it is this one.

plant_faults_test.py --bin BUILD/bin [unittest options]
"""
import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
import unittest

from plant import run_tests, until
from tool_test import CODE, FOUND, Hall

# Where a device writes while it is provisioned from beside it.
COMMITS = [f"{file}.{step}" for file in ("offers", "identity") for step in ("before", "written", "synced", "done")]
METHODS = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


class Line:
    """A line to a TCP port that breaks once, at its n-th HTTP exchange (counted from 1): before the request has passed, or
    before the answer has. Then it is whole again."""

    def __init__(self, port, breaks_at=None, before="request"):
        self.target, self.breaks_at, self.before = int(port), breaks_at, before
        self.exchanges, self.lock = 0, threading.Lock()
        self.broken = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _is_the_one(self, request):
        if not request.startswith(METHODS):
            return False
        with self.lock:
            self.exchanges += 1
            return self.exchanges == self.breaks_at

    def _carry(self, client):
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.target), 5) as far:
            lost = threading.Event()
            threading.Thread(target=self._back, args=(far, client, lost), daemon=True).start()
            while request := client.recv(65536):
                if self._is_the_one(request):
                    if self.before == "answer":
                        lost.set()
                        far.sendall(request)
                        until(lambda: self.broken.is_set(), "the answer was lost", 30)
                    self.broken.set()
                    return
                far.sendall(request)

    def _back(self, far, client, lost):
        with contextlib.suppress(OSError):
            while answer := far.recv(65536):
                if lost.is_set():
                    self.broken.set()
                    break
                client.sendall(answer)
            client.shutdown(socket.SHUT_RDWR)


class BrokenHall(Hall):
    """Each device's line is given to the tool in place of the device's address."""

    def __init__(self, count):
        super().__init__(count)
        self.lines = []
        self.at_end.append(lambda: [line.close() for line in self.lines])

    def line_to(self, port, breaks_at=None, before="request"):
        self.lines.append(Line(port, breaks_at, before))
        return self.lines[-1]

    def put_lines(self, breaks):
        for device, (at, before) in zip(self.devices, breaks, strict=True):
            device.line = self.line_to(device.address.split(":")[1], at, before)
            device.address = f"127.0.0.1:{device.line.port}"

    def until_applied(self, seconds):
        """Applies again and again, as a person would, until every row is provisioned; what the runs said."""
        said, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            code, out, words = self.apply()
            said += out + words
            if code == 0 and all(self.server.is_online(each.serial) for each in self.devices):
                return said
            time.sleep(2)
        raise AssertionError(f"not every device was provisioned in {seconds} s:\n{said[-3000:]}")

    def one_of_each(self):
        records = self.server.items("/devices?limit=100")
        return sorted(each["serial"] for each in records) == sorted(each.serial for each in self.devices)

    def tool_at(self, port, *words):
        """By another address of the server."""
        command = self.server.command(*words)
        command[command.index("--server") + 1] = f"http://127.0.0.1:{port}"
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr


class BrokenLines(unittest.TestCase):
    def test_the_line_to_a_device_breaks_at_every_exchange(self):
        with Hall(1) as whole:  # how many there are
            line = Line(whole.devices[0].address.split(":")[1])
            whole.devices[0].address = f"127.0.0.1:{line.port}"
            whole.plan_of(whole.devices)
            code, _, said = whole.apply()
            self.assertEqual(code, 0, said)
            # One to see the device, as each run does; the last ones ask how far it is, and are like each other.
            count = min(line.exchanges, 14)
            line.close()
        breaks = [(at, before) for at in range(1, count + 1) for before in ("request", "answer")]
        with BrokenHall(len(breaks)) as hall:
            hall.put_lines(breaks)
            hall.plan_of(hall.devices)
            hall.until_applied(240)
            unbroken = [device.serial for device in hall.devices if not device.line.broken.is_set()]
            self.assertEqual(unbroken, [], "every line did break")
            self.assertTrue(hall.one_of_each(), "no device is on record twice")
            for device in hall.devices:
                until(lambda device=device: device.status()["state"] == "connected", "the device says so itself")

    def test_the_line_to_the_server_breaks_at_every_exchange(self):
        breaks = [(at, before) for at in range(1, 4) for before in ("request", "answer")]
        with BrokenHall(len(breaks)) as hall:
            for device, (at, before) in zip(hall.devices, breaks, strict=True):
                with self.subTest(exchange=at, before=before):
                    line = hall.line_to(hall.server.api_port, at, before)
                    project = hall.folder / f"{device.serial}.plan"
                    table = hall.write_table([["name", "type", "serial", "code", "address"],
                                              ["pump", "Pump", device.serial, CODE, device.address]])
                    self.assertEqual(hall.tool("plan", "import", table, "--project", project)[0], 0)
                    words = ("apply", "--project", project, "--account", "default", *FOUND)
                    code, said = hall.tool_at(line.port, *words)
                    if code != 0:
                        self.assertIn("connect", said)
                        code, said = hall.tool_at(line.port, *words)
                    self.assertEqual(code, 0, said)
                    hall.server.until_online(device.serial)
            self.assertTrue(hall.one_of_each())

    def test_a_server_that_is_not_there_is_said_and_nothing_is_lost(self):
        with BrokenHall(1) as hall:
            hall.plan_of(hall.devices)
            hall.server.end()
            code, out, said = hall.apply()
            self.assertEqual((code, out), (6, ""), said)
            self.assertIn("can't connect", said)
            self.assertEqual(hall.devices[0].status()["state"], "uninitialized")
            hall.server.start()
            hall.until_applied(90)


class PowerCuts(unittest.TestCase):
    def test_a_device_that_loses_its_power_at_any_commit_is_provisioned_by_another_run(self):
        with BrokenHall(len(COMMITS)) as hall:
            hall.plan_of(hall.devices)
            for device, point in zip(hall.devices, COMMITS, strict=True):
                device.end()
                device.start(crash_at=point)
                device.until_said("DEVICE_DOOR_LISTENS")
            hall.apply()
            for device, point in zip(hall.devices, COMMITS, strict=True):
                until(lambda device=device: not device.running(), f"{device.name} dies at {point}", 60)
                device.start()
            until(lambda: all(each.said("DEVICE_DOOR_LISTENS") or each.said("DEVICE_CONNECTED") for each in hall.devices),
                  "all are back")
            hall.until_applied(240)
            self.assertTrue(hall.one_of_each())


class Rivals(unittest.TestCase):
    def test_two_tools_at_once_provision_each_device_once(self):
        with BrokenHall(4) as hall:
            hall.plan_of(hall.devices)
            other = hall.folder / "other.plan"
            shutil.copy(hall.project, other)
            runs = [subprocess.Popen(hall.server.command("apply", "--project", project, "--account", "default", *FOUND),
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                    for project in (hall.project, other)]
            said = [run.communicate(timeout=120)[0] for run in runs]
            for device in hall.devices:
                hall.server.until_online(device.serial)
            self.assertTrue(hall.one_of_each(), said)
            for device in hall.devices:
                self.assertEqual(device.count("DEVICE_GRANT_STAGED"), 1, said)

    def test_a_second_run_of_the_same_project_is_turned_away(self):
        with BrokenHall(1) as hall:
            hall.plan_of(hall.devices)
            silent = socket.create_server(("127.0.0.1", 0))  # as a broker: the first run waits for it
            hall.at_end.append(silent.close)
            hall.server.put_profile("silent", priority=10, endpoints=[f"mqtts://127.0.0.1:{silent.getsockname()[1]}"])
            first = subprocess.Popen(hall.server.command("apply", "--project", hall.project, "--account", "default", *FOUND),
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                hall.devices[0].until_said("DEVICE_GRANT_STAGED")
                code, out, said = hall.apply()
                self.assertIsNone(first.poll())
                self.assertEqual(code, 1, out + said)
                self.assertIn("another program works on this project", said)
            finally:
                first.kill()
                first.wait()

    def test_a_device_that_is_replaced_while_it_is_applied_waits_for_a_person(self):
        with BrokenHall(1) as hall:
            hall.server.put_profile("careful", priority=10, approval=True)
            hall.plan_of(hall.devices)
            code, out, said = hall.apply()
            self.assertEqual((code, json.loads(out)["result"]), (7, "waiting"), said)
            key = hall.server.json("device", "waiting")["items"][0]["keys"][0]["fingerprint"]
            device = hall.devices[0]
            device.end()
            shutil.rmtree(device.state)  # another one, with the same serial and label
            hall.start_device(device)
            device.until_said("DEVICE_DOOR_LISTENS")
            hall.server.cli("device", "approve", "EN-1", "--key", key)
            code, out, said = hall.apply()
            self.assertEqual(code, 7, said)
            keys = {each["fingerprint"]: each["state"] for each in hall.server.json("device", "waiting")["items"][0]["keys"]}
            self.assertEqual(len(keys), 2)
            self.assertEqual([state for each, state in keys.items() if each != key], ["waiting"])
            self.assertFalse(hall.server.is_online("EN-1"))

    def test_who_only_says_that_it_is_the_device_learns_nothing_and_stops_nobody(self):
        with BrokenHall(1) as hall:
            hall.plan_of(hall.devices)
            seen, spoof = hall.folder / "seen.jsonl", socket.create_server(("127.0.0.1", 0))
            heard = []

            def answer():
                while True:
                    try:
                        peer, _ = spoof.accept()
                    except OSError:
                        return
                    with contextlib.suppress(OSError), peer:
                        peer.settimeout(2)
                        heard.append(peer.recv(65536))
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

            threading.Thread(target=answer, daemon=True).start()
            code, out, said = hall.tool("scanner", "--no-announcements", "--seconds", "1", "--address",
                                        hall.devices[0].address)
            self.assertEqual(code, 0, said)
            true_port, false_port = hall.devices[0].address.split(":")[1], spoof.getsockname()[1]
            seen.write_text(out.replace(true_port, str(false_port)))
            code, out, said = hall.tool("--json", "apply", "--project", hall.project, "--account", "default", "--seen", seen)
            self.assertEqual(code, 7, said)
            self.assertTrue(heard)
            self.assertNotIn(CODE.encode(), b"".join(heard))
            self.assertEqual(hall.server.items("/devices"), [])
            hall.until_applied(90)
            spoof.close()


if __name__ == "__main__":
    run_tests()
