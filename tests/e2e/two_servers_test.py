#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two servers on one registry and keystore, and a balancer that gives each message to the other one:
a device is made and onboarded through both, and again after one of them was killed and started anew
in the middle of a run. Then each has a broker, and one revokes what is connected to the other's."""
import argparse
import http.client
import http.server
import threading
import time

from plant import EVERY_ROLE, Device, Server, Site


class Half(Server):
    """One of the two: what they share is in the site's folder."""

    def __init__(self, site, name, broker=False):
        super().__init__(site, name, EVERY_ROLE, broker)
        self.top_settings |= {"registry": f"{site.folder}/registry.db", "keystore": f"file:{site.folder}/keystore",
                              "sessions": "registry"}


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
        self.server.seen.append((number, server.name))
        backend = http.client.HTTPConnection("127.0.0.1", server.fdo_port, timeout=30)
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


def onboard(device, balancer):
    balancer.seen.clear()
    ended = device.run_to_end("run", "--no-connect", "--once", seconds=60)
    check(ended == 0, f"the device ended with {ended}")
    numbers = [number for number, _ in balancer.seen]
    check(numbers.count(60) == 1 and 70 in numbers, f"not one run to its end: {numbers}")
    check({name for _, name in balancer.seen} == {"a", "b"}, "one server had nothing to do")


def run(site):
    a, b = Half(site, "a"), Half(site, "b")
    b.token_file = a.token_file
    a.start()
    b.start()
    balancer = Balancer([a, b])
    threading.Thread(target=balancer.serve_forever, daemon=True).start()
    port = balancer.server_address[1]
    device = Device(site, "SN-1", manufacturer=f"http://127.0.0.1:{port}")
    b.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", port, "--protocol", "http", "--bypass")
    device.made()
    owner = site.folder / "owner.pem"
    owner.write_text(a.json("factory", "keys")["owner"])
    voucher = site.folder / "voucher.pem"
    voucher.write_text(a.json("voucher", "extend", "SN-1", "--to", owner)["pem"])
    a.cli("voucher", "import", voucher)

    onboard(device, balancer)
    first = a.json("device", "show", "SN-1")
    check(first["state"] == "granted", f"the device is {first['state']}")

    def kill_b_once(number):
        if number == 68:
            balancer.before = lambda _: None
            b.kill()
            b.start()

    balancer.before = kill_b_once
    check(device.run_to_end("reset", "--yes") == 0, "the device is not reset")
    onboard(device, balancer)
    check(len(b.runs()) == 2, "the other server was not killed")
    second = a.json("device", "show", "SN-1")
    check(second["guid"] != first["guid"], "the second onboarding gave it no new GUID")
    check(first["guid"] in second["former_guids"], "the first GUID is forgotten")
    devices = a.json("device", "list")["items"]
    check(len(devices) == 1, f"one device became {len(devices)}")
    status = a.json("status")
    check(status.get("sessions", 0) == 0, f"runs were left behind: {status}")


def run_revocation(site):
    a, b = Half(site, "a", broker=True), Half(site, "b", broker=True)
    b.token_file = a.token_file
    a.start()
    b.start()
    a.set_rendezvous(a.directive(bypass=True))
    device = Device(site, "SN-2", station=a)
    a.import_voucher(a.sell(device.made(), a))
    device.start()
    a.until_online("SN-2")
    b.cli("revoke", "SN-2", "--reason", "stolen")
    revoked = time.monotonic()
    device.until_said("LINK_LOST", seconds=10)
    print(f"two_servers: cut off at the other server's broker after {time.monotonic() - revoked:.2f} s")
    check(not a.said("ACCESS_NOT_FOLLOWED"), "the other server could not follow")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bin", required=True, help="folder of the programs")
    bin_folder = arguments.parse_args().bin
    with Site(bin_folder) as site:
        run(site)
    print("two_servers: onboarded through both, and across a restart of one")
    with Site(bin_folder) as site:
        run_revocation(site)


main()
