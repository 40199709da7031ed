#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of maker's server, customer's server or device at every message, every commit and every step of writing a
file, from the first start of the servers to the device's first minute on the broker; then where a person rejects it, and
where it is sold and onboards for the second time. Afterwards what died is started again, and the device has to come
online by itself, once, with one voucher.

The points are not listed here: each kind of life is lived undisturbed first, and each program logs the points that it
passes (base/checkpoint.h). A message or commit that somebody adds is a new point, and so a new case.

kill_test.py --bin BUILD/bin [--case NAME] [--list] [--keep]
"""
import argparse
import collections
import concurrent.futures
import sys
import time

import plant

# FDO 1.1 §5: what a server hears, and what a device sends. A recorded life without one of these proves nothing.
HEARD_BY = {"maker": (10, 12), "customer": (20, 22, 30, 32, 60, 62, 64, 66, 68, 70)}
SENT_IN = {"initialize": (10, 12), "run": (30, 32, 60, 62, 64, 66, 68, 70)}


class Life:
    """From the factory to the broker. One program may die once, at a point; whatever died is started again."""

    def __init__(self, the_plant, victim="", point=""):
        self.plant = the_plant
        self.owner = the_plant.customer  # at the end
        self.victim, self.point = victim, point
        self.killed_at = None

    def crash_at(self, victim):
        return self.point if victim == self.victim and not self.killed_at else ""

    def insist(self, step, what):
        """Takes the step until it succeeds. It is one that somebody would simply take again."""
        def attempt():
            self.revive()
            return step() or True
        return plant.until(attempt, what)

    def revive(self):
        for program in self.servers():
            if not program.was_killed():
                continue
            self.killed_at = self.killed_at or time.monotonic()
            if program is self.owner:
                self.plant.device.forget_log()  # what it says from here on, it says to the broker's next life
            program.start()
        if self.plant.device.was_killed():
            self.killed_at = self.killed_at or time.monotonic()
            self.plant.device.start()

    def servers(self):
        return [program for program in self.plant.programs if isinstance(program, plant.Server)]

    def start_servers(self):
        for name, server in (("maker", self.plant.maker), ("customer", self.plant.customer)):
            crash_at = self.crash_at(name)
            server.start(crash_at, wait=not crash_at)
            self.insist(lambda: server.api("GET", "/status"), f"{name} answers")

    def initialize(self):
        while not self.plant.device.initialize(self.crash_at("initialize")):
            if self.plant.device.was_killed():
                self.killed_at = time.monotonic()
            self.revive_servers_only()

    def revive_servers_only(self):
        self.plant.device.process = None
        self.revive()

    def hand_over(self):
        """As a person would: what was extended before the answer was lost is fetched."""
        try:
            return self.plant.hand_over()
        except plant.ApiError as refusal:
            if refusal.status != 409:
                raise
            guid = self.plant.device.status()["guid"]
            return self.plant.maker.api("GET", f"/vouchers/{guid}/pem")

    def trust_maker(self):
        try:
            self.plant.trust_maker()
        except plant.ApiError as refusal:
            if refusal.status != 409:
                raise

    def online(self):
        return self.plant.device.said("TELEMETRY_SENT") and self.owner.is_online(self.plant.device.serial)

    def registered_anew(self):
        return self.owner.is_registered(self.plant.device.status()["guid"])

    def live(self):
        self.reach_the_field()
        self.switch_on()

    def reach_the_field(self):
        self.start_servers()
        self.insist(self.plant.set_rendezvous, "the factory knows where devices look for their owner")
        self.initialize()
        pem = self.insist(self.hand_over, "the maker extends the voucher")
        self.insist(self.trust_maker, "the customer trusts the maker")
        self.insist(lambda: self.plant.customer.import_voucher(pem), "the customer imports the voucher")
        plant.until(lambda: (self.revive(), self.plant.customer.is_registered())[1],
                    "the owner is registered at the rendezvous server")

    def switch_on(self, victim="run"):
        self.plant.device.start(self.crash_at(victim))
        self.until_online()

    def until_online(self):
        plant.until(lambda: (self.revive(), self.online() and self.registered_anew())[1],
                    "the device is online by itself, and its new voucher registered")

    def start_again(self, server, victim):
        """So that its points are counted from here on, and one of them kills it."""
        server.end()
        server.start(self.crash_at(victim))

    def outlive_late_death(self):
        plant.until(lambda: (self.revive(), self.killed_at)[1], "it comes by this point", 5)
        plant.until(lambda: (self.revive(), self.online())[1], "the device is online again")

    def check(self):
        """One device, one voucher, and both sides mean the same one."""
        maker, owner, device = self.plant.maker, self.owner, self.plant.device
        guid = device.status()["guid"]

        def wrong():
            devices = owner.items("/devices")
            vouchers = [each for each in owner.items("/vouchers") if each["state"] != "replaced"]
            made = [each["state"] for each in maker.items("/vouchers")]
            if [each["guid"] for each in devices] != [guid]:
                return f"the device is {guid}, its owner has {devices}"
            if [(each["guid"], each["state"]) for each in vouchers] != [(guid, "owned")]:
                return f"the device is {guid}, its owner's vouchers are {vouchers}"
            if made != ["handed_over"]:
                return f"the maker's vouchers are {made}"
            return ""
        try:
            plant.until(lambda: not wrong(), "one device and one voucher", 10)
        except plant.NotSeen:
            raise AssertionError(wrong()) from None


class Rejected(Life):
    """A person has to approve the device, rejects it, and changes their mind."""

    def live(self):
        self.reach_the_field()
        self.plant.customer.put_profile("ask", priority=10, account="default", approval=True)
        self.start_again(self.plant.customer, "judge")
        self.plant.device.start()
        self.until_state("waiting")
        self.insist(lambda: self.judge("reject"), "the device is rejected")
        self.until_state("failed")
        self.insist(lambda: self.judge("approve"), "the device is approved")
        self.until_online()

    def until_state(self, state):
        plant.until(lambda: (self.revive(), self.plant.record()["state"] == state)[1], f"the device is {state}")

    def judge(self, how):
        device = self.plant.record()["id"]
        try:
            self.plant.customer.api("POST", f"/devices/{device}/{how}", {"reason": "wrong site"})
        except plant.ApiError as refusal:
            if refusal.status != 404:  # no key waits: it was done before the answer was lost
                raise


class Sold(Life):
    """The customer sells the device while it is switched off; it onboards for the second time, at the buyer."""

    def live(self):
        super().live()
        self.plant.device.end()
        self.start_again(self.plant.customer, "seller")
        buyer = plant.Server(self.plant, "buyer", ["owner"], broker=True)
        buyer.start()
        guid = self.plant.device.status()["guid"]
        pem = self.insist(lambda: self.sell(guid, buyer), "the customer sells the device")
        key = self.plant.customer.api("GET", "/keys")["owner"]
        buyer.api("POST", "/trusted-keys", {"kind": "manufacturer", "name": "The seller", "pem": key})
        buyer.import_voucher(pem)
        self.owner = buyer
        plant.until(lambda: (self.revive(), buyer.is_registered())[1], "the buyer is registered")
        self.switch_on("sold")

    def sell(self, guid, buyer):
        """As a person would: what was extended before the answer was lost is fetched."""
        try:
            return self.plant.customer.sell(guid, buyer)
        except plant.ApiError as refusal:
            if refusal.status != 409:
                raise
            return self.plant.customer.api("GET", f"/vouchers/{guid}/pem")


LIVES = {"maker": Life, "customer": Life, "initialize": Life, "run": Life, "judge": Rejected, "seller": Sold,
         "sold": Sold}


def runs_of(kind, the_plant):
    """What was recorded, by the start of a program in which it was."""
    customer, device = the_plant.customer.runs(), the_plant.device.runs()
    if kind is Life:
        return {"maker": the_plant.maker.runs()[0], "customer": customer[0], "initialize": device[0], "run": device[1]}
    return {"judge": customer[1]} if kind is Rejected else {"seller": customer[1], "sold": device[2]}


def worth_dying_at(victim, point, passed, seen):
    """What kill -9 can tell apart, and no other case has shown."""
    if point.startswith("keystore.") and victim == "maker":
        return False  # the customer's first start makes the same keys in the same way
    if point.startswith(("keystore.", "identity.", "journal.")) and point.endswith((".before", ".synced")):
        # Nothing is written yet, as at the point that came last; a killed program loses no pages, as after .written.
        return point.startswith("identity.") and victim in ("maker", "customer")  # commits of identity.cpp
    if point.startswith("journal."):
        return victim == "run" and passed == 1  # for people; nothing depends on it
    if victim == "sold":  # how the second credential replaces the first
        return not point.startswith("message-") or point in ("message-70.sending", "message-71.arrived")
    return victim not in ("judge", "seller") or (passed == 1 and point not in seen)


def record(bin_folder):
    """Every point that undisturbed lives pass, as (victim, point)."""
    cases, seen = [], set()
    for kind in (Life, Rejected, Sold):
        with plant.Plant(bin_folder) as undisturbed:
            life = kind(undisturbed)
            life.live()
            life.check()
            for victim, events in runs_of(kind, undisturbed).items():
                passed = collections.Counter()
                for event in events:
                    if event["id"] != "CHECKPOINT_PASSED":
                        continue
                    point = event["point"]
                    passed[point] += 1
                    if worth_dying_at(victim, point, passed[point], seen):
                        cases.append((victim, point if passed[point] == 1 else f"{point}:{passed[point]}"))
                if victim == "customer":  # who is judge and seller as well
                    seen.update(passed)
    for victim, messages in HEARD_BY.items():
        for message in messages:
            for when in ("received", "answering"):
                assert (victim, f"message-{message}.{when}") in cases, f"{victim}: message {message} was not {when}"
    for victim, messages in SENT_IN.items():
        for message in messages:
            assert (victim, f"message-{message}.sending") in cases, f"device: message {message} was not sent"
            assert (victim, f"message-{message + 1}.arrived") in cases, f"device: message {message + 1} never arrived"
    return cases


def try_case(bin_folder, victim, point, keep):
    """(good, what to print)"""
    name = f"{victim}@{point}"
    with plant.Plant(bin_folder, keep_folder=keep) as the_plant:
        life = LIVES[victim](the_plant, victim, point)
        try:
            life.live()
            if not life.killed_at:  # the last points lie behind what live() waits for
                life.outlive_late_death()
            life.check()
            return True, f"ok    {name}: online, one device, one voucher {time.monotonic() - life.killed_at:.1f} s later"
        except Exception as problem:  # whatever it is: the other cases go on
            alone = f"{sys.argv[0]} --bin {bin_folder} --case '{name}' --keep"
            return False, f"FAIL  {name}: {problem}\n{the_plant.what_was_logged()}\nAlone: {alone}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", required=True, help="folder of the programs")
    arguments.add_argument("--case", help="only this one, as printed")
    arguments.add_argument("--list", action="store_true", help="print the cases and end")
    arguments.add_argument("--keep", action="store_true", help="leave the folders of the plants behind")
    arguments.add_argument("--jobs", type=int, default=2)
    options = arguments.parse_args()

    cases = [tuple(options.case.split("@", 1))] if options.case else record(options.bin)
    if options.list:
        print("\n".join("@".join(case) for case in cases))
        return 0
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for good, text in pool.map(lambda case: try_case(options.bin, *case, options.keep), cases):
            print(text, flush=True)
            failures += not good
    print(f"{len(cases)} kills, {failures} failures")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
