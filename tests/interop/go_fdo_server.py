# SPDX-License-Identifier: Apache-2.0
"""go-fdo-server as released, in its three roles: programs with SQLite files, a key type each, and an API without a login."""

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from fairlead import PORTS, Process, until
from toolchains import succeeds

CURVES = {"ec256": "P-256", "ec384": "P-384"}
TOO_MANY_REQUESTS = 429  # the API takes two a second
WHOEVER_ANSWERS = ssl._create_unverified_context()  # here tests are the client; whom devices believe is the device's to say


class Role:
    """One of its programs: `manufacturing`, `rendezvous` or `owner`, with a database of its own."""

    def __init__(self, program, folder, role):
        self.folder, self.role, self.port = Path(folder), role, PORTS.take()
        self.folder.mkdir(parents=True)
        self.url = None
        self.command = [program, role, f"127.0.0.1:{self.port}", "--db-dsn", f"file:{self.folder}/data.db",
                        "--log-level", "debug"]
        self.process = None

    def start(self, *options, tls=()):
        """`options` are those of this role, `tls` its certificate and key; ends an earlier run, whose database stays."""
        self.stop()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        options += tuple(word for pair in zip(("--http-cert", "--http-key"), tls) for word in pair)
        self.process = Process([*self.command, *options], self.folder / f"{time.monotonic_ns()}.log")
        until(self.answers, f"go-fdo-server, {self.role}, answers")

    def answers(self):
        if self.process.child.poll() is not None:
            raise AssertionError(f"go-fdo-server, {self.role}, ended: {self.process.said()[-1500:]}")
        return self.send("GET", "/health")

    def send(self, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=15, context=WHOEVER_ANSWERS) as reply:
            return reply.read()

    def call(self, method, path, body=None, content_type="application/json"):
        """What the API answers; waits where it wants fewer requests."""
        def answer():
            try:
                return [self.send(method, "/api/v1" + path, body, content_type)]
            except urllib.error.HTTPError as error:
                if error.code == TOO_MANY_REQUESTS:
                    return None
                raise AssertionError(f"go-fdo-server, {self.role}, said {error.code} to {method} {path}: "
                                     f"{error.read().decode(errors='replace').strip()}") from None

        return until(answer, f"go-fdo-server, {self.role}, takes a request")[0]

    def set(self, path, document):
        """Creates the one document at `path`, or replaces it; the API has a method for each."""
        body = json.dumps(document).encode()
        try:
            self.call("POST", path, body)
        except AssertionError as refused:
            if "said 409" not in str(refused):
                raise
            self.call("PUT", path, body)

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Keys:
    """What an installer of go-fdo-server makes with openssl: keys in DER, certificates in PEM."""

    def __init__(self, folder, key):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        for name in ("manufacturer", "owner", "device-ca"):
            succeeds(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{CURVES[key]}",
                      "-outform", "DER", "-out", self.key(name)])
            succeeds(["openssl", "req", "-x509", "-new", "-key", self.key(name), "-keyform", "DER", "-days", "30",
                      "-subj", f"/CN=go-fdo-server {name}", "-out", self.certificate(name)])

    def key(self, name):
        return self.folder / f"{name}.der"

    def certificate(self, name):
        return self.folder / f"{name}.pem"

    def tls(self):
        """A certificate for HTTPS on loopback, signed by itself, and its key."""
        files = self.folder / "tls.pem", self.folder / "tls.key"
        if not files[0].exists():
            succeeds(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-days", "30", "-subj", "/CN=go-fdo-server", "-addext", "subjectAltName=IP:127.0.0.1",
                      "-out", files[0], "-keyout", files[1]])
        return files

    def certify(self, public_key):
        """A certificate around somebody's public key (PEM file): the form in which a manufacturer learns its buyer."""
        file = Path(public_key).with_suffix(".cert.pem")
        succeeds(["openssl", "x509", "-new", "-force_pubkey", public_key, "-subj", "/CN=buyer", "-days", "30",
                  "-CA", self.certificate("device-ca"), "-CAkey", self.key("device-ca"), "-CAkeyform", "DER",
                  "-out", file])
        return file


class GoFdoServer:
    """A manufacturer, a rendezvous server and an owner of one key type."""

    def __init__(self, program, folder, key):
        self.folder = Path(folder)
        self.keys = Keys(self.folder / "keys", key)
        self.manufacturing, self.rendezvous, self.owner = (
            Role(program, self.folder / role, role) for role in ("manufacturing", "rendezvous", "owner"))
        self.buyer = None
        try:
            self.rendezvous.start()
            self.trust_devices_of(self.keys.certificate("device-ca"))
            self.sell_to(self.keys.certificate("owner"))
            self.plan()
            self.be_found_by("http")
        except BaseException:
            self.stop()  # nobody else knows of the roles that run already
            raise

    # The manufacturer

    def sell_to(self, certificate):
        """Devices initialised from now on belong to this buyer: it extends a voucher at once."""
        if certificate != self.buyer:
            self.buyer = certificate
            self.manufacturing.start(
                "--manufacturing-key", self.keys.key("manufacturer"), "--owner-cert", certificate,
                "--device-ca-cert", self.keys.certificate("device-ca"), "--device-ca-key", self.keys.key("device-ca"))

    def seek_owner_at(self, port, bypass=False, host="ip", **more):
        """Devices initialised from now on look for their owner at this port; `host` is "ip" or "dns", `more` as the API
        has it."""
        self.manufacturing.set("/rvinfo", [{
            host: {"ip": "127.0.0.1", "dns": "localhost"}[host], "device_port": str(port), "owner_port": str(port),
            "protocol": "http", "rv_bypass": bypass, **more}])

    def voucher(self, guid, file):
        Path(file).write_bytes(self.manufacturing.call("GET", f"/vouchers/{guid.replace('-', '')}"))
        return file

    def initialized(self, device_info):
        """The GUID of the one device that said this of itself."""
        (voucher,) = json.loads(self.manufacturing.call("GET", f"/vouchers?device_info={urllib.parse.quote(device_info)}"))
        return str(uuid.UUID(voucher["guid"]))

    # The rendezvous server

    def trust_devices_of(self, authority):
        """It registers devices of this authority (PEM file); until it knows one, it registers none."""
        self.rendezvous.call("POST", "/device-ca", Path(authority).read_bytes(), "application/x-pem-file")

    # The owner

    def plan(self, *fsims, reuse=False, tls=()):
        """What the owner does with devices: its configuration, so it starts again, and registers what waits for TO0."""
        config = self.owner.folder / "owner.json"
        config.write_text(json.dumps({"owner": {"service_info": {"fsims": list(fsims)}}}))
        self.owner.start("--config", config, "--owner-key", self.keys.key("owner"),
                         "--device-ca-cert", self.keys.certificate("device-ca"), "--to0-insecure-tls",
                         *(["--reuse-credentials"] if reuse else []), tls=tls)

    def be_found_by(self, protocol):
        """What later registrations tell devices; it registers at once when it starts."""
        self.owner.set("/owner/redirect", [{"ip": "127.0.0.1", "port": str(self.owner.port), "protocol": protocol}])

    def take(self, voucher):
        self.owner.call("POST", "/owner/vouchers", Path(voucher).read_bytes())

    def registered(self, guid):
        """Waits until TO0 of this voucher is done; the owner looks for work every ten seconds, and when it starts."""
        entry = f"'RV2TO0Addr' completed\n  guid: {guid.replace('-', '')}\n"
        until(lambda: entry in self.owner.process.said(), f"go-fdo-server registers {guid}")

    def replacement_of(self, guid):
        """The GUID that the owner gave to a device that onboarded, or None."""
        devices = json.loads(self.owner.call("GET", f"/owner/devices?old_guid={guid.replace('-', '')}"))
        return devices[0]["guid"] if devices else None

    def sell(self, guid, to, file):
        """Extends a voucher of the owner to the public key in PEM file `to`."""
        Path(file).write_bytes(self.owner.call("POST", f"/owner/resell/{guid.replace('-', '')}", Path(to).read_bytes()))
        return file

    def stop(self):
        for role in (self.manufacturing, self.rendezvous, self.owner):
            role.stop()
