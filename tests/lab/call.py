#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that nobody stands beside gets its Wi-Fi network from the server; runs inside tools/radio-lab.

It has its credential from the factory and no network, and calls (chirps) by the key on its label. An access point that
relays brings the call to the server, which knows the label from the voucher's papers and gives it the site's network by
Wi-Fi Easy Connect. By that the device finds its owner, and comes online.
"""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from phone import AT_DEVICE, CODE, PASSPHRASE, PATIENCE, SERIAL, SSID, Story, lab_server, tell  # noqa: E402
from plant import Device, until  # noqa: E402
from radios import AccessPoint, networks  # noqa: E402

DPP_PORT = 8908  # the only one that hostapd dials


def sell_to_itself(server, device):
    """Maker and owner are one here."""
    guid = device.made()
    server.api("POST", "/trusted-keys", {"kind": "manufacturer", "name": "The maker",
                                         "pem": server.api("GET", "/keys")["manufacturer"]})
    server.import_voucher(server.sell(guid, server))
    until(lambda: server.is_registered(guid), "the voucher is registered", PATIENCE)


def label_of(device, folder):
    """The bootstrapping URI on it."""
    code = folder / "code"
    code.write_text(CODE + "\n")
    said = subprocess.run(device.command("set-code", "--code-file", code), check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[1])["dpp"]


def give_network(server, label):
    """To devices of the profile, and to this one as it is labelled."""
    subprocess.run(server.command("profile", "set-wifi", "default", "--ssid", SSID), input=PASSPHRASE + "\n", text=True,
                   check=True)
    server.cli("device", "dpp", SERIAL, label)


def run(site, report):
    story = Story()
    server = lab_server(site)
    server.settings["dpp"] = {"address": os.environ["LAB_AP_ADDRESS"], "port": DPP_PORT}
    server.start()
    server.set_rendezvous(server.directive())
    device = Device(site, SERIAL, server, wifi=f"{os.environ['LAB_WPA']}/{os.environ['LAB_STAS'].split()[0]}",
                    wifi_address_hook=os.environ["LAB_DHCP"])
    sell_to_itself(server, device)
    label = label_of(device, site.folder)
    give_network(server, label)
    story.say(f"The device is made and sold; its label says {label}")
    relay = [f"dpp_controller=ipaddr={os.environ['LAB_AP_ADDRESS']} pkhash={server.json('dpp')['hash']}",
             "dpp_configurator_connectivity=1"]
    with AccessPoint().set(*relay):
        assert not networks(), networks()
        device.start(more=["--call-for-network"], prefix=AT_DEVICE)
        switched_on = story.say("The device is switched on", action=True)
        device.until_said("DEVICE_CALLS", PATIENCE)
        story.say("The device calls for whoever knows its label")
        device.until_said("DEVICE_NETWORK_RECEIVED", PATIENCE, network=SSID)
        story.say("The server has given it a network, through the access point")
        device.until_said("DEVICE_WIFI_KEPT", PATIENCE)
        story.say("The device has joined and kept it")
        device.until_said("TELEMETRY_SENT", PATIENCE)
        server.until_online(SERIAL, PATIENCE)
        online = story.say("The broker sees the device online")
        assert len(networks()) == 1 and SSID in networks()[0], networks()
        explained = server.cli("explain", SERIAL)
        assert "Easy Connect" in explained, explained
        report.update(online=True, user_actions=story.actions, protocol_s=round(online - switched_on, 2), steps=story.steps)


if __name__ == "__main__":
    tell(run, {"online": False})
