#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two servers on one registry and keystore, and a balancer that gives each message to the other one:
a device is made and onboarded through both, and again after one of them was killed and started anew
in the middle of a run."""
import argparse
import http.client
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

from plant import Ports, until

parser = argparse.ArgumentParser()
parser.add_argument("--bin", type=pathlib.Path, required=True)
BIN = parser.parse_args().bin


class Server:
    def __init__(self, lab, name, ports):
        self.folder, self.fdo, self.api = lab / name, ports.take(), ports.take()
        self.folder.mkdir()
        self.log = self.folder / "log"
        (self.folder / "server.toml").write_text(f"""
data = "{self.folder}"
registry = "{lab}/registry.db"
keystore = "file:{lab}/keystore"
sessions = "registry"
[fdo]
port = {self.fdo}
[api]
port = {self.api}
[broker]
enabled = false
port = {ports.take()}
""")
        self.start()

    def start(self):
        self.process = subprocess.Popen([BIN / "fairlead-server", "--config", self.folder / "server.toml"],
                                        stderr=self.log.open("a"))
        until(self.listens, f"{self.folder.name} listens")

    def listens(self):
        if self.process.poll() is not None:
            raise SystemExit(f"two_servers: {self.folder.name} ended:\n{self.log.read_text()}")
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.fdo)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


class Balancer(http.server.ThreadingHTTPServer):
    """Gives requests to the servers in turn; `before` is called with each message's number."""
    daemon_threads = True

    def __init__(self, servers):
        super().__init__(("127.0.0.1", 0), Forward)
        self.servers, self.turn, self.seen, self.before = servers, 0, [], lambda number: None


class Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        number = int(self.path.rsplit("/", 1)[1])
        self.server.before(number)
        self.server.turn += 1
        server = self.server.servers[self.server.turn % 2]
        self.server.seen.append((number, server.folder.name))
        backend = http.client.HTTPConnection("127.0.0.1", server.fdo, timeout=30)
        backend.request("POST", self.path, body, {name: value for name, value in self.headers.items()
                                                  if name in ("Authorization", "Content-Type")})
        answer = backend.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name in ("Authorization", "Content-Type", "Message-Type"):
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def check(condition, why):
    if not condition:
        raise SystemExit(f"two_servers: {why}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        lab, ports = pathlib.Path(folder), Ports()
        servers = []
        try:
            servers.append(Server(lab, "a", ports))
            until((lab / "a" / "admin-token").exists, "the first token")
            servers.append(Server(lab, "b", ports))
            run(lab, servers)
        except BaseException:
            for server in servers:
                sys.stderr.write(f"--- {server.folder.name}\n{server.log.read_text()[-4000:]}")
            raise
        finally:
            for server in servers:
                server.kill()


def run(lab, servers):
    a, b = servers

    def fairlead(*arguments):
        return subprocess.run([BIN / "fairlead", "--server", f"http://127.0.0.1:{a.api}", "--token-file",
                               a.folder / "admin-token", "--json", *arguments],
                              check=True, capture_output=True, text=True).stdout

    balancer = Balancer(servers)
    threading.Thread(target=balancer.serve_forever, daemon=True).start()
    port = balancer.server_address[1]
    device = ["--state", lab / "device", "--serial", "SN-1", "--manufacturer", f"http://127.0.0.1:{port}"]
    subprocess.run([BIN / "fairlead", "--server", f"http://127.0.0.1:{b.api}", "--token-file",
                    a.folder / "admin-token", "factory", "rendezvous", "set", "--ip", "127.0.0.1",
                    "--device-port", str(port), "--protocol", "http", "--bypass"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([BIN / "fairlead-device", "initialize", *device], check=True, stderr=subprocess.DEVNULL)
    owner = lab / "owner.pem"
    owner.write_text(json.loads(fairlead("factory", "keys"))["owner"])
    voucher = lab / "voucher.pem"
    voucher.write_text(json.loads(fairlead("voucher", "extend", "SN-1", "--to", owner))["pem"])
    fairlead("voucher", "import", voucher)

    def onboard():
        balancer.seen.clear()
        ended = subprocess.run([BIN / "fairlead-device", "run", *device, "--no-connect", "--once"],
                               stderr=subprocess.PIPE, text=True, timeout=60)
        check(ended.returncode == 0, f"the device ended with {ended.returncode}:\n{ended.stderr}")
        numbers = [number for number, _ in balancer.seen]
        check(numbers.count(60) == 1 and 70 in numbers, f"not one run to its end: {numbers}")
        check({name for _, name in balancer.seen} == {"a", "b"}, "one server had nothing to do")

    onboard()
    first = json.loads(fairlead("device", "show", "SN-1"))
    check(first["state"] == "granted", f"the device is {first['state']}")

    def kill_b_once(number):
        if number == 68:
            balancer.before = lambda _: None
            b.kill()
            b.start()

    balancer.before = kill_b_once
    subprocess.run([BIN / "fairlead-device", "reset", "--yes", *device[:2]], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    onboard()
    second = json.loads(fairlead("device", "show", "SN-1"))
    check(second["guid"] != first["guid"], "the second onboarding gave it no new GUID")
    check(first["guid"] in second["former_guids"], "the first GUID is forgotten")
    devices = json.loads(fairlead("device", "list"))["items"]
    check(len(devices) == 1, f"one device became {len(devices)}")
    status = json.loads(fairlead("status"))
    check(status.get("sessions", 0) == 0, f"runs were left behind: {status}")
    print("two_servers: onboarded through both, and across a restart of one")


main()
