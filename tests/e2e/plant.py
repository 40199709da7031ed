# SPDX-License-Identifier: Apache-2.0
"""The real programs, on loopback, in a folder of their own. A maker, a customer with a broker, and a device:

    with Plant(bin) as plant:
        plant.maker.start(); plant.customer.start()
        plant.factory(); plant.trade()
        plant.device.start()
        plant.until_online()

or any others:

    with Site() as site:
        server = Server(site, "server", EVERY_ROLE, broker=True, host="::1")
        server.settings["fdo"]["tls"] = True
        server.start()
        device = Device(site, "SN-1", station=server, key_type="p384")

Every wait is for a condition and has a limit; the exception that ends it says what was waited for. Programs are ended
when the site is left, by their own process ids; if an exception ended it, their last lines are printed.
"""
import base64
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

PATIENCE = 30.0  # seconds; a condition that takes longer on a busy machine will not come
EVERY_ROLE = ("factory", "rendezvous", "owner")

bin_folder = None  # of the programs; run_tests() takes it from the command line


def run_tests():
    """The unit tests of the file that was started: NAME_test.py --bin BUILD/bin [unittest options]"""
    global bin_folder
    at = sys.argv.index("--bin")
    bin_folder = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    unittest.main(verbosity=2)


class NotSeen(AssertionError):
    """A condition that did not come true in time."""


def until(condition, what, seconds=PATIENCE):
    """Asks until the condition holds and returns what it said; the last refusal is in the exception."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        try:
            answer = condition()
            if answer:
                return answer
        except (OSError, KeyError, IndexError, ApiError) as problem:
            last = problem
        if time.monotonic() > deadline:
            raise NotSeen(f"not seen within {seconds:.0f} s: {what}" + (f" (last: {last})" if last else ""))
        time.sleep(0.02)


def another_programs_offer():
    """A good one of a Gateway SN-1, which says that its key is in a TPM and proves nothing of it."""
    vectors = pathlib.Path(__file__).parents[1] / "vectors" / "enroll" / "attestation.json"
    return bytes.fromhex(json.loads(vectors.read_text())[0]["without_proof"])


class Ports:
    """Ports below those that the system hands out by itself, so that nobody's outgoing connection takes one while
    its server is being restarted. An abstract socket marks what another plant uses."""

    def __init__(self):
        self._marks = []

    def take(self, host="127.0.0.1"):
        candidates = list(range(20000, 32000))
        random.shuffle(candidates)
        for port in candidates:
            mark = socket.socket(socket.AF_UNIX)
            probe = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                mark.bind(f"\0fairlead-test-port-{port}")
                probe.bind((host, port))
            except OSError:
                mark.close()
                continue
            finally:
                probe.close()
            self._marks.append(mark)
            return port
        raise RuntimeError("no port is free")

    def give_back(self):
        for mark in self._marks:
            mark.close()


class Program:
    """One of our programs: started, ended and started again with one log. It ends with its site at the latest."""

    def __init__(self, site, name):
        site.programs.append(self)
        self.name = name
        self.log = site.folder / f"{name}.log"
        self.process = None
        self._starts = []  # offsets in the log
        self._mark = 0

    def launch(self, command, environment=None):
        assert not self.running(), f"{self.name} runs already"
        self.forget_log()
        self._starts.append(self._mark)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(environment or {})})

    def running(self):
        return self.process is not None and self.process.poll() is None

    def was_killed(self):
        return self.process is not None and self.process.poll() == -signal.SIGKILL

    def end(self, how=signal.SIGTERM):
        if not self.running():
            return
        self.process.send_signal(how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise NotSeen(f"{self.name} did not end within 15 s of signal {how}") from None

    def kill(self):
        self.end(signal.SIGKILL)

    def forget_log(self):
        """events() and said() begin here."""
        self._mark = self.log.stat().st_size if self.log.exists() else 0

    def events(self):
        """What it logged since its last start."""
        return self._events_between(self._mark, None)

    def runs(self):
        """What it logged, as one list per start."""
        return [list(self._events_between(*ends)) for ends in zip(self._starts, [*self._starts[1:], None])]

    def _events_between(self, begin, end):
        """A line cut short by a kill is passed over."""
        with contextlib.suppress(FileNotFoundError), open(self.log, "rb") as log:
            log.seek(begin)
            for line in log.read(-1 if end is None else end - begin).decode(errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict) and "id" in event:
                        yield event

    def said(self, event_id, **fields):
        """The first such event since the last start whose fields hold these parts."""
        return self._find(self.events(), event_id, fields)

    def said_ever(self, event_id, **fields):
        return self._find(self._events_between(0, None), event_id, fields)

    def count(self, event_id):
        """How often it logged this since its last start."""
        return sum(event["id"] == event_id for event in self.events())

    @staticmethod
    def _find(events, event_id, fields):
        for event in events:
            if event["id"] == event_id and all(str(v) in event.get(k, "") for k, v in fields.items()):
                return event
        return None

    def until_said(self, event_id, seconds=PATIENCE, **fields):
        return until(lambda: self.said(event_id, **fields), f"{self.name} logs {event_id} {fields or ''}", seconds)

    def last_lines(self, count=25):
        with contextlib.suppress(FileNotFoundError), open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-count:])
        return ""


class ApiError(Exception):
    def __init__(self, status, text):
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


class Server(Program):
    """fairlead-server with some roles, its REST API and the operator's program. Settings can be changed until start().

    `host`: the IPv4 or IPv6 address of FDO and broker; the API is on 127.0.0.1."""

    def __init__(self, site, name, roles, broker, host="127.0.0.1"):
        super().__init__(site, name)
        self.bin, self.broker, self.host = site.bin, broker, host
        self.data = site.folder / name
        self.token_file = self.data / "admin-token"
        self.fdo_port, self.api_port = site.ports.take(host), site.ports.take()
        self.broker_port = site.ports.take(host) if broker else 8883
        self.est_port = site.ports.take(host) if "owner" in roles else 0
        self.settings = {
            "fdo": {"address": host, "port": self.fdo_port}, "api": {"port": self.api_port},
            "est": {"address": host, "port": self.est_port},
            "broker": {"enabled": broker, "address": host, "port": self.broker_port,
                       "plugin": str(self.bin / "fairlead-mosquitto.so")},
            "roles": {role: role in roles for role in EVERY_ROLE}}
        self.top_settings = {"public_host": host, "log_level": "debug"}

    def url(self):
        """Where devices reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.settings['fdo'].get('tls') else 'http'}://{host}:{self.fdo_port}"

    def directive(self, **members):
        """Of a device that looks for its owner here."""
        return {"ips": [self.host], "device_port": self.fdo_port, "owner_port": self.fdo_port, "protocol": "http",
                **members}

    def write_settings(self):
        self.data.mkdir(exist_ok=True)
        lines = [f"{key} = {json.dumps(value)}" for key, value in {"data": str(self.data), **self.top_settings}.items()]
        for table, settings in self.settings.items():
            lines.append(f"[{table}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        file = self.data.parent / f"{self.name}.toml"
        file.write_text("\n".join(lines) + "\n")
        return file

    def start(self, crash_at="", wait=True, prefix=(), environment=None):
        """wait: until it answers; a server that is to die while it starts is not waited for."""
        command = [*prefix, self.bin / "fairlead-server", "--config", self.write_settings(), "--allow-fault-injection"]
        self.launch(command, {"FAIRLEAD_CRASH_AT": crash_at, **(environment or {})})
        if wait:
            until(lambda: self.api("GET", "/status") or True, f"{self.name} answers on its API")
            if self.broker:
                self.until_said("WATCH_CONNECTED")

    def token(self):
        return self.token_file.read_text().strip()

    def api(self, method, path, body=None, text=None):
        data = text.encode() if text is not None else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}/api/v1{path}", data, method=method)
        request.add_header("Authorization", "Bearer " + self.token())
        request.add_header("Content-Type", "text/plain" if text is not None else "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                answer = response.read().decode()
                return json.loads(answer) if "json" in response.headers.get("Content-Type", "") else answer
        except urllib.error.HTTPError as refusal:
            raise ApiError(refusal.code, refusal.read().decode()) from None
        except (ConnectionError, TimeoutError) as problem:  # died while it answered
            raise OSError(f"{self.name}: {problem}") from None

    def items(self, path):
        return self.api("GET", path)["items"]

    def command(self, *words):
        """Of the operator's own program."""
        return [str(word) for word in (self.bin / "fairlead", "--server", f"http://127.0.0.1:{self.api_port}",
                                       "--token-file", self.token_file, *words)]

    def cli(self, *words):
        """What the operator's own program printed."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise ApiError(done.returncode, f"fairlead {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def json(self, *words):
        return json.loads(self.cli("--json", *words))

    def set_rendezvous(self, *directives):
        """Where devices made from now on will look for their owner."""
        self.api("PUT", "/factory/rendezvous", {"directives": directives})

    def sell(self, guid, buyer):
        """The voucher, extended to the buyer's key, as PEM."""
        owner = buyer.api("GET", "/keys")["owner"]
        return self.api("POST", f"/vouchers/{guid}/extend", {"next_owner": owner})["pem"]

    def import_voucher(self, pem):
        results = self.api("POST", "/vouchers/import", text=pem)["results"]
        if results[0]["result"] not in ("imported", "unchanged"):
            raise NotSeen(f"{self.name} imports the voucher: {results[0]}")

    def claim(self, offer):
        """By somebody who says that he proved the code beside the device."""
        return self.api("POST", "/claims", {"offer": base64.b64encode(offer).decode(), "proof": "code",
                                            "account": "default"})

    def device(self, serial):
        """Its record of this device; None if it has none."""
        found = [each for each in self.items("/devices") if each["serial"] == serial]
        return found[0] if found else None

    def is_online(self, serial):
        device = self.device(serial)
        return device is not None and device["state"] == "online"

    def is_registered(self, guid=None):
        """At a rendezvous server: the voucher of this GUID, or any. By the record, not the log: a line that was to
        follow the record may be missing after a kill."""
        return any(each["registered_until"] and guid in (None, each["guid"])
                   for each in self.items("/vouchers/registrations"))

    def until_online(self, serial, seconds=PATIENCE):
        until(lambda: self.is_online(serial), f"{self.name} sees {serial} online", seconds)

    def put_profile(self, name, **document):
        file = self.data.parent / f"{self.name}-{name}.json"
        file.write_text(json.dumps(document))
        self.cli("profile", "put", file, "--id", name)


class Device(Program):
    """fairlead-device with its state folder. `station`: the server that makes it; `options` of the command line."""

    def __init__(self, site, serial, station=None, **options):
        super().__init__(site, f"device-{serial}")
        self.bin, self.serial = site.bin, serial
        self.state = site.folder / f"state-{serial}"
        self.station = station
        self.options = {"model": "Test Sensor", "retry_max": 1, "telemetry_seconds": 1, "log_level": "debug", **options}

    def command(self, name, *more):
        words = [self.bin / "fairlead-device", name, "--state", self.state, "--serial", self.serial,
                 "--allow-fault-injection"]
        if self.station:
            words += ["--manufacturer", self.station.url()]
        for option, value in self.options.items():
            words += ["--" + option.replace("_", "-"), value]
        return [str(word) for word in (*words, *more)]

    def start(self, crash_at="", command="run", more=(), prefix=(), environment=None):
        self.launch([*prefix, *self.command(command, *more)], {"FAIRLEAD_CRASH_AT": crash_at, **(environment or {})})

    def run_to_end(self, command, *more, crash_at="", seconds=PATIENCE):
        """Its exit code."""
        self.start(crash_at, command, more)
        return self.process.wait(seconds)

    def initialize(self, crash_at=""):
        """One try at the factory station. True: it has its credential."""
        return self.run_to_end("initialize", crash_at=crash_at) == 0

    def made(self):
        """Initialises it; its GUID."""
        if not self.initialize():
            raise NotSeen(f"the factory initialises {self.serial}:\n" + self.last_lines())
        return self.status()["guid"]

    def status(self):
        done = subprocess.run([self.bin / "fairlead-device", "status", "--json", "--state", self.state],
                              capture_output=True, text=True, timeout=20)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def status_text(self):
        done = subprocess.run([self.bin / "fairlead-device", "status", "--state", self.state],
                              capture_output=True, text=True, timeout=20)
        return done.stdout + done.stderr


class Site:
    """A folder, ports, and the programs that were given a place in it."""

    def __init__(self, programs_folder=None, keep_folder=False):
        self.bin = pathlib.Path(programs_folder or bin_folder).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-e2e."))
        self.folder.chmod(0o755)  # the broker runs as user mosquitto and has to reach its folder
        self.keep_folder = keep_folder
        self.ports = Ports()
        self.programs = []
        self.at_end = []  # called when all programs have ended, before the folder is removed

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        for program in reversed(self.programs):
            if program.running():
                program.process.kill()
                program.process.wait()
        self.ports.give_back()
        for step in reversed(self.at_end):
            step()
        if kind:
            print(self.what_was_logged(), flush=True)
        if not self.keep_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def what_was_logged(self):
        return "".join(f"--- {program.name}\n{program.last_lines()}" for program in self.programs)


class Plant(Site):
    """A maker, a customer with a broker, and a device."""

    def __init__(self, programs_folder=None, serial="SN-1", keep_folder=False):
        super().__init__(programs_folder, keep_folder)
        self.maker = Server(self, "maker", ["factory"], broker=False)
        self.customer = Server(self, "customer", ["rendezvous", "owner"], broker=True)
        self.device = Device(self, serial, self.maker)
        self.rendezvous = [self.customer.directive()]

    def set_rendezvous(self):
        self.maker.set_rendezvous(*self.rendezvous)

    def factory(self):
        self.set_rendezvous()
        self.device.made()

    def hand_over(self):
        """The voucher of the device, extended to the customer's key, as PEM."""
        return self.maker.sell(self.device.status()["guid"], self.customer)

    def trade(self):
        self.trust_maker()
        self.customer.import_voucher(self.hand_over())

    def trust_maker(self):
        maker_key = self.maker.api("GET", "/keys")["manufacturer"]
        self.customer.api("POST", "/trusted-keys", {"kind": "manufacturer", "name": "The maker", "pem": maker_key})

    def record(self):
        """The customer's record of this device; None before the import."""
        return self.customer.device(self.device.serial)

    def until_online(self, seconds=PATIENCE):
        """Seen by both ends: the device's birth message was acknowledged, and the broker's watcher saw it."""
        self.device.until_said("TELEMETRY_SENT", seconds)
        self.customer.until_online(self.device.serial, seconds)
