#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that no network reaches but its broker's, and a USB stick that is carried to the server and back.

stick_test.py --bin BUILD/bin [unittest options]

The stick is a folder that is moved into place and out of it, as a mount is; its file names are those that FAT keeps
(src/device/stick_folder_test.cpp).
"""
import contextlib
import json
import os
import shutil
import subprocess
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests, until


class Desk(Site):
    """A server with a broker, a device with a port for sticks, and a stick in a drawer."""

    def __init__(self):
        super().__init__()
        self.server = Server(self, "server", EVERY_ROLE, broker=True)
        self.port = self.folder / "port"  # where the device sees a stick
        self.device = self.device_with_port("US-1", self.port)
        self.stick = self.new_stick("stick")

    def device_with_port(self, serial, port):
        return Device(self, serial, model="Pump", retry_max=2, stick=port)

    def new_stick(self, name):
        stick = self.folder / name
        (stick / "fairlead").mkdir(parents=True)
        return stick

    def __enter__(self):
        with contextlib.ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self.server.start()
            self.device.start()
            on_failure.pop_all()
        return self

    def plug(self):
        os.rename(self.stick, self.port)

    def pull(self):
        os.rename(self.port, self.stick)

    def file(self, end="json", at=None):
        return (at or self.stick) / "fairlead" / f"US-1.{end}"

    def entry(self, at=None):
        return json.loads(self.file(at=at).read_text())["entries"][0]

    def get_offer(self):
        self.plug()
        until(lambda: "bundle exchange" in self.said(), "the device's Offer is on the stick")
        self.pull()

    def said(self):
        """What the stick tells a person."""
        with contextlib.suppress(FileNotFoundError):
            return self.file("txt", self.port).read_text()
        return ""

    def exchange(self, file=None):
        done = subprocess.run(self.server.command("bundle", "exchange", "--bundle", file or self.file(), "--account",
                                                  "default"), capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def get_grant(self):
        code, said = self.exchange()
        assert code == 0, said

    def bring_back(self, words):
        self.plug()
        until(lambda: words in self.said(), f"the stick says '{words}'")


class Stick(unittest.TestCase):
    def test_a_stick_goes_to_the_server_and_back_and_the_device_is_online(self):
        with Desk() as desk:
            desk.get_offer()
            self.assertNotIn("grant", desk.entry())
            self.assertIn(f"--bundle {desk.file().name}", desk.file("txt").read_text())
            desk.get_grant()
            desk.bring_back("it is provisioned as")
            desk.server.until_online("US-1")
            desk.device.until_said("TELEMETRY_SENT")
            self.assertTrue(desk.entry(desk.port)["delivered"])
            timeline = desk.server.json("explain", "US-1")["timeline"]["items"]
            self.assertEqual([each["fields"]["proof"] for each in timeline if each["id"] == "DEVICE_CLAIMED"], ["stick"])
            self.assertTrue(desk.device.said("DEVICE_GRANT_STAGED", proof="stick"))

    def test_a_stick_that_is_not_for_devices_is_left_alone(self):
        with Desk() as desk:
            (desk.stick / "fairlead").rmdir()
            (desk.stick / "holiday.jpg").write_text("sun")
            desk.plug()
            other = desk.new_stick("another")
            until(lambda: desk.device.said("DEVICE_DOOR_OPEN"), "the device lets in")
            desk.pull()
            self.assertEqual([each.name for each in desk.stick.iterdir()], ["holiday.jpg"])
            desk.stick = other
            desk.get_offer()

    def test_an_offer_outlasts_restarts_and_the_stick_is_not_written_again(self):
        with Desk() as desk:
            desk.get_offer()
            offer = desk.entry()["offer"]
            desk.device.kill()
            desk.device.start()
            desk.get_offer()
            self.assertEqual(desk.entry()["offer"], offer)
            self.assertFalse(desk.device.said("DEVICE_STICK_OFFER"))
            desk.get_grant()
            desk.bring_back("it is provisioned as")

    def test_one_who_waits_for_approval_gets_his_grant_by_the_same_file(self):
        with Desk() as desk:
            desk.server.put_profile("careful", priority=10, approval=True)
            desk.get_offer()
            code, said = desk.exchange()
            self.assertEqual(code, 7, said)
            self.assertIn("US-1: ", said)
            desk.server.cli("device", "approve", "US-1")
            desk.get_grant()
            desk.bring_back("it is provisioned as")

    def test_an_unreachable_upstream_is_said_and_tried_again_while_the_stick_is_there(self):
        with Desk() as desk:
            nowhere = desk.ports.take()
            desk.server.put_profile("nowhere", priority=10, endpoints=[f"mqtts://127.0.0.1:{nowhere}"])
            desk.get_offer()
            desk.get_grant()
            desk.bring_back("It tries again while the stick is here")
            self.assertIn("it is not provisioned", desk.said())
            self.assertTrue(desk.device.said("DEVICE_ROLLED_BACK"))
            self.assertEqual(desk.device.status()["state"], "uninitialized")
            until(lambda: desk.device.count("DEVICE_ROLLED_BACK") >= 2, "it tries again")
            desk.pull()
            desk.server.cli("profile", "delete", "nowhere")
            offer = desk.entry()
            del offer["grant"], offer["owner"]
            desk.file().write_text(json.dumps({"format": "fairlead-bundle", "version": 2, "entries": [offer]}))
            desk.get_grant()
            desk.bring_back("it is provisioned as")

    def test_a_grant_for_another_device_and_one_of_before_are_refused_in_words(self):
        with Desk() as desk:
            desk.get_offer()
            desk.get_grant()
            old = desk.folder / "old.json"
            shutil.copy(desk.file(), old)
            desk.bring_back("it is provisioned as")
            desk.server.until_online("US-1")
            desk.pull()
            desk.device.end()
            self.assertEqual(desk.device.run_to_end("reset", "--yes"), 0)
            desk.device.start()
            shutil.copy(old, desk.file())  # replayed
            desk.bring_back("is of no use to it")
            self.assertEqual(desk.device.status()["state"], "uninitialized")
            desk.pull()

            entry = json.loads(old.read_text())["entries"][0]
            entry["serial"] = "US-2"
            desk.file().write_text(json.dumps({"format": "fairlead-bundle", "version": 2, "entries": [entry]}))
            desk.bring_back("it can't use US-1.json")
            desk.pull()
            other = desk.device_with_port("US-2", desk.port)
            other.start()
            shutil.copy(old, desk.stick / "fairlead" / "US-2.json")
            desk.plug()
            words = desk.port / "fairlead" / "US-2.txt"
            until(lambda: words.exists() and "another device, 'US-1'" in words.read_text(), "the other device says so")

    def test_hostile_files_are_refused_and_the_next_stick_is_taken(self):
        with Desk() as desk:
            secret = desk.folder / "secret"
            secret.write_text("not for sticks")
            bad = [("not JSON", lambda file: file.write_bytes(os.urandom(1000))),
                   ("too large", lambda file: file.write_bytes(b" " * 200_000)),
                   ("a link", lambda file: file.symlink_to(secret)),
                   ("a pipe", os.mkfifo),
                   ("two devices", lambda file: file.write_text(
                       '{"format": "fairlead-bundle", "version": 2, "entries": []}'))]
            for what, put in bad:
                with self.subTest(what):
                    put(desk.file())
                    desk.bring_back("it can't use US-1.json")
                    desk.pull()
                    self.assertEqual(secret.read_text(), "not for sticks")
                    desk.file().unlink()
                    desk.file("txt").unlink()
            desk.get_offer()
            self.assertTrue(desk.device.running())

    def test_a_stick_that_is_pulled_before_the_answer_costs_nothing(self):
        with Desk() as desk:
            desk.get_offer()
            desk.get_grant()
            as_it_was = desk.folder / "as-it-was"
            shutil.copytree(desk.stick, as_it_was)
            desk.plug()
            desk.device.until_said("DEVICE_GRANT_STAGED")
            desk.pull()
            desk.server.until_online("US-1")
            desk.stick = as_it_was  # nothing reached it any more
            desk.bring_back("it has its upstream")


if __name__ == "__main__":
    run_tests()
