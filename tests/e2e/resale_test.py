#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device is sold on: maker, first and second customer, each with a server of its own. The device
runs all the time; nobody touches it. Everybody trades with the command line.

resale_test.py --bin BUILD/bin [unittest options]
"""
import base64
import unittest

from plant import Device, Server, Site, run_tests, until

SERIAL = "SN-RESALE"


def give_file(server, name):
    """Every device of this server gets a file that tells whose it is."""
    content = base64.b64encode(f"secret of {server.name}".encode()).decode()
    server.put_profile("give-file", priority=10, account="default",
                       actions=[{"kind": "download", "name": name, "content_base64": content}])


def unconfirmed(server):
    """Vouchers that the device may still hold, or may have got, beside the present one."""
    return [each for each in server.json("voucher", "list")["items"]
            if each["state"] in ("superseded", "pending")]


class World:
    def __init__(self, site):
        self.folder = site.folder
        self.maker = Server(site, "maker", ["factory", "rendezvous"], broker=False)
        self.first = Server(site, "first", ["owner"], broker=True)
        self.second = Server(site, "second", ["owner"], broker=True)
        for server in (self.maker, self.first, self.second):
            server.start()
        port = self.maker.fdo_port
        self.maker.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", port,
                       "--owner-port", port, "--protocol", "http", "--delay", 1)
        self.device = Device(site, SERIAL, self.maker, retry_max=2)

    def first_sale(self):
        """Maker to first customer. The GUID under which the device is there then."""
        self.device.made()
        guid = self.maker.json("voucher", "list")["items"][0]["guid"]
        self.deliver(self.sell(self.maker, guid, self.first), self.key(self.maker, "manufacturer"), self.first)
        self.device.start()
        return self.online_at(self.first)

    def key(self, server, kind):
        """A file with the public key of this server as `manufacturer` or `owner`."""
        file = self.folder / f"{kind}-{server.name}.pem"
        file.write_text(server.json("factory", "keys")[kind])
        return file

    def sell(self, seller, guid, buyer):
        """Extends the voucher to the buyer's key; a file with it."""
        file = self.folder / f"{guid}-for-{buyer.name}.pem"
        file.write_text(seller.json("voucher", "extend", guid, "--to", self.key(buyer, "owner"))["pem"])
        return file

    def deliver(self, voucher, key_of_seller, buyer):
        buyer.cli("trust", "add", key_of_seller, "--kind", "manufacturer", "--name", key_of_seller.stem)
        buyer.cli("voucher", "import", voucher)

    def deliver_from_owner(self, voucher, seller, buyer):
        self.deliver(voucher, self.key(seller, "owner"), buyer)

    def online_at(self, owner):
        owner.until_online(SERIAL, 60)
        until(lambda: not unconfirmed(owner), "its owner has seen that it holds the new credential")
        return owner.device(SERIAL)["guid"]


class Resale(unittest.TestCase):
    def test_a_device_that_is_sold_finds_its_new_owner_and_takes_nothing_with_it(self):
        with Site() as site:
            world = World(site)
            give_file(world.first, "first.txt")
            give_file(world.second, "second.txt")
            guid = world.first_sale()
            state = world.device.state
            self.assertTrue((state / "work" / "first.txt").exists())
            before = world.device.status()
            keys = {each.name for each in (state / "keys").iterdir()}

            world.deliver_from_owner(world.sell(world.first, guid, world.second), world.first, world.second)
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
        states = {each["state"] for each in first.json("voucher", "list")["items"]}
        self.assertFalse(states & {"owned", "superseded", "pending"}, states)
        times = {name: [each["time"] for each in first.events() if each["id"] == name]
                 for name in ("TO0_REGISTERED", "VOUCHER_HANDED_OVER")}
        self.assertLess(times["TO0_REGISTERED"][-1], times["VOUCHER_HANDED_OVER"][0])

        asked = first.count("TO2_STARTED")
        world.device.end()
        until(lambda: not world.second.is_online(SERIAL), "offline")
        world.device.start()
        world.second.until_online(SERIAL)
        self.assertEqual(first.count("TO2_STARTED"), asked, "it asks its former owner nothing")

    def test_an_owner_can_buy_back_what_it_sold(self):
        with Site() as site:
            world = World(site)
            guid = world.first_sale()
            world.deliver_from_owner(world.sell(world.first, guid, world.second), world.first, world.second)
            guid = world.online_at(world.second)
            world.deliver_from_owner(world.sell(world.second, guid, world.first), world.second, world.first)
            world.online_at(world.first)

    def test_a_device_sold_while_it_was_off_waits_for_a_buyer_who_takes_his_time(self):
        with Site() as site:
            world = World(site)
            guid = world.first_sale()
            world.device.end()
            voucher = world.sell(world.first, guid, world.second)
            world.device.start()
            # From the former owner or from rendezvous, as far as the former owner had come with registering it.
            until(lambda: world.device.said("DEVICE_OWNER_UNKNOWING") or world.device.said("DEVICE_RENDEZVOUS_UNKNOWN"),
                  "the device has heard that nobody has it")
            self.assertIn("operational", world.device.status(), "nothing is given up for nobody")
            world.deliver_from_owner(voucher, world.first, world.second)
            world.online_at(world.second)

    def test_a_device_that_is_admitted_again_comes_back_by_itself(self):
        with Site() as site:
            world = World(site)
            world.first_sale()
            world.first.cli("revoke", SERIAL, "--reason", "by mistake")
            until(lambda: world.device.count("DEVICE_OWNER_REFUSED") > 1,
                  "it has asked its owner twice, and was refused", 60)
            self.assertLessEqual(len(unconfirmed(world.first)), 1,
                                 "attempts that come to nothing leave nothing behind")
            world.first.cli("readmit", SERIAL)
            world.online_at(world.first)


if __name__ == "__main__":
    run_tests()
