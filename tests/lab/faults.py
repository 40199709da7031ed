#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around Bluetooth, one after another on one device; runs inside tools/radio-lab.

After each fault the device is back on the air with nothing kept, and in the end a phone brings it in.
"""
import os
import pathlib
import signal
import subprocess

from phone import CODE, PATIENCE, SERIAL, Phone
from plant import EVERY_ROLE, Device, Server, Site, until


class Bluetoothd:
    """The one that the lab started, and those that follow it."""

    def __init__(self):
        self.pid = int(subprocess.check_output(["pidof", "bluetoothd"], text=True))
        self.command = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def start(self):
        log = open(os.environ["LAB_LOG"] + "/bluetoothd-again.log", "ab")
        self.pid = subprocess.Popen(self.command, stdout=log, stderr=log).pid


class Bench:
    def __init__(self, site):
        self.server = Server(site, "server", EVERY_ROLE, broker=True)
        self.device = Device(site, SERIAL, bluetooth_adapter="hci0")
        self.phone = Phone(self.server)
        self.code, self.wrong_code = site.folder / "code", site.folder / "wrong-code"
        self.code.write_text(CODE + "\n")
        self.wrong_code.write_text("wrong-code\n")
        self.name = ""

    def start(self):
        self.server.start()
        label = subprocess.run(self.device.command("set-code", "--code-file", self.code), check=True,
                               capture_output=True, text=True).stdout
        self.name = label.split('"name":"')[1].split('"')[0]
        self.device.start()
        self.device.until_said("DEVICE_BLUETOOTH_ADVERTISES", PATIENCE)

    def provision(self, code_file=None, at=None, do=None):
        """Exit code and words; `do()` is called when `at` is said."""
        provisioning = self.phone.provision(self.name, code_file or self.code)
        said = []
        for line in provisioning.stderr:
            said.append(line)
            if at and at in line:
                do()
        return provisioning.wait(PATIENCE), "".join(said)

    def on_air_again(self, what):
        """`what()` happens; the device notices, and comes back."""
        before = self.device.count("DEVICE_BLUETOOTH_ADVERTISES")
        what()
        until(lambda: self.device.count("DEVICE_BLUETOOTH_ADVERTISES") > before, "the device is on the air again", PATIENCE)


def disconnect():
    """By the phone's controller, at once: bluetoothd itself waits two seconds."""
    links = subprocess.check_output(["hcitool", "-i", "hci1", "con"], text=True)
    handle = links.split("handle ")[1].split()[0]
    subprocess.run(["hcitool", "-i", "hci1", "ledc", handle], check=True, capture_output=True)


def block(soft):
    """By rfkill, what belongs to hci0."""
    for switch in pathlib.Path("/sys/class/bluetooth/hci0").glob("rfkill*"):
        (switch / "soft").write_text(soft)


def a_wrong_code(bench):
    code, said = bench.provision(bench.wrong_code)
    assert code == 3 and "the code is wrong" in said, (code, said)


def the_link_is_lost_in_the_session(bench):
    before = bench.device.count("DEVICE_BLUETOOTH_LEFT")
    code, said = bench.provision(at="knows the code", do=disconnect)
    assert code != 0, said
    until(lambda: bench.device.count("DEVICE_BLUETOOTH_LEFT") > before, "the device notices", PATIENCE)


def bluetoothd_dies_and_comes_back(bench):
    daemon = Bluetoothd()

    def restart():
        daemon.kill()
        bench.device.until_said("DEVICE_DOOR_FAILED", PATIENCE)
        daemon.start()
    bench.on_air_again(restart)
    assert "bluetoothd is not running" in bench.device.log.read_text()


def the_adapter_is_blocked(bench):
    def block_for_a_while():
        before = bench.device.count("DEVICE_DOOR_FAILED")
        block("1")
        until(lambda: bench.device.count("DEVICE_DOOR_FAILED") > before, "the device says so", PATIENCE)
        block("0")
    bench.on_air_again(block_for_a_while)


def main():
    failed = []
    with Site(os.environ["BIN"], keep_folder=True) as site:
        bench = Bench(site)
        bench.start()
        for fault in (a_wrong_code, the_link_is_lost_in_the_session, bluetoothd_dies_and_comes_back, the_adapter_is_blocked):
            try:
                fault(bench)
                assert bench.device.status()["state"] == "uninitialized", "something was kept"
                print(f"ok      {fault.__name__.replace('_', ' ')}", flush=True)
            except AssertionError as problem:
                failed.append(fault)
                print(f"FAILED  {fault.__name__.replace('_', ' ')}: {problem}", flush=True)
        code, said = bench.provision()
        print("ok      and in the end it comes in" if code == 0 else f"FAILED  to come in: {said}", flush=True)
        pathlib.Path(os.environ["LAB_OUT"], "device.log").write_bytes(bench.device.log.read_bytes())
    raise SystemExit(bool(failed) or code != 0)


if __name__ == "__main__":
    main()
