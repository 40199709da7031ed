#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Espressif's provisioning tool, step by step. What is said to the device is said by modules of esp-rainmaker-cli, which holds
it; its own command asks for a login to a cloud first. PYTHONPATH is what toolchains.py
makes.

provision.py REQUEST    {"transport": "softap" or "ble", "device": ADDRESS or NAME, "security": 0 to 2,
                         "steps": [[NAME, ARGUMENTS...]...]}

Prints {"outcomes": [of each step, {"refused": WHY} where the tool gave it up...], "words": what the tool said}."""

import contextlib
import functools
import http.client
import io
import json
import sys
import time

from rmaker_tools.common.transport import transport_http
from rmaker_tools.rmaker_prov.prov import prov_util

USERNAME = "wifiprov"
PAUSE, PATIENCE = 0.2, 60.0  # seconds; between two questions the tool itself waits 5


class Session:
    def __init__(self, request):
        self.request = request
        self.transport = self.security = None

    def open(self, code, own_address=""):
        """A new session of a new client."""
        if own_address:
            transport_http.HTTPConnection = functools.partial(http.client.HTTPConnection, source_address=(own_address, 0))
        self.transport = prov_util.get_transport(self.request["transport"], self.request["device"])
        patch = prov_util.get_sec_patch_ver(self.transport)
        self.security = prov_util.get_security(self.request["security"], patch, USERNAME, code, code)
        return prov_util.establish_session(self.transport, self.security)

    def version(self):
        return json.loads(prov_util.get_version(self.transport))

    def scan(self):
        assert prov_util.has_capability(self.transport, "wifi_scan")
        return prov_util.scan_wifi_APs(self.request["transport"], self.transport, self.security)

    def set(self, ssid, passphrase):
        return prov_util.send_wifi_config(self.transport, self.security, ssid, passphrase)

    def apply(self):
        return prov_util.apply_wifi_config(self.transport, self.security)

    def state(self):
        """When it is no longer connecting."""
        end = time.monotonic() + PATIENCE
        while (state := prov_util.get_wifi_config(self.transport, self.security)) == "connecting":
            assert time.monotonic() < end, "it is still connecting"
            time.sleep(PAUSE)
        return state

    def join(self, ssid, passphrase):
        assert self.set(ssid, passphrase) and self.apply()
        return self.state()

    def reset(self):
        return prov_util.ctrl_reset(self.transport, self.security)

    def reprovision(self):
        return prov_util.ctrl_reprov(self.transport, self.security)


def outcome_of(step, arguments):
    try:
        return step(*arguments)
    except Exception as error:  # the tool raises many kinds; which one is part of the outcome
        return {"refused": f"{type(error).__name__}: {error}"}


def main():
    request = json.loads(sys.argv[1])
    words, session = io.StringIO(), Session(request)
    with contextlib.redirect_stdout(words):
        outcomes = [outcome_of(getattr(session, name), arguments) for name, *arguments in request["steps"]]
    print(json.dumps({"outcomes": outcomes, "words": words.getvalue()}))


if __name__ == "__main__":
    main()
