# SPDX-License-Identifier: Apache-2.0
"""Programs that nobody here wrote: go-fdo-client, and the go-fdo library as manufacturer, rendezvous server and owner."""

import base64
import json
import os
import re
import shutil
import time
import uuid
import urllib.error
import urllib.request
from pathlib import Path

from fairlead import Process, succeeds, until

HERE = Path(__file__).parent
KEY_TYPES = {"ec256": 10, "ec384": 11}  # pkType of FDO 1.1, section 3.3.4


class Missing(Exception):
    """What is not there, in words for whoever runs this. What does not build where it is there is a failure instead."""


def tool(name, version_of, oldest):
    """The program `name`, if it is not older than `oldest`."""
    program = shutil.which(name)
    if not program:
        raise Missing(f"{name} is not installed ({'.'.join(map(str, oldest))} or newer is needed)")
    said = succeeds([program, *version_of], env={**os.environ, "GOTOOLCHAIN": "local"})
    version = tuple(int(number) for number in re.search(r"(\d+)\.(\d+)", said).groups())
    if version < oldest:
        raise Missing(f"{program} says {said.strip()}; {'.'.join(map(str, oldest))} or newer is needed")
    return program


def build_go(cache):
    """(go-fdo-client, peer): built, or at once where the cache holds them. go.sum pins every byte."""
    go = tool("go", ["env", "GOVERSION"], (1, 25))
    environment = {**os.environ, "GOFLAGS": "-buildvcs=false -mod=readonly", "CGO_ENABLED": "0"}
    succeeds([go, "build", "-p", "2", "-o", f"{cache}/", ".", "github.com/fido-device-onboard/go-fdo-client"],
             "building the Go programs", limit=600, cwd=HERE / "peer", env=environment)
    return cache / "go-fdo-client", cache / "peer"


def build_rust(cache):
    """astarte-peer, in the same way; Cargo.lock pins every byte."""
    cargo = tool("cargo", ["--version"], (1, 88))
    succeeds([cargo, "build", "--locked", "-j", "2", "--target-dir", cache / "rust"],
             "building the Rust program", limit=900, cwd=HERE / "astarte")
    return cache / "rust/debug/astarte-peer"


class Client:
    """go-fdo-client with a credential of its own. `words` of `onboard` are its options."""

    COMPLETE = "FIDO Device Onboard Complete"

    def __init__(self, program, folder, serial, key):
        self.program, self.folder, self.serial, self.key = program, Path(folder), serial, key
        self.folder.mkdir(parents=True)
        self.common = ["--blob", self.folder / "credential", "--key", key]

    def initialize(self, station, encoding):
        succeeds([self.program, "device-init", station, *self.common, "--key-enc", encoding, "--serial-number", self.serial,
                  "--device-info", f"{self.serial} of go-fdo-client"])

    def onboard(self, cipher="A128GCM", *words, kex=None, limit=15, until_said=COMPLETE):
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
            until(f"go-fdo-client says '{until_said}'", over, limit)
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
        self.port = int(until("the peer names its port", lambda: self.process.said().split("\n")[0]))
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
