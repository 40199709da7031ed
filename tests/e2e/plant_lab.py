# SPDX-License-Identifier: Apache-2.0
"""What scripts/plant-lab runs; see there."""
import argparse
import collections
import concurrent.futures
import contextlib
import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

from lan import Lan, need_namespaces
from plant import EVERY_ROLE, Device, NotSeen, Server, Site, until

MODEL, WRONG_MODEL, VENDOR = "Pump", "Valve", "ACME"

DNSMASQ = """interface=eth0
bind-interfaces
port=0
no-ping
dhcp-range=10.77.1.0,10.77.9.255,255.255.0.0,10m
dhcp-leasefile={folder}/leases
"""
KEA = {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
    "lease-database": {"type": "memfile", "persist": False}, "valid-lifetime": 600,
    "subnet4": [{"id": 1, "subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.1.0 - 10.77.9.255"}]}]}}
# For udhcpc: what a lease says becomes the interface's address.
LEASE = '#!/bin/sh\n[ "$1" = bound ] && ip addr replace "$ip/$mask" dev "$interface"\nexit 0\n'


class Expectation:
    """Which devices there are, which rows the plan has, and what should become of them."""

    def __init__(self, devices):
        few = max(1, devices // 25)
        self.good = [f"SN-{i:04}" for i in range(devices - few - 3)]
        self.missing = [f"MISSING-{i}" for i in range(few)]  # rows without a device
        self.foreign = [f"FOREIGN-{i}" for i in range(few)]  # devices without a row
        self.twins, self.wrong_type = "TWIN-1", "ODD-1"

    def devices(self):
        """(name of its host, serial, model) of each."""
        for i, serial in enumerate([*self.good, *self.foreign, self.twins, self.twins, self.wrong_type]):
            yield f"d{i}", serial, WRONG_MODEL if serial == self.wrong_type else MODEL

    def rows(self):
        return [*self.good, *self.missing, self.twins, self.wrong_type]

    def refused(self):
        # In the tool's words: planned and not seen; found and in no row; and so on. Of the twins both say that
        # they are the row's device.
        return {"planned": len(self.missing), "found": len(self.foreign), "duplicate": 1, "wrong type": 1}


class Lab(Site):
    def __init__(self, arguments):
        super().__init__(arguments.bin)
        self.dhcp = arguments.dhcp
        self.expected = Expectation(arguments.devices)
        self.lan = Lan(self.folder)
        self.steps, self.devices, self.codes = [], [], {}
        self.workers = concurrent.futures.ThreadPoolExecutor(16)

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.lan.__exit__(*problem)

    @contextlib.contextmanager
    def step(self, what):
        """Is timed, and told."""
        begin = time.monotonic()
        yield lambda: seconds
        seconds = round(time.monotonic() - begin, 2)
        self.steps.append({"step": what, "seconds": seconds})
        print(f"{seconds:8.2f}s  {what}", flush=True)

    def for_each(self, do, things):
        return list(self.workers.map(do, things))

    def wire(self):
        self.lan.__enter__()
        self.office = self.lan.host("office", "10.77.0.2/16")

        def host_of(numbered):
            i, (name, _, _) = numbered
            fixed = [f"10.77.{100 + i // 250}.{1 + i % 250}/16"] if self.dhcp == "none" else []
            return self.lan.host(name, *fixed)

        hosts = self.for_each(host_of, enumerate(self.expected.devices()))
        for host, (name, serial, model) in zip(hosts, self.expected.devices()):
            device = Device(self, serial, model=model, vendor=VENDOR, local="[::%eth0]:0", log_level="info",
                            telemetry_seconds=60)
            device.host, device.state = host, self.folder / f"state-{name}"
            device.log = self.folder / f"device-{name}.log"
            self.devices.append(device)

    def start_dhcp(self):
        (self.folder / "lease.sh").write_text(LEASE)
        (self.folder / "lease.sh").chmod(0o755)
        if self.dhcp == "none":
            return
        host = self.lan.host("dhcp", "10.77.0.1/16")
        log = self.folder / "dhcp.log"
        if self.dhcp == "dnsmasq":
            (self.folder / "dnsmasq.conf").write_text(DNSMASQ.format(folder=self.folder))
            host.start("dnsmasq", "-d", "-C", self.folder / "dnsmasq.conf", log=log)
        else:
            (self.folder / "kea.json").write_text(json.dumps(KEA))
            host.start("env", f"KEA_PIDFILE_DIR={self.folder}", f"KEA_LOCKFILE_DIR={self.folder}", "kea-dhcp4", "-c",
                       self.folder / "kea.json", log=log)

    def take_address(self, device):
        def ask():
            device.host.run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "10", "-T", "1",
                            "-s", self.folder / "lease.sh")
            return device.host.has_address()
        until(ask, f"{device.host.name} has an address", 120)

    def start_upstream(self):
        self.office.start_avahi()
        self.lan.enter(self.office)
        self.server = Server(self, "server", EVERY_ROLE, broker=True, host="10.77.0.2")
        self.server.top_settings["log_level"] = "info"
        self.server.start()

    def give_code(self, device):
        said = subprocess.run(device.command("set-code"), text=True, check=True, capture_output=True, timeout=120).stdout
        self.codes[device.serial] = said.splitlines()[0]

    def power_on(self, device):
        device.host.start_avahi()
        device.start(prefix=device.host.command(), more=["--announce"])

    def write_plan(self):
        self.plan = self.folder / "plan.csv"
        with open(self.plan, "w", newline="", encoding="utf-8") as out:
            plan = csv.writer(out)
            plan.writerow(["name", "type", "vendor", "serial", "code"])
            for i, serial in enumerate(self.expected.rows()):
                plan.writerow([f"row {i}", MODEL, VENDOR, serial, self.codes.get(serial, "of-no-device")])

    def online(self):
        return {each["serial"] for each in self.server.items("/devices?limit=1000") if each["state"] == "online"}


class Tool:
    """The engineer's command line, in the office."""

    def __init__(self, lab):
        self.lab, self.project, self.seen = lab, lab.folder / "plant.plan", lab.folder / "seen.jsonl"

    def say(self, *words):
        done = subprocess.run(self.lab.server.command("--json", *words, "--project", self.project), capture_output=True,
                              text=True, timeout=600)
        if done.returncode:
            raise NotSeen(f"fairlead {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def list(self, count, seconds=60):
        """What `fairlead scanner` streams, until so many devices were seen."""
        instances = set()
        with open(self.seen, "w", encoding="utf-8") as kept, subprocess.Popen(
                self.lab.server.command("scanner", "--interface", "eth0", "--seconds", seconds), stdout=subprocess.PIPE,
                text=True) as scanner:
            for line in scanner.stdout:
                kept.write(line)
                sighting = json.loads(line)
                # All of it: without what it says of itself it can't be compared.
                if sighting["said"].get("serial"):
                    instances.add(sighting["instance"])
                if len(instances) == count:
                    scanner.terminate()
                    return
        raise NotSeen(f"{count} devices are listed: {len(instances)} were")

    def compare(self):
        """How many may not be provisioned, by the tool's reasons; then the row of each that may."""
        lines = self.say("plan", "compare", "--seen", self.seen)[0]
        refused = collections.Counter(line["state"] for line in lines if not line["ready"])
        return dict(refused), [line["serial"] for line in lines if line["ready"]]

    def apply(self):
        self.say("apply", "--seen", self.seen, "--account", "default")


def run(lab, report):
    with lab.step("a switch, and a cable to each"):
        lab.wire()
    with lab.step(f"DHCP: {lab.dhcp}"):
        lab.start_dhcp()
        if lab.dhcp != "none":
            lab.for_each(lab.take_address, lab.devices)
    with lab.step("server, broker"):
        lab.start_upstream()
    with lab.step("labels printed"):
        lab.for_each(lab.give_code, lab.devices)
    lab.write_plan()
    with lab.step("power on: every device is announced"):
        lab.for_each(lab.power_on, lab.devices)
        for device in lab.devices:
            device.until_said("ANNOUNCED", 300)
    tool = Tool(lab)
    tool.say("plan", "import", lab.plan)
    with lab.step("listed") as took:
        tool.list(len(lab.devices))
    report["listed_s"] = took()
    report["refused"], ready = tool.compare()
    if sorted(ready) != lab.expected.good:
        raise NotSeen(f"ready are {lab.expected.good}, not {sorted(ready)}")
    with lab.step("provisioned, and seen by the broker") as took:
        tool.apply()
        until(lambda: lab.online() >= set(lab.expected.good), "every device of the plan is online", 300)
    report["provisioned_s"] = took()
    report["online"] = len(lab.online())
    if lab.online() != set(lab.expected.good):
        raise NotSeen(f"nobody else is online: {sorted(lab.online() - set(lab.expected.good))}")
    if report["refused"] != lab.expected.refused():
        raise NotSeen(f"refused {lab.expected.refused()}, not {report['refused']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--devices", required=True, type=int)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--dhcp", choices=("dnsmasq", "kea", "none"), default="dnsmasq")
    arguments = parser.parse_args()
    if not 6 <= arguments.devices <= 1000:
        parser.error("--devices is from 6 to 1000")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    report = {"devices": arguments.devices, "dhcp": arguments.dhcp, "processors": os.cpu_count(), "good": False}
    with Lab(arguments) as lab:
        try:
            run(lab, report)
            report["good"] = True
        finally:
            report["steps"] = lab.steps
            text = json.dumps(report, indent=2)
            print(text)
            if arguments.report:
                arguments.report.write_text(text + "\n")


if __name__ == "__main__":
    need_namespaces()
    sys.exit(main())
