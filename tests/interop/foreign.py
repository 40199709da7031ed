# SPDX-License-Identifier: Apache-2.0
"""Programs that nobody here wrote: go-fdo-client, and the go-fdo library as manufacturer, rendezvous server and owner."""

import base64
import json
import time
import uuid
import urllib.error
import urllib.request
from pathlib import Path

from fairlead import Process, until
from toolchains import succeeds

KEY_TYPES = {"ec256": 10, "ec384": 11}  # pkType of FDO 1.1, section 3.3.4


class Client:
    """go-fdo-client with a credential of its own. `words` of `onboard` are its options."""

    COMPLETE = "FIDO Device Onboard Complete"

    def __init__(self, program, folder, serial, key):
        self.program, self.folder, self.serial, self.key = program, Path(folder), serial, key
        self.info = f"{serial} of go-fdo-client"
        self.folder.mkdir(parents=True)
        self.common = ["--blob", self.folder / "credential", "--key", key]

    def initialize(self, station, encoding):
        succeeds([self.program, "device-init", station, *self.common, "--key-enc", encoding, "--serial-number", self.serial,
                  "--device-info", self.info])

    def onboard(self, cipher="A128GCM", *words, kex=None, until_said=COMPLETE):
        """Runs until it says `until_said`; a failure ends the case at once, since this program tries for ever."""
        kex = kex or self.key.replace("ec", "ECDH")
        log = self.folder / f"onboard-{time.monotonic_ns()}.log"
        process = Process([self.program, "onboard", *self.common, "--kex", kex, "--cipher", cipher,
                           "--default-working-dir", self.folder, *words], log)

        def over():
            said = process.said()
            if until_said in said:
                return True
            if until_said == self.COMPLETE and any(sign in said for sign in ("TO2 failed", "All TO1 attempts failed")):
                raise AssertionError(f"go-fdo-client: {said[-900:]}")
            if process.child.poll() is not None:
                raise AssertionError(f"go-fdo-client ended with {process.child.returncode}: {said[-900:]}")
            return False

        try:
            until(over, f"go-fdo-client says '{until_said}'")
            if until_said == self.COMPLETE:
                process.child.wait(10)  # it writes its credential after the word
        finally:
            process.stop()
        return process.said()


class Astarte:
    """astarte-device-fdo as a program (astarte/src/main.rs), with a folder of its own; P-256, A256GCM or what it likes."""

    def __init__(self, program, folder, serial):
        self.program, self.folder, self.serial = program, Path(folder), serial
        self.folder.mkdir(parents=True)

    def initialize(self, station):
        succeeds([self.program, "device-init", self.folder, station, self.serial], "astarte-device-fdo, DI", limit=20)

    def onboard(self):
        succeeds([self.program, "onboard", self.folder, self.serial], "astarte-device-fdo, TO1 and TO2", limit=20)


class Peer:
    """peer/main.go: the go-fdo library in the three server roles."""

    def __init__(self, program, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.process = Process([program, "-folder", self.folder], self.folder / "log")
        self.port = int(until(lambda: self.process.said().split("\n")[0], "the peer names its port"))
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=body)
        try:
            with urllib.request.urlopen(request, timeout=15) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"go-fdo said to {path}: {error.read().decode(errors='replace').strip()}") from None

    def seek_owner_at(self, port, bypass=False):
        self.call("/rv", json.dumps({"Port": port, "Bypass": bypass}).encode())

    def plan(self, *actions, reuse=False):
        """What the owner does with the next devices. `Content` of an action is bytes."""
        ready = [{k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in a.items()} for a in actions]
        self.call("/plan", json.dumps({"Reuse": reuse, "Actions": ready}).encode())

    def certificate(self, role, key, file):
        Path(file).write_bytes(self.call(f"/keys/{role}/{KEY_TYPES[key]}"))
        return file

    def voucher(self, guid, file):
        Path(file).write_bytes(self.call(f"/vouchers/{guid.replace('-', '')}"))
        return file

    def take(self, voucher):
        self.call("/vouchers", Path(voucher).read_bytes())

    def initialized(self, serial):
        """The GUID that this station gave to the device of this serial."""
        return str(uuid.UUID(self.call(f"/initialized/{serial}").decode()))

    def sell(self, guid, to, file, resale=False):
        """Extends the voucher to the key in PEM file `to`; `resale` if it has no entry since a TO2 made it."""
        path = f"/extend/{guid.replace('-', '')}{'?resale' if resale else ''}"
        Path(file).write_bytes(self.call(path, Path(to).read_bytes()))
        return file

    def register(self, guid, rendezvous, owner_port):
        """TO0; the seconds that the rendezvous server granted."""
        return int(self.call(f"/register/{guid.replace('-', '')}?rv={rendezvous}&port={owner_port}", b""))

    def stop(self):
        self.process.stop()
