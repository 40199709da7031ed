#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around Bluetooth and Wi-Fi, one after another on one device; runs inside tools/radio-lab.

After each fault the device is back on the air with nothing kept, and in the end a phone brings it in.

faults.py [WORD...]     only faults whose names hold one of these
"""
import contextlib
import http.server
import os
import pathlib
import signal
import subprocess
import sys
import threading

from phone import AT_DEVICE, CODE, PASSPHRASE, PATIENCE, RADIO, SERIAL, SSID, Phone, go_behind_access_point, lab_device, \
    lab_server
from plant import Site, until
from radios import AccessPoint, Daemon, forget_networks, networks, wpa
from wrong_clock import faked_clock, set_clock


class Bench:
    def __init__(self, site):
        self.site = site
        self.server = lab_server(site)
        self.device = lab_device(site)
        self.phone = Phone(self.server)
        self.access_point = AccessPoint()
        self.code, self.wrong_code = site.folder / "code", site.folder / "wrong-code"
        self.code.write_text(CODE + "\n")
        self.wrong_code.write_text("wrong-code\n")
        self.name = ""

    def start(self):
        self.server.start()
        label = subprocess.run(self.device.command("set-code", "--code-file", self.code), check=True,
                               capture_output=True, text=True).stdout
        self.name = label.split('"name":"')[1].split('"')[0]
        self.start_device()

    def start_device(self, crash_at="", environment=None):
        self.device.start(crash_at, prefix=AT_DEVICE, environment=environment)
        self.device.until_said("DEVICE_BLUETOOTH_ADVERTISES", PATIENCE)

    def is_as_new(self):
        return self.device.status()["state"] == "uninitialized" and not networks()

    def begin_anew(self):
        """Whatever a fault that failed left."""
        self.device.end()
        subprocess.run(self.device.command("reset", "--yes"), check=False, capture_output=True)
        forget_networks()
        self.start_device()

    def provision(self, code_file=None, at=None, do=None, **wifi):
        """Exit code and words; `do()` is called when `at` is said."""
        provisioning = self.phone.provision(self.name, code_file or self.code, **wifi)
        said = []
        for line in provisioning.stderr:
            said.append(line)
            if at and at in line:
                do()
        return provisioning.wait(PATIENCE), "".join(said)

    def fails_without_upstream(self, words):
        """The server ends when it has granted access."""
        try:
            self.fails(words, at="granted access", do=self.server.end)
        finally:
            if not self.server.running():
                self.server.start()

    def fails(self, words, **how):
        code, said = self.provision(**how)
        assert code != 0 and words in said, (code, said)

    def on_air_again(self, what):
        """`what()` happens; the device notices, and comes back."""
        before = self.device.count("DEVICE_BLUETOOTH_ADVERTISES")
        what()
        until(lambda: self.device.count("DEVICE_BLUETOOTH_ADVERTISES") > before, "the device is on the air again", PATIENCE)


def disconnect():
    """By the phone's controller, at once: bluetoothd itself waits two seconds."""
    hcitool = [*AT_DEVICE, "hcitool", "-i", "hci1"]
    handle = subprocess.check_output([*hcitool, "con"], text=True).split("handle ")[1].split()[0]
    subprocess.run([*hcitool, "ledc", handle], check=True, capture_output=True)


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
    daemon = Daemon("bluetoothd")

    def restart():
        daemon.kill()
        bench.device.until_said("DEVICE_DOOR_FAILED", PATIENCE)
        daemon.start(AT_DEVICE)
    bench.on_air_again(restart)
    assert "bluetoothd is not running" in bench.device.log.read_text()


def the_adapter_is_blocked(bench):
    def block_for_a_while():
        before = bench.device.count("DEVICE_DOOR_FAILED")
        block("1")
        until(lambda: bench.device.count("DEVICE_DOOR_FAILED") > before, "the device says so", PATIENCE)
        block("0")
    bench.on_air_again(block_for_a_while)


def a_wrong_passphrase_of_wpa2(bench):
    bench.fails("does not take this passphrase", passphrases=["wrong horse battery"])


def a_wrong_passphrase_of_wpa3(bench):
    with bench.access_point.set("wpa_key_mgmt=SAE", "ieee80211w=2"):
        bench.fails("does not take this passphrase", passphrases=["wrong horse battery"])


def a_network_that_is_not_there(bench):
    bench.fails("is not in reach", ssid="Elsewhere")


def no_address(bench):
    dhcp = int(pathlib.Path("/run/lab/udhcpd.pid").read_text())
    os.kill(dhcp, signal.SIGSTOP)
    try:
        bench.fails("gave the device no address")
    finally:
        os.kill(dhcp, signal.SIGCONT)


def the_upstream_refuses(bench):
    revoked = []

    def revoke():
        bench.server.cli("revoke", SERIAL, "--reason", "test")
        revoked.append(True)
    try:
        bench.fails("refuse", at="granted access", do=revoke)
    finally:
        if revoked:
            bench.server.cli("readmit", SERIAL)


def the_upstream_is_not_there(bench):
    bench.fails_without_upstream("does not answer")


class Portal(http.server.BaseHTTPRequestHandler):
    """Where guests sign in: answers for every host."""

    def log_message(self, *_):
        """Not into the report."""

    def do_GET(self):  # the library's name
        self.send_response(302)
        self.send_header("Location", "http://portal.example/welcome")
        self.send_header("Content-Length", "0")
        self.end_headers()


def a_captive_portal(bench):
    portal = http.server.ThreadingHTTPServer((os.environ["LAB_AP_ADDRESS"], 80), Portal)
    threading.Thread(target=portal.serve_forever, daemon=True).start()
    try:
        bench.fails_without_upstream("portal.example")
    finally:
        portal.shutdown()
        portal.server_close()


def a_network_that_leads_nowhere(bench):
    daemon = Daemon("busybox", "udhcpd")
    file = pathlib.Path("/run/lab/udhcpd.conf")
    usual = file.read_text()

    def again(text):
        daemon.kill()
        file.write_text(text)
        daemon.start()
    again("".join(line + "\n" for line in usual.splitlines() if "router" not in line))
    subprocess.run([*AT_DEVICE, "ip", "route", "flush", "default"], check=False)  # of an earlier lease
    try:
        bench.fails_without_upstream("leads nowhere")
    finally:
        again(usual)


def the_clock_is_wrong(bench):
    """Years ahead, so that what comes with the Grant is over."""
    bench.device.end()
    set_clock(bench.site, "+20y")
    bench.start_device(environment=faked_clock(bench.site))
    try:
        bench.fails("expired on")
    finally:
        bench.device.end()
        bench.start_device()


def the_power_is_cut_before_the_commit(bench):
    """The network is stored by then, and the access isn't."""
    bench.device.end()
    bench.start_device(crash_at="identity.before")
    bench.fails("")
    assert bench.device.was_killed(), "the power was not cut"
    assert len(networks()) == 1, networks()
    daemon = Daemon("wpa_supplicant", RADIO)
    daemon.kill()
    daemon.start(AT_DEVICE)
    until(lambda: "PONG" in wpa("ping"), "wpa_supplicant is back", PATIENCE)
    bench.start_device()


FAULTS = (a_wrong_code, the_link_is_lost_in_the_session, bluetoothd_dies_and_comes_back, the_adapter_is_blocked,
          a_wrong_passphrase_of_wpa2, a_wrong_passphrase_of_wpa3, a_network_that_is_not_there, no_address,
          the_upstream_refuses, the_upstream_is_not_there, a_captive_portal, a_network_that_leads_nowhere, the_clock_is_wrong,
          the_power_is_cut_before_the_commit)


def comes_in(bench):
    """To a network with WPA3, with the right passphrase in the second place."""
    with bench.access_point.set("wpa_key_mgmt=SAE", "ieee80211w=2"):
        code, said = bench.provision(passphrases=["wrong horse battery", PASSPHRASE])
        assert code == 0 and "does not take this passphrase" in said, (code, said)
        assert len(networks()) == 1 and SSID in networks()[0], networks()


def main():
    go_behind_access_point()
    chosen = [each for each in FAULTS if not sys.argv[1:] or any(word in each.__name__ for word in sys.argv[1:])]
    failed = []

    def run(fault):
        try:
            fault(bench)
            if fault is not comes_in:
                until(bench.is_as_new, f"nothing is kept: {bench.device.status()}, {networks()}", PATIENCE)
            print(f"ok      {fault.__name__.replace('_', ' ')}", flush=True)
        except (AssertionError, subprocess.SubprocessError) as problem:
            failed.append(fault)
            print(f"FAILED  {fault.__name__.replace('_', ' ')}: {problem}", flush=True)
            if fault is not comes_in:
                bench.begin_anew()

    with Site(os.environ["BIN"], keep_folder=True) as site:
        bench = Bench(site)
        bench.start()
        for fault in (*chosen, comes_in):
            run(fault)
        pathlib.Path(os.environ["LAB_OUT"], "device.log").write_bytes(bench.device.log.read_bytes())
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
