# SPDX-License-Identifier: Apache-2.0
"""Servers of the benchmarks that are driven by the command line, as in scripts/demo."""
import json
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.005)
    return found


def events(log, event_id):
    """The events of one kind in a log of JSON lines; a line that is still being written is left out."""
    found = []
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            if f'"id":"{event_id}"' in line and line.endswith("}"):
                found.append(json.loads(line))
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def private_bytes(pid):
    """Memory that nothing but this process has: what it has changed."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Anonymous:", "Swap:"))) * 1024


class Server:
    def __init__(self, binaries, folder, broker_port=None):
        self.binaries, self.folder = binaries, folder
        folder.mkdir(exist_ok=True)
        self.log = folder / "server.log"
        # Not 0: the owner registers itself at the rendezvous server under the port that is set.
        (folder / "server.toml").write_text(
            f'data = "{folder}/data"\n[fdo]\nport = {free_port()}\n[api]\nport = 0\n[est]\nport = 0\n[broker]\n'
            f"enabled = {'true' if broker_port else 'false'}\nport = {broker_port or 8883}\n"
            f'plugin = "{binaries}/fairlead-mosquitto.so"\n')
        self.process = subprocess.Popen([binaries / "fairlead-server", "--config", folder / "server.toml"],
                                        stderr=self.log.open("w"))
        ports = wait_for("the server's ports", lambda: (seen := events(self.log, "HTTP_LISTENING")) and len(seen) == 2
                         and [each["port"] for each in seen], 60)
        self.fdo_port, self.api_port = ports
        self.token_file = folder / "data/admin-token"

    def cli(self, *arguments, check=True, **options):
        command = [self.binaries / "fairlead", "--server", f"http://127.0.0.1:{self.api_port}", "--token-file",
                   self.token_file, *map(str, arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=check, **options)

    def json(self, *arguments):
        return json.loads(self.cli("--json", *arguments).stdout)

    def post(self, target, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{target}", json.dumps(body).encode(), method="POST",
            headers={"Authorization": "Bearer " + self.token_file.read_text().strip(),
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
