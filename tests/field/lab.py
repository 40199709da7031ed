# SPDX-License-Identifier: Apache-2.0
"""Real servers, devices and brokers on this machine, for tests of whole ways through life.

Everything lives in one temporary folder and ends with the `with` block, whatever happens in it.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def eventually(what, condition, seconds=30):
    """Waits until `condition()` is true, and returns what it returned; fails in words."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def events(log):
    """The events in a log file, as dictionaries."""
    out = []
    for line in log.read_text(errors="replace").splitlines():
        try:
            out.append(json.loads(line))
        except ValueError:
            pass  # the broker's own lines, or one that is being written
    return out


def count(log, event):
    return sum(each.get("id") == event for each in events(log))


class Server:
    """fairlead-server with some of its roles; `fairlead` speaks to it by cli()."""

    def __init__(self, lab, name, roles, host="127.0.0.1", settings="", fdo="", broker=False):
        self.lab, self.name, self.host = lab, name, host
        self.folder = lab.folder / name
        self.folder.mkdir()
        self.fdo_port, self.api_port, self.broker_port = (free_port(host) for _ in range(3))
        self.log = lab.folder / f"{name}.log"
        config = self.folder / "server.toml"
        flags = "\n".join(f"{role} = {str(role in roles).lower()}"
                          for role in ("factory", "rendezvous", "owner"))
        config.write_text(
            f'data = "{self.folder}/data"\npublic_host = "{host}"\n{settings}\n'
            f'[fdo]\naddress = "{host}"\nport = {self.fdo_port}\n{fdo}\n'
            f'[api]\nport = {self.api_port}\n'
            f'[broker]\nenabled = {str(broker).lower()}\naddress = "{host}"\n'
            f'port = {self.broker_port}\nplugin = "{lab.bin}/fairlead-mosquitto.so"\n'
            f'[roles]\n{flags}\n')
        lab.start([lab.bin / "fairlead-server", "--config", config], self.log)
        token = self.folder / "data" / "admin-token"
        eventually(f"{name} is up", lambda: token.exists() and token.read_text().strip())
        eventually(f"{name} answers", lambda: self.try_cli("status").returncode == 0)

    def try_cli(self, *arguments):
        command = [self.lab.bin / "fairlead", "--server", f"http://127.0.0.1:{self.api_port}",
                   "--token-file", self.folder / "data" / "admin-token", "--json", *arguments]
        return subprocess.run([str(each) for each in command], capture_output=True, text=True)

    def cli(self, *arguments):
        done = self.try_cli(*arguments)
        assert done.returncode == 0, f"{self.name}: {arguments}: {done.stderr}"
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout

    def key(self, kind):
        """A file with the public key of this server as `manufacturer` or `owner`."""
        file = self.folder / f"{kind}.pem"
        file.write_text(self.cli("factory", "keys")[kind])
        return file

    def trust(self, key):
        self.cli("trust", "add", key, "--kind", "manufacturer", "--name", key.parent.name)

    def sell(self, guid, buyer, *options):
        """Extends the voucher to the buyer's key; a file with it."""
        sold = self.cli("voucher", "extend", guid, "--to", buyer.key("owner"), *options)
        file = self.folder / f"{guid}-for-{buyer.name}.pem"
        file.write_text(sold["pem"])
        return file

    def device(self, serial):
        found = [each for each in self.cli("device", "list")["items"] if each["serial"] == serial]
        return found[0] if found else None

    def is_online(self, serial):
        device = self.device(serial)
        return device and device["state"] == "online"


class Device:
    """fairlead-device in a folder of its own."""

    def __init__(self, lab, serial, *options):
        self.lab, self.serial = lab, serial
        self.state = lab.folder / serial
        self.log = lab.folder / f"{serial}.log"
        self.options = ["--state", self.state, "--serial", serial, "--model", "Lab", *options]
        self.process = None

    def command(self, name, *more):
        return [str(each) for each in (self.lab.bin / "fairlead-device", name, *self.options, *more)]

    def initialize(self, station):
        url = f"http://{bracketed(station.host)}:{station.fdo_port}"
        if "tls = true" in (station.folder / "server.toml").read_text().split("[api]")[0]:
            url = url.replace("http:", "https:")
        with self.log.open("ab") as log:
            subprocess.run(self.command("initialize", "--manufacturer", url), stderr=log, check=True,
                           stdout=subprocess.DEVNULL, timeout=60)

    def switch_on(self):
        self.process = self.lab.start(self.command("run"), self.log)

    def switch_off(self):
        self.lab.stop(self.process)

    def status(self):
        done = subprocess.run([str(self.lab.bin / "fairlead-device"), "status", "--json",
                               "--state", str(self.state)],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def bracketed(host):
    return f"[{host}]" if ":" in host else host


class Lab:
    def __init__(self, bin_folder):
        self.bin = pathlib.Path(bin_folder).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-field-"))
        self.folder.chmod(0o755)  # the broker runs as another user and has to reach its folder
        self.children = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for child in reversed(self.children):
            self.stop(child)
        if kind is None:
            shutil.rmtree(self.folder)
            return
        print(f"logs are in {self.folder}")
        for log in sorted(self.folder.glob("*.log")):
            print(f"== {log.name}", *log.read_text(errors="replace").splitlines()[-12:], sep="\n")

    def start(self, command, log):
        with log.open("ab") as out:
            child = subprocess.Popen([str(each) for each in command], stderr=out,
                                     stdout=subprocess.DEVNULL)
        self.children.append(child)
        return child

    def stop(self, child):
        if child in self.children:
            self.children.remove(child)
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def bin_folder():
    return os.environ["FAIRLEAD_BIN"]
