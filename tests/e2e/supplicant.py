# SPDX-License-Identifier: Apache-2.0
"""Wi-Fi for a device without a radio: a control socket that says what wpa_supplicant 2.10 said in scripts/radio-lab. The
"network" is the loopback interface."""

import contextlib
import socket
import threading

SSID, PASSPHRASE = "PlantFloor", "correct horse battery"
SCAN_RESULTS = ("bssid / frequency / signal level / flags / ssid\n"
                "02:00:00:00:00:00\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tPlantFloor\n"
                "02:00:00:00:01:00\t5180\t-60\t[WPA2-EAP-CCMP][ESS]\tOffice\n"
                "02:00:00:00:02:00\t2437\t-70\t[ESS]\tCaf\\xc3\\xa9\n")
HOOK = """#!/bin/sh
echo "$1" >> {notes}
[ ! -e {notes}.no-address ] || {{ echo "no lease" >&2; exit 1; }}
"""


class Supplicant:
    """The control socket of interface lo, at which one network can be joined."""

    def __init__(self, folder):
        self.socket = folder / "lo"
        self.networks, self.next, self.saved, self.listeners = {}, 0, 0, []
        self.current = None
        self.fails_to_save = False
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.server.bind(str(self.socket))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            command, peer = self.server.recvfrom(4096)
            command = command.decode("utf-8", "surrogateescape")
            if command == "ATTACH":
                self.listeners.append(peer)
            self.send(self.answer(command), peer)
            if command == "SCAN":
                self.say("CTRL-EVENT-SCAN-RESULTS ")
            if command.startswith("SELECT_NETWORK "):
                self.join(command.split()[1])

    def send(self, text, peer):
        with contextlib.suppress(OSError):  # who asked is gone
            self.server.sendto(text.encode("utf-8", "surrogateescape"), peer)

    def say(self, event):
        for each in self.listeners:
            self.send("<3>" + event, each)

    def join(self, number):
        network = self.networks[number]
        self.current = None
        if bytes.fromhex(network["ssid"]).decode() != SSID:
            self.say("CTRL-EVENT-NETWORK-NOT-FOUND ")
            self.say("CTRL-EVENT-NETWORK-NOT-FOUND ")
        elif network.get("psk") != f'"{PASSPHRASE}"':
            self.say(f'CTRL-EVENT-SSID-TEMP-DISABLED id={number} ssid="{SSID}" auth_failures=1 duration=10 reason=WRONG_KEY')
        else:
            self.current = number
            self.say(f"CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:00 completed [id={number} id_str=]")

    def answer(self, command):
        words = command.split(" ", 3)
        known = self.networks.get(words[1]) if len(words) > 1 else None
        match words[0]:
            case "PING":
                return "PONG\n"
            case "SCAN_RESULTS":
                return SCAN_RESULTS
            case "STATUS":
                return f"bssid=02:00:00:00:00:00\nid={self.current}\n"
            case "LIST_NETWORKS":
                return "network id / ssid / bssid / flags\n" + "".join(f"{number}\tx\tany\t\n" for number in self.networks)
            case "ADD_NETWORK":
                self.networks[str(self.next)] = {}
                self.next += 1
                return f"{self.next - 1}\n"
            case "SAVE_CONFIG":
                self.saved += not self.fails_to_save
                return "FAIL\n" if self.fails_to_save else "OK\n"
            case "SET_NETWORK":
                known[words[2]] = words[3]
            case "GET_NETWORK":
                return known.get(words[2], "FAIL\n")
            case "REMOVE_NETWORK":
                del self.networks[words[1]]
        return "OK\n"

    def there(self, yes):
        """Whether it can be reached."""
        away = self.socket.with_suffix(".away")
        away.rename(self.socket) if yes else self.socket.rename(away)

    def all(self, name):
        return [network.get(name) for network in self.networks.values()]


def address_hook(folder):
    """(hook, notes): a program that gives an address, unless NOTES.no-address is there, and notes for which interface."""
    notes, hook = folder / "notes", folder / "address-hook"
    hook.write_text(HOOK.format(notes=notes))
    hook.chmod(0o755)
    return hook, notes
