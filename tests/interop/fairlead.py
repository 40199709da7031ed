# SPDX-License-Identifier: Apache-2.0
"""Our own programs, as the cases use them: a server with its command line, and a device."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))

from plant import Ports, until  # noqa: E402
from toolchains import succeeds  # noqa: E402

PORTS = Ports()


class Process:
    """A program in the background, its output in `log`; ended by its own id, never by name."""

    def __init__(self, command, log, environment=None):
        self.log = Path(log)
        with open(log, "wb") as out:
            self.child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.STDOUT, env=environment)

    def said(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Server:
    """fairlead-server in all roles, without a broker, with the command line to it."""

    def __init__(self, programs, folder, key_type):
        self.programs, self.folder = programs, Path(folder)
        self.folder.mkdir(parents=True)
        self.fdo, api = PORTS.take(), PORTS.take()
        self.url = f"http://127.0.0.1:{self.fdo}"
        config = self.folder / "server.toml"
        config.write_text(f'data = "{self.folder}/data"\nkey_type = "{key_type}"\n'
                          f"[fdo]\nport = {self.fdo}\n[api]\nport = {api}\n[est]\nport = 0\n[broker]\nenabled = false\n")
        self.process = Process([programs / "fairlead-server", "--config", config], self.folder / "log")
        self.options = ["--server", f"http://127.0.0.1:{api}", "--token-file", self.folder / "data/admin-token"]
        until(self.answers, "fairlead-server answers")

    def answers(self):
        if self.process.child.poll() is not None:
            raise AssertionError(f"fairlead-server ended: {self.process.said()[-1500:]}")
        probe = [self.programs / "fairlead", *self.options, "status"]
        return subprocess.run([str(word) for word in probe], capture_output=True).returncode == 0

    def cli(self, *words, **more):
        return succeeds([self.programs / "fairlead", *self.options, *words], f"fairlead {' '.join(map(str, words))}", **more)

    def json(self, *words):
        return json.loads(self.cli("--json", *words))

    def seek_owner_at(self, port, bypass=False):
        """Devices initialised from now on look for their owner at this port."""
        self.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", port, "--owner-port", port,
                 "--protocol", "http", *(["--bypass"] if bypass else []))

    def key(self, which):
        """One of our public keys or certificates as a PEM file."""
        file = self.folder / f"{which}.pem"
        file.write_text(self.cli("factory", "keys", f"--{which}"))
        return file

    def voucher_of(self, serial):
        return self.json("voucher", "list", "--serial", serial)["items"][0]

    def sell(self, serial, to):
        """The voucher of `serial`, extended to the key in file `to`, as a PEM file."""
        return self.sell_guid(self.voucher_of(serial)["guid"], to)

    def sell_guid(self, guid, to, *options):
        file = self.folder / f"{guid}.voucher.pem"
        self.cli("voucher", "extend", guid, "--to", to, "--out", file, *options)
        return file

    def take(self, voucher):
        self.cli("voucher", "import", voucher)

    def trust(self, pem, kind, name):
        self.cli("trust", "add", pem, "--kind", kind, "--name", name)

    def events(self, name, guid):
        """The log's events of this name about this GUID."""
        lines = (json.loads(line) for line in self.process.said().splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("id") == name and line.get("guid") == str(uuid.UUID(guid))]

    def registered(self, guid):
        """Waits until the owner's TO0 has been accepted."""
        return until(lambda: self.events("TO0_REGISTERED", guid), f"TO0 of {guid}")

    def profile(self, name, **document):
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(document))
        self.cli("profile", "put", file, "--id", name)

    def device(self, serial):
        return self.json("device", "show", serial)

    def state_after(self, guid):
        """The state of the device whose voucher of this GUID has been replaced."""
        replacement = next(v for v in self.json("voucher", "list", "--state", "owned")["items"] if v["replaces"] == guid)
        return self.device(replacement["device"])["state"]

    def timeline(self, serial):
        return self.json("explain", serial)["timeline"]["items"]

    def stop(self):
        self.process.stop()


class Device:
    """fairlead-device with a state folder of its own."""

    def __init__(self, programs, folder, serial, key_type="p256", settings=""):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        config = self.folder / "device.toml"
        config.write_text(settings)
        self.command = [programs / "fairlead-device", "--config", config, "--state", self.folder / "state",
                        "--serial", serial, "--key-type", key_type]

    def initialize(self, station):
        succeeds([*self.command, "initialize", "--manufacturer", station], "fairlead-device initialize")

    def run(self):
        """TO1 and TO2 once; what the device logged."""
        done = subprocess.run([str(w) for w in [*self.command, "run", "--once", "--no-connect"]],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"fairlead-device ended with {done.returncode}: {done.stderr[-1500:]}")
        return done.stderr

    def reset(self):
        """Forgets the upstream, keeps the credential: the next run onboards again."""
        succeeds([*self.command, "reset", "--yes"])

    def status(self):
        return json.loads(succeeds([*self.command, "status", "--json"]))

    def file(self, name):
        return self.folder / "state/work" / name
