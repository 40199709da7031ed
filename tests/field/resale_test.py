#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device is sold on: maker, first and second customer, each with a server of its own. The device
runs all the time; nobody touches it."""
import base64
import json
import unittest

from lab import Device, Lab, Server, bin_folder, count, eventually, events

SERIAL = "SN-RESALE"


def give_file(server, name):
    """Every device of this server gets a file that tells whose it is."""
    file = server.folder / "profile.json"
    content = base64.b64encode(f"secret of {server.name}".encode()).decode()
    file.write_text(json.dumps({"priority": 10, "account": "default", "actions": [
        {"kind": "download", "name": name, "content_base64": content}]}))
    server.cli("profile", "put", file)


def unconfirmed(server):
    """Vouchers that the device may still hold, or may have got, beside the present one."""
    return [each for each in server.cli("voucher", "list")["items"]
            if each["state"] in ("superseded", "pending")]


class World:
    def __init__(self, lab):
        self.maker = Server(lab, "maker", ["factory", "rendezvous"])
        self.first = Server(lab, "first", ["owner"], broker=True)
        self.second = Server(lab, "second", ["owner"], broker=True)
        port = self.maker.fdo_port
        self.maker.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", port,
                       "--owner-port", port, "--protocol", "http", "--delay", 1)
        self.device = Device(lab, SERIAL, "--retry-max", 2, "--telemetry-seconds", 1)

    def first_sale(self):
        """Maker to first customer. The GUID under which the device is there then."""
        self.device.initialize(self.maker)
        guid = self.maker.cli("voucher", "list")["items"][0]["guid"]
        self.first.trust(self.maker.key("manufacturer"))
        self.first.cli("voucher", "import", self.maker.sell(guid, self.first))
        self.device.switch_on()
        return self.online_at(self.first)

    def online_at(self, owner):
        eventually(f"the device is online at the {owner.name}", lambda: owner.is_online(SERIAL), 60)
        eventually("its owner has seen that it holds the new credential",
                   lambda: not unconfirmed(owner))
        return owner.device(SERIAL)["guid"]

    def deliver(self, voucher, seller, buyer):
        buyer.trust(seller.key("owner"))
        buyer.cli("voucher", "import", voucher)


class Resale(unittest.TestCase):
    def test_a_device_that_is_sold_finds_its_new_owner_and_takes_nothing_with_it(self):
        with Lab(bin_folder()) as lab:
            world = World(lab)
            give_file(world.first, "first.txt")
            give_file(world.second, "second.txt")
            guid = world.first_sale()
            state = world.device.state
            self.assertTrue((state / "work" / "first.txt").exists())
            before = world.device.status()
            keys = {each.name for each in (state / "keys").iterdir()}

            world.deliver(world.first.sell(guid, world.second), world.first, world.second)
            world.online_at(world.second)

            after = world.device.status()
            self.assertNotEqual(after["guid"], before["guid"])
            self.assertNotEqual(after["owner"], before["owner"])
            self.assertNotEqual(after["operational"]["certificate"],
                                before["operational"]["certificate"])
            self.assertEqual({each.name for each in (state / "work").iterdir()}, {"second.txt"})
            kept = {each.name for each in (state / "keys").iterdir()} & keys
            self.assertFalse([each for each in kept if "operational" in each or "hmac" in each])
            self.check_locked_out(world)

    def check_locked_out(self, world):
        first = world.first
        self.assertEqual(first.device(SERIAL)["state"], "revoked")
        states = {each["state"] for each in first.cli("voucher", "list")["items"]}
        self.assertFalse(states & {"owned", "superseded", "pending"}, states)
        times = {name: [each["time"] for each in events(first.log) if each.get("id") == name]
                 for name in ("TO0_REGISTERED", "VOUCHER_HANDED_OVER")}
        self.assertLess(times["TO0_REGISTERED"][-1], times["VOUCHER_HANDED_OVER"][0])

        asked = count(first.log, "TO2_STARTED")
        world.device.switch_off()
        eventually("offline", lambda: not world.second.is_online(SERIAL))
        world.device.switch_on()
        eventually("online again", lambda: world.second.is_online(SERIAL))
        self.assertEqual(count(first.log, "TO2_STARTED"), asked, "it asks its former owner nothing")

    def test_an_owner_can_buy_back_what_it_sold(self):
        with Lab(bin_folder()) as lab:
            world = World(lab)
            guid = world.first_sale()
            world.deliver(world.first.sell(guid, world.second), world.first, world.second)
            guid = world.online_at(world.second)
            world.deliver(world.second.sell(guid, world.first), world.second, world.first)
            world.online_at(world.first)

    def test_a_device_sold_while_it_was_off_waits_for_a_buyer_who_takes_his_time(self):
        with Lab(bin_folder()) as lab:
            world = World(lab)
            guid = world.first_sale()
            world.device.switch_off()
            voucher = world.first.sell(guid, world.second)
            world.device.switch_on()
            # From the former owner or from rendezvous, as far as the former owner had come with registering it.
            eventually("the device has heard that nobody has it",
                       lambda: count(world.device.log, "DEVICE_OWNER_UNKNOWING")
                       + count(world.device.log, "DEVICE_RENDEZVOUS_UNKNOWN"))
            self.assertIn("operational", world.device.status(), "nothing is given up for nobody")
            world.deliver(voucher, world.first, world.second)
            world.online_at(world.second)

    def test_a_device_that_is_admitted_again_comes_back_by_itself(self):
        with Lab(bin_folder()) as lab:
            world = World(lab)
            world.first_sale()
            world.first.cli("revoke", SERIAL, "--reason", "by mistake")
            eventually("it has asked its owner twice, and was refused",
                       lambda: count(world.device.log, "DEVICE_OWNER_REFUSED") > 1, 60)
            self.assertLessEqual(len(unconfirmed(world.first)), 1,
                                 "attempts that come to nothing leave nothing behind")
            world.first.cli("readmit", SERIAL)
            world.online_at(world.first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
