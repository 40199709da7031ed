# SPDX-License-Identifier: Apache-2.0
"""`fairlead provision --wifi` beside a device with stock firmware of Espressif's, by HTTP, and Espressif's tool beside the same: it
has to find the stand-in right. Functions that are one case each, and their table at the end."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from fairlead import Process, until
from supplicant import PASSPHRASE, SSID
from toolchains import succeeds

HERE = Path(__file__).resolve().parent / "espressif"
CODE, WRONG = "abcd1234", "wrong horse battery"
NO_CODE = ["--button"]
REFUSED, NOT_FOUND, CONFLICT = 3, 4, 5  # exit codes; 3: wrong code, or no way to get in
KINDS = {  # of firmware; what it is weak at has to be said
    "Security 2": ({}, None),
    "Security 2 with one nonce for all messages": ({"patch": 0}, "same nonce"),
    "Security 2 of firmware that says no sec_patch_ver": ({"patch": None}, "same nonce"),
    "Security 1": ({"security": 1}, "not protected against changes"),
}


class Stock:
    """A device with stock firmware, and our command line beside it. It knows no server."""

    def __init__(self, world, settings):
        self.folder = world.folder / world.serial()
        self.folder.mkdir(parents=True)
        self.program, self.modules = world.ours / "fairlead", world.espressif_modules
        self.environment = {**os.environ, "PYTHONPATH": str(self.modules), "XDG_CONFIG_HOME": str(self.folder)}
        device = json.dumps({"code": CODE, "ssid": SSID, "passphrase": PASSPHRASE, **settings})
        self.device = Process([sys.executable, HERE / "stock_http.py", device], self.folder / "device.log",
                              environment=self.environment)
        self.port = int(until(lambda: self.device.said().split("\n")[0], "the stock device listens"))

    def fairlead(self, *words, passphrases=(PASSPHRASE,), code=CODE):
        """(exit code, what was said)"""
        file = self.folder / "code"
        file.write_text(code + "\n")
        proof = () if "--button" in words else ("--code-file", file)
        command = [self.program, words[0], "--address", f"http://127.0.0.1:{self.port}", *proof, *words[1:]]
        done = subprocess.run([str(word) for word in command], input="".join(each + "\n" for each in passphrases), text=True,
                              capture_output=True, timeout=120, env=self.environment)
        return done.returncode, done.stdout + done.stderr

    def tool(self, security, *steps):
        request = {"transport": "softap", "device": f"127.0.0.1:{self.port}", "security": security,
                   "steps": [("open", CODE), *steps]}
        return json.loads(succeeds([sys.executable, HERE / "provision.py", json.dumps(request)], "Espressif's tool", limit=120,
                                   env=self.environment))["outcomes"]

    def joins(self, *words, say=(), **more):
        code, said = self.fairlead("provision", "--wifi", SSID, *words, **more)
        assert code == 0, said
        for each in ("192.168.1.7", "the server knows nothing of it", *say):
            assert each in said, (each, said)
        self.has_joined()

    def has_joined(self):
        until(lambda: f"joined {SSID}" in self.device.said(), "the device is in its network")
        until(lambda: self.device.child.poll() == 0, "the device stops by itself")

    def refuses(self, *words, say, exits=1, **more):
        code, said = self.fairlead("provision", *words, **more)
        assert code == exits and say in said, (code, said)


@contextlib.contextmanager
def stock(world, **settings):
    device = Stock(world, settings)
    try:
        yield device
    finally:
        device.device.stop()


def tool_finds_it_right(world, settings, _):
    with stock(world, **settings) as device:
        opened, networks, first, reset, second = device.tool(
            settings.get("security", 2), ("scan",), ("join", SSID, WRONG), ("reset",), ("join", SSID, PASSPHRASE))
        assert (opened, first, reset, second) == (True, "failed", True, "connected"), (first, reset, second)
        assert len(networks) == 15, networks  # of 16: the tool knows no OWE
        device.has_joined()


def wrong_passphrase_then_right(world, settings, weakness):
    with stock(world, **settings) as device:
        code, said = device.fairlead("networks")
        assert code == 0 and "Padded" in said and "Later" not in said, said
        assert said.count("dBm") == 15, said
        device.joins(passphrases=(WRONG, PASSPHRASE),
                     say=("does not take this passphrase", *([weakness] if weakness else [])))


def wrong_code_is_named(world, settings, _):
    with stock(world, **settings) as device:
        device.refuses("--wifi", SSID, code="abcd1235", exits=REFUSED, say="the code was shown to it, so that is wrong")
        device.joins()


def no_code_at_all(world):
    """One that is given must count: the device that answers could be somebody else's."""
    with stock(world, security=1, no_pop=True) as device:
        device.refuses("--wifi", SSID, exits=REFUSED, say="asks for no code, though you have one")
        device.joins(*NO_CODE, say=("see to it that this is the right device",))


def code_is_wanted(world):
    with stock(world) as device:
        device.refuses("--wifi", SSID, *NO_CODE, exits=REFUSED, say="lets nobody in without its code")


def no_encryption(world):
    with stock(world, security=0) as device:
        device.refuses("--wifi", SSID, *NO_CODE, exits=REFUSED, say="--without-encryption")
        device.joins(*NO_CODE, "--without-encryption", say=("Nothing of what is said now is encrypted",))


def old_firmware(world):
    with stock(world, security=1, version="V0.1") as device:
        code, said = device.fairlead("networks")
        assert code == CONFLICT and "does not list networks" in said, said
        device.joins(say=("not in the device's list",))


def no_way_to_begin_anew(world):
    with stock(world, control=False) as device:
        device.refuses("--wifi", SSID, passphrases=(WRONG, PASSPHRASE), say="Reset the device")


def network_is_not_there(world):
    with stock(world) as device:
        device.refuses("--wifi", "Elsewhere", exits=NOT_FOUND, say="does not find this network")
        device.joins()


def no_network_is_wished_for(world):
    with stock(world) as device:
        device.refuses(exits=CONFLICT, say="Say --wifi NETWORK")


def another_user(world):
    with stock(world, username="installer") as device:
        code, said = device.fairlead("provision", "--wifi", SSID)
        assert code != 0, said
        device.joins("--username", "installer")


BESIDE = "fairlead provision beside stock ESP32 firmware (a stand-in), by HTTP"
CASES = [
    *((f"Espressif's tool beside the stand-in for stock firmware: {name}", tool_finds_it_right, how)
      for name, how in KINDS.items()),
    *((f"{BESIDE}: {name}, sixteen networks, a wrong passphrase, then the right one", wrong_passphrase_then_right, how)
      for name, how in KINDS.items()),
    *((f"{BESIDE}: {name}, a wrong code", wrong_code_is_named, KINDS[name]) for name in ("Security 2", "Security 1")),
    *((f"{BESIDE}: {name}", function, ()) for name, function in (
        ("Security 1 without a code", no_code_at_all), ("no code where it wants one", code_is_wanted),
        ("Security 0 is refused unless asked for", no_encryption), ("a bare version text, no list of networks", old_firmware),
        ("without prov-ctrl, a wrong passphrase", no_way_to_begin_anew), ("a network that is not there", network_is_not_there),
        ("no network is wished for", no_network_is_wished_for), ("another user name", another_user))),
]
