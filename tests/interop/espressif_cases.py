# SPDX-License-Identifier: Apache-2.0
"""Espressif's provisioning tool beside our device, by HTTP: functions that are one case each, and their table at the end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from fairlead import until
from plant import Device, Site
from supplicant import PASSPHRASE, SSID, Supplicant, address_hook
from toolchains import succeeds

TOOL = Path(__file__).resolve().parent / "espressif/provision.py"
CODE, OLD_CODE = "tested-code-1", "older-code-1"  # of Security 2, and of Security 1 where it is on
WRONG = "wrong-code-1"
WRONG_CODES_MAX = 20  # then the door closes
JOIN = ("join", SSID, PASSPHRASE)


class Bench:
    """A device that waits for somebody beside it, with a Wi-Fi network in reach."""

    def __init__(self, world, site, settings):
        self.modules, self.site = world.espressif_modules, site
        self.address = f"127.0.0.1:{site.ports.take()}"
        self.supplicant = Supplicant(site.folder)
        hook, _ = address_hook(site.folder)
        self.device = Device(site, world.serial(), local=self.address, wifi=self.supplicant.socket, wifi_address_hook=hook,
                             **settings)
        subprocess.run(self.device.command("set-code", "--code-file", "-"), input=CODE + "\n", text=True, check=True,
                       capture_output=True, timeout=60)
        self.device.start()
        self.device.until_said("DEVICE_DOOR_LISTENS")

    def run(self, *steps, security=2):
        """What became of each step, and what the tool said; see provision.py."""
        request = {"transport": "softap", "device": self.address, "security": security, "steps": steps}
        said = json.loads(succeeds([sys.executable, TOOL, json.dumps(request)], "Espressif's tool", limit=120,
                                   env={**os.environ, "PYTHONPATH": str(self.modules)}))
        return said["outcomes"], said["words"]

    def tool(self, *steps, security=2, code=CODE):
        """The same once a session is open."""
        (opened, *outcomes), words = self.run(("open", code), *steps, security=security)
        assert opened is True, (opened, words)
        return outcomes, words

    def fails(self, status, security=2, code=CODE):
        """No session comes about, and that is what the tool hears."""
        (opened,), words = self.run(("open", code), security=security)
        assert hears(status, opened), (opened, words)

    def is_told(self, words):
        until(lambda: any(words in event["why"] for event in self.device.events() if event["id"] == "DEVICE_DOOR_REFUSED"),
              f"the device says '{words}'")

    def keeps_nothing(self):
        assert not self.supplicant.networks, self.supplicant.networks

    def keeps_the_network(self):
        assert self.supplicant.all("psk") == [f'"{PASSPHRASE}"'], self.supplicant.networks
        assert self.supplicant.saved > 0
        for secret in (PASSPHRASE, CODE, OLD_CODE):
            assert secret not in self.device.log.read_text(errors="replace"), "a secret is in the log"


def hears(status, outcome):
    return isinstance(outcome, dict) and f"error code {status}" in outcome["refused"]


@contextlib.contextmanager
def bench(world, **settings):
    with Site(world.ours) as site:
        yield Bench(world, site, settings)


def tool_provisions(world):
    with bench(world) as desk:
        outcomes, words = desk.tool(("version",), ("scan",), ("join", SSID, "wrong horse battery"), JOIN)
        version, networks, first, second = outcomes
        assert version["prov"]["sec_patch_ver"] == 1, version
        assert [(each["ssid"].encode("latin-1").decode(), each["auth"], each["rssi"], each["channel"]) for each in networks] == [
            (SSID, "WPA2_PSK", -30, 1), ("Office", "WPA2_ENTERPRISE", -60, 36), ("Café", "Open", -70, 6)], networks
        assert (first, second) == ("failed", "connected"), outcomes
        assert "Failure reason: Incorrect Password" in words, words
        desk.keeps_the_network()


def tool_names_a_network_that_is_not_there(world):
    with bench(world) as desk:
        outcomes, words = desk.tool(("join", "Elsewhere", PASSPHRASE), ("reset",), JOIN, ("reprovision",))
        assert outcomes == ["failed", True, "connected", True], outcomes
        assert "Failure reason: Incorrect SSID" in words, words
        desk.keeps_the_network()


def tool_names_what_is_no_network(world):
    with bench(world) as desk:
        outcomes, _ = desk.tool(("set", "x" * 33, PASSPHRASE), ("apply",), ("set", SSID, "x" * 65), ("apply",), JOIN)
        assert outcomes == [False, False, False, False, "connected"], outcomes
        desk.keeps_the_network()


def tool_is_started_again(world):
    """By somebody who mistyped: another process, another cookie, and the device expects nobody else."""
    with bench(world) as desk:
        assert desk.tool(("join", SSID, "wrong horse battery"))[0] == ["failed"]
        assert desk.tool(JOIN)[0] == ["connected"]
        desk.keeps_the_network()


def tool_speaks_security_1(world):
    with Site(world.ours) as site:
        file = site.folder / "old-code"
        file.write_text(OLD_CODE + "\n")
        desk = Bench(world, site, {"security1_code_file": file})
        desk.fails(403, security=1, code=WRONG)
        desk.is_told("the code is wrong")
        outcomes, _ = desk.tool(("scan",), ("join", SSID, "wrong horse battery"), JOIN, security=1, code=OLD_CODE)
        assert (len(outcomes[0]), *outcomes[1:]) == (3, "failed", "connected"), outcomes
        desk.keeps_the_network()


def tool_speaks_what_is_not_asked_for(world):
    with bench(world) as desk:
        desk.fails(400, security=1, code=CODE)
        desk.is_told("Security 1 is switched off")
        desk.fails(400, security=0)
        desk.is_told("does not talk without encryption")
        desk.keeps_nothing()
        assert desk.tool(JOIN)[0] == ["connected"]


def tool_has_a_wrong_code(world):
    """One address has to wait, longer each time; then many addresses come."""
    with bench(world) as desk:
        outcomes, words = desk.run(*[("open", WRONG, "127.0.0.2")] * 8)
        assert all(hears(403, each) for each in outcomes[:3]), outcomes
        assert any(hears(429, each) for each in outcomes[3:]), outcomes
        desk.is_told("the code was wrong 3 times; try again in")
        outcomes, words = desk.run(*[("open", WRONG, f"127.0.0.{3 + number // 3}") for number in range(WRONG_CODES_MAX)])
        desk.device.until_said("DEVICE_DOOR_CLOSED", why="too many wrong codes")
        (closed,), _ = desk.run(("open", CODE))
        assert "Connection Failure" in closed["refused"], closed
        desk.keeps_nothing()
        desk.device.process.send_signal(signal.SIGUSR1)  # the button
        until(lambda: desk.device.count("DEVICE_DOOR_LISTENS") == 2, "the door is open again")
        assert desk.tool(JOIN)[0] == ["connected"]
        desk.keeps_the_network()


CASES = [(f"Espressif's tool beside fairlead-device, by HTTP: {name}", function, ()) for name, function in (
    ("Security 2, its networks, a wrong passphrase, then the right one", tool_provisions),
    ("a network that is not there, and begun anew by prov-ctrl", tool_names_a_network_that_is_not_there),
    ("started again at once after a wrong passphrase", tool_is_started_again),
    ("names and passphrases that are none", tool_names_what_is_no_network),
    ("Security 1 where the device was told so", tool_speaks_security_1),
    ("Security 1 and 0 are refused else", tool_speaks_what_is_not_asked_for),
    ("twenty wrong codes close the door, and the button opens it", tool_has_a_wrong_code),
)]
