# SPDX-License-Identifier: Apache-2.0
"""A maker, a customer with a broker, and a device: the real programs, on loopback, in a folder of their own.

    with Plant(bin) as plant:
        plant.maker.start(); plant.customer.start()
        plant.factory(); plant.trade()
        plant.device.start()
        plant.until_online()

Every wait is for a condition and has a limit; the exception that ends it says what was waited for. Programs are ended
when the plant is left, by their own process ids.
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 30.0  # seconds; a condition that takes longer on a busy machine will not come


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


class Ports:
    """Ports below those that the system hands out by itself, so that nobody's outgoing connection takes one while
    its server is being restarted. An abstract socket marks what another plant uses."""

    def __init__(self):
        self._marks = []

    def take(self):
        candidates = list(range(20000, 32000))
        random.shuffle(candidates)
        for port in candidates:
            mark = socket.socket(socket.AF_UNIX)
            probe = socket.socket()
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                mark.bind(f"\0fairlead-test-port-{port}")
                probe.bind(("127.0.0.1", port))
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
    """One of our programs: started, ended and started again with one log."""

    def __init__(self, name, folder):
        self.name = name
        self.log = folder / f"{name}.log"
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
    """fairlead-server with some roles, and its REST API."""

    def __init__(self, plant, name, roles, broker):
        super().__init__(name, plant.folder)
        self.bin, self.broker = plant.bin, broker
        self.data = plant.folder / name
        self.fdo_port, self.api_port = plant.ports.take(), plant.ports.take()
        self.broker_port = plant.ports.take() if broker else 8883
        self.settings = {
            "fdo": {"port": self.fdo_port}, "api": {"port": self.api_port},
            "broker": {"enabled": broker, "port": self.broker_port, "plugin": str(self.bin / "fairlead-mosquitto.so")},
            "roles": {role: role in roles for role in ("factory", "rendezvous", "owner")}}
        self.top_settings = {"public_host": "127.0.0.1", "log_level": "debug"}

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
        return (self.data / "admin-token").read_text().strip()

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

    def cli(self, *words):
        """The operator's own program; what it printed."""
        done = subprocess.run(
            [self.bin / "fairlead", "--server", f"http://127.0.0.1:{self.api_port}",
             "--token-file", self.data / "admin-token", *words], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise ApiError(done.returncode, f"fairlead {' '.join(words)}: {done.stderr}")
        return done.stdout


class Device(Program):
    """fairlead-device with its state folder."""

    def __init__(self, plant, serial):
        super().__init__(f"device-{serial}", plant.folder)
        self.bin, self.serial = plant.bin, serial
        self.state = plant.folder / f"state-{serial}"
        self.options = ["--state", self.state, "--serial", serial, "--model", "Test Sensor",
                        "--manufacturer", f"http://127.0.0.1:{plant.maker.fdo_port}",
                        "--retry-max", "1", "--telemetry-seconds", "1", "--log-level", "debug",
                        "--allow-fault-injection"]

    def start(self, crash_at="", command="run", prefix=(), environment=None):
        self.launch([*prefix, self.bin / "fairlead-device", command, *self.options],
                    {"FAIRLEAD_CRASH_AT": crash_at, **(environment or {})})

    def initialize(self, crash_at=""):
        """One try at the factory station. True: it has its credential."""
        self.start(crash_at, "initialize")
        self.process.wait(PATIENCE)
        return self.process.returncode == 0

    def status(self):
        done = subprocess.run([self.bin / "fairlead-device", "status", "--json", "--state", self.state],
                              capture_output=True, text=True, timeout=20)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def status_text(self):
        done = subprocess.run([self.bin / "fairlead-device", "status", "--state", self.state],
                              capture_output=True, text=True, timeout=20)
        return done.stdout + done.stderr


class Plant:
    def __init__(self, bin_folder, serial="SN-1", keep_folder=False):
        self.bin = pathlib.Path(bin_folder).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-e2e."))
        self.folder.chmod(0o755)  # the broker runs as user mosquitto and has to reach its folder
        self.keep_folder = keep_folder
        self.ports = Ports()
        self.maker = Server(self, "maker", ["factory"], broker=False)
        self.customer = Server(self, "customer", ["rendezvous", "owner"], broker=True)
        self.device = Device(self, serial)
        self.rendezvous = [{"ips": ["127.0.0.1"], "device_port": self.customer.fdo_port,
                            "owner_port": self.customer.fdo_port, "protocol": "http"}]

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        for program in self.programs():
            if program.running():
                program.process.kill()
                program.process.wait()
        self.ports.give_back()
        if not self.keep_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def programs(self):
        return self.device, self.customer, self.maker

    def set_rendezvous(self):
        """Factory: where will devices look for their owner?"""
        self.maker.api("PUT", "/factory/rendezvous", {"directives": self.rendezvous})

    def factory(self):
        self.set_rendezvous()
        if not self.device.initialize():
            raise NotSeen("the factory initialises the device:\n" + self.device.last_lines())

    def hand_over(self):
        """The voucher of the device, extended to the customer's key, as PEM."""
        guid = self.device.status()["guid"]
        owner = self.customer.api("GET", "/keys")["owner"]
        return self.maker.api("POST", f"/vouchers/{guid}/extend", {"next_owner": owner})["pem"]

    def trade(self):
        self.trust_maker()
        self.import_voucher(self.hand_over())

    def trust_maker(self):
        maker_key = self.maker.api("GET", "/keys")["manufacturer"]
        self.customer.api("POST", "/trusted-keys", {"kind": "manufacturer", "name": "The maker", "pem": maker_key})

    def import_voucher(self, pem):
        results = self.customer.api("POST", "/vouchers/import", text=pem)["results"]
        if results[0]["result"] not in ("imported", "unchanged"):
            raise NotSeen(f"the customer imports the voucher: {results[0]}")

    def record(self):
        """The customer's record of this device; None before the import."""
        found = [each for each in self.customer.items("/devices") if each["serial"] == self.device.serial]
        return found[0] if found else None

    def until_online(self, seconds=PATIENCE):
        """Seen by both ends: the device's birth message was acknowledged, and the broker's watcher saw it."""
        self.device.until_said("TELEMETRY_SENT", seconds)
        until(lambda: self.record()["state"] == "online", "the customer's server sees the device online", seconds)

    def what_was_logged(self):
        return "".join(f"--- {program.name}\n{program.last_lines()}" for program in self.programs())
