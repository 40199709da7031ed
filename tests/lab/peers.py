#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A phone that nobody here wrote beside our device, by Bluetooth: bumble's stack, and messages and ciphers of Espressif's tool.
Runs inside tools/radio-lab with three controllers: the device is on hci1 and wlan1, bumble has hci2 for itself. After each story
the device keeps nothing and can still be provisioned.

peers.py [STORY...]    only those whose names hold one of these words
"""
import asyncio
import json
import os
import pathlib
import random
import subprocess
import sys

from bumble import att
from bumble_phone import Phone, controller
from phone import AT_DEVICE, CODE, PASSPHRASE, PATIENCE, RADIO, SERIAL, SSID
from plant import Device, Site, until
from rmaker_tools.rmaker_local_ctrl import esp_prov

USER, WRONG = "wifiprov", "wrong-code-1"
INVALID_OFFSET, INVALID_LENGTH = 0x07, 0x0D
WRONG_CODE, MALFORMED, WAIT, BUSY = 0x81, 0x82, 0x84, 0x85
ENDPOINTS = ["fairlead", "proto-ver", "prov-config", "prov-ctrl", "prov-scan", "prov-session"]

esp_prov.config_throw_except = True


class Bench:
    def __init__(self, site):
        self.device = Device(site, SERIAL, bluetooth_adapter="hci1", wifi=f"{os.environ['LAB_WPA']}/{RADIO}",
                             wifi_address_hook=os.environ["LAB_DHCP"])
        code = site.folder / "code"
        code.write_text(CODE + "\n")
        label = subprocess.run(self.device.command("set-code", "--code-file", code), check=True, capture_output=True, text=True)
        self.name = json.loads(label.stdout.splitlines()[1])["name"]
        self.device.start(prefix=AT_DEVICE)
        self.device.until_said("DEVICE_BLUETOOTH_ADVERTISES", PATIENCE)
        told = subprocess.check_output(["hciconfig", "hci1"], text=True)
        self.address = told.split("BD Address: ")[1].split()[0]
        self.phone = None

    async def away(self):
        """No link is left: else the next one would be a second phone."""
        await asyncio.to_thread(until, lambda: self.device.count("DEVICE_BLUETOOTH_CONNECTED") ==
                                self.device.count("DEVICE_BLUETOOTH_LEFT"), "the device sees the phone go", PATIENCE)

    def says_its_version(self, answer):
        assert json.loads(answer)["prov"]["sec_patch_ver"] == 1, answer


def networks():
    """What the device's wpa_supplicant knows."""
    cli = ["wpa_cli", "-p", os.environ["LAB_WPA"], "-i", RADIO]
    return subprocess.run([*cli, "list_networks"], capture_output=True, text=True).stdout.splitlines()[1:]


def forget_networks():
    cli = ["wpa_cli", "-p", os.environ["LAB_WPA"], "-i", RADIO]
    for command in (["remove_network", "all"], ["save_config"]):
        subprocess.run([*cli, *command], capture_output=True, check=True)


async def session(link, code=CODE):
    """Of Espressif's tool, over bumble."""
    security = esp_prov.get_security(2, await esp_prov.get_sec_patch_ver(link), USER, code)
    await esp_prov.establish_session(link, security)
    return security


async def handshake_error(link, code):
    """The ATT error that a handshake ends with."""
    try:
        await session(link, code)
    except RuntimeError as error:
        return int(str(error).split("0x")[1], 16)
    return None


async def join(link, security, passphrase):
    assert await esp_prov.send_wifi_config(link, security, SSID, passphrase)
    assert await esp_prov.apply_wifi_config(link, security)
    while (state := await esp_prov.get_wifi_config(link, security)) == "connecting":
        await asyncio.sleep(0.2)
    return state


async def bumble_sees_the_table_of_stock_firmware(bench):
    async with bench.phone.link() as link:
        assert sorted(link.endpoints) == ENDPOINTS, link.endpoints
        assert await link.read("prov-session") == b"", "something could be read before it was asked"
        assert await link.write("prov-session", b"") is None, "an empty write is ignored"
        bench.says_its_version(await link.ask("proto-ver", b"ESP"))


async def an_mtu_of_23_is_enough(bench):
    async with bench.phone.link(mtu=23) as link:
        security = await session(link)
        assert link.client.mtu == 23, link.client.mtu
        heard = await esp_prov.scan_wifi_APs("ble", link, security)
        assert SSID in [each["ssid"] for each in heard], heard
        assert await join(link, security, "wrong horse battery") == "failed"
        assert await join(link, security, PASSPHRASE) == "connected"
    assert len(networks()) == 1, networks()


async def writes_at_wrong_offsets_and_of_wrong_sizes(bench):
    async with bench.phone.link() as link:
        errors = [await link.prepare("prov-session", 5, b"late"), await link.execute()]
        assert INVALID_OFFSET in errors, errors
        errors = [await link.prepare("prov-session", 0, bytes(500)), await link.prepare("prov-session", 500, bytes(13)),
                  await link.execute()]
        assert INVALID_LENGTH in errors, errors
        errors = [await link.prepare("prov-session", 0, b"never mind"), await link.execute(flags=0)]
        assert errors == [att.ATT_Prepare_Write_Response, att.ATT_Execute_Write_Response], errors
        assert await link.read("prov-session") == b"", "what was cancelled was answered"
        assert await link.write("prov-session", bytes(400)) == MALFORMED
        bench.says_its_version(await link.ask("proto-ver", b"ESP"))
        assert await link.read_at("proto-ver", 500) == INVALID_OFFSET
        assert await handshake_error(link, CODE) is None


async def malformed_messages(bench):
    """Noise, and good messages with a bit turned, at every endpoint, with and without a session."""
    luck = random.Random(7)
    good = esp_prov.get_security(2, 1, USER, CODE).security_session(None).encode("latin-1")
    async with bench.phone.link() as link:
        for turn in range(120):
            if turn % 10 == 0:
                await session(link)
            value = bytearray(good if turn % 2 else luck.randbytes(luck.randint(1, 512)))
            value[luck.randrange(len(value))] ^= 1 << luck.randrange(8)
            endpoint = ENDPOINTS[turn % len(ENDPOINTS)]
            answer = await link.ask(endpoint, bytes(value))
            assert isinstance(answer, bytes) or 0x80 <= answer <= BUSY, (endpoint, answer)
            assert endpoint in ("proto-ver", "prov-session") or answer == MALFORMED, (endpoint, answer)
        assert await handshake_error(link, CODE) is None


class Recorder:
    """A link that remembers what was written."""

    def __init__(self, link):
        self.link, self.written = link, []

    async def send_data(self, endpoint, data):
        self.written.append((endpoint, data.encode("latin-1")))
        return await self.link.send_data(endpoint, data)


async def a_recorded_session_is_played_again(bench):
    async with bench.phone.link() as link:
        recorder = Recorder(link)
        security = await session(recorder)
        assert await esp_prov.send_wifi_config(recorder, security, SSID, PASSPHRASE)
        for endpoint, value in recorder.written[-1:] * 2:  # in the same session: the counter has moved on
            assert await link.ask(endpoint, value) == MALFORMED
    await bench.away()
    async with bench.phone.link() as link:
        answers = [await link.ask(endpoint, value) for endpoint, value in recorder.written]
        version, cmd0, cmd1, command = answers
        assert isinstance(version, bytes) and isinstance(cmd0, bytes), answers
        assert (cmd1, command) == (WRONG_CODE, MALFORMED), answers


async def wrong_codes_by_the_hundred(bench):
    """Their sender waits, longer each time, and with the right code comes in after that."""
    async with bench.phone.link() as link:
        errors = [await handshake_error(link, WRONG) for _ in range(100)]
        assert errors[:3] == [WRONG_CODE] * 3 and set(errors) == {WRONG_CODE, WAIT}, errors
        print(f"        {errors.count(WRONG_CODE)} of a hundred wrong codes were looked at", flush=True)
        bench.says_its_version(await link.ask("proto-ver", b"ESP"))
        while (error := await handshake_error(link, CODE)) == WAIT:
            await asyncio.sleep(0.5)
        assert error is None, error


STORIES = (bumble_sees_the_table_of_stock_firmware, writes_at_wrong_offsets_and_of_wrong_sizes, malformed_messages,
           a_recorded_session_is_played_again, an_mtu_of_23_is_enough, wrong_codes_by_the_hundred)


async def tell(story, bench):
    """Whether it went well."""
    try:
        await bench.away()
        await story(bench)
        assert len(networks()) == (story is an_mtu_of_23_is_enough), networks()
        forget_networks()
        assert bench.device.status()["state"] == "uninitialized", "something was kept"
        print(f"ok      {story.__name__.replace('_', ' ')}", flush=True)
        return True
    except Exception as problem:  # whatever it is, the others go on
        print(f"FAILED  {story.__name__.replace('_', ' ')}: {type(problem).__name__} {problem}", flush=True)
        return False


async def run(bench):
    chosen = [each for each in STORIES if not sys.argv[1:] or any(word in each.__name__ for word in sys.argv[1:])]
    async with controller("hci2") as device:
        bench.phone = Phone(device, bench.address)
        return all([await tell(story, bench) for story in chosen])


def main():
    with Site(os.environ["BIN"], keep_folder=True) as site:
        bench = Bench(site)
        fine = asyncio.run(run(bench))
        pathlib.Path(os.environ["LAB_OUT"], "device.log").write_bytes(bench.device.log.read_bytes())
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
