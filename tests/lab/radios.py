# SPDX-License-Identifier: Apache-2.0
"""The daemons that tools/radio-lab started, for stories that change or end them."""
import contextlib
import os
import pathlib
import signal
import subprocess

from phone import AT_DEVICE, PATIENCE, RADIO, SSID
from plant import until


def wpa(command):
    cli = ["wpa_cli", "-p", os.environ["LAB_WPA"], "-i", RADIO, command]
    return subprocess.run(cli, capture_output=True, text=True).stdout


def networks():
    """What the device's wpa_supplicant knows."""
    return wpa("list_networks").splitlines()[1:]


def forget_networks():
    """Everything that the device's wpa_supplicant knows, on its disk too."""
    wpa("remove_network all")
    wpa("save_config")


class Daemon:
    """One that the lab started, and those that follow it."""

    def __init__(self, name, holding=""):
        pids = subprocess.check_output(["pidof", name], text=True).split()
        self.pid, self.command = next((int(pid), words) for pid, words in ((pid, self.words(pid)) for pid in pids)
                                      if any(holding in word for word in words))
        self.name = name

    @staticmethod
    def words(pid):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: self.state() in "Z", f"{self.name} is dead", PATIENCE)

    def state(self):
        with contextlib.suppress(FileNotFoundError):
            return pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return "Z"

    def start(self, prefix=()):
        words = [word for word in self.command if word != "-B"]
        log = open(f"{os.environ['LAB_LOG']}/{self.name}-again.log", "ab")
        self.pid = subprocess.Popen([*prefix, *words], stdout=log, stderr=log).pid


class AccessPoint:
    """hostapd of the lab, with other settings for a while."""

    def __init__(self):
        self.daemon = Daemon("hostapd")
        self.file = pathlib.Path(next(word for word in self.daemon.command if word.endswith(".conf")))
        self.usual = self.file.read_text()

    @contextlib.contextmanager
    def set(self, *lines):
        self.again(self.usual + "".join(line + "\n" for line in lines))
        try:
            yield
        finally:
            self.again(self.usual)

    def again(self, text):
        self.daemon.kill()
        self.file.write_text(text)
        self.daemon.start()  # this process is in its network namespace
        cli = ["hostapd_cli", "-p", os.environ["LAB_HOSTAPD"], "-i", os.environ["LAB_AP"], "status"]
        until(lambda: "state=ENABLED" in subprocess.run(cli, capture_output=True, text=True).stdout, "the access point is back",
              PATIENCE)
        if "ignore_broadcast_ssid=1" not in text:
            until(lambda: self.is_heard(with_sae="=SAE" in text), "the device hears the access point as it is", PATIENCE)

    @staticmethod
    def is_heard(with_sae):
        """The kernel shows the last answer to a probe, however old, while it hears beacons; so it is asked for until a new
        one comes."""
        wpa("scan")
        heard = [line for line in wpa("scan_results").splitlines() if line.endswith("\t" + SSID)]
        return any(("SAE" in line) == with_sae for line in heard)
