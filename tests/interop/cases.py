# SPDX-License-Identifier: Apache-2.0
"""What is tried with foreign programs: functions that are one case each, and the table of all of them at the end."""

import base64
import functools
import hashlib
import http.server
import itertools
import threading
from pathlib import Path

from fairlead import Device, Server, until
from foreign import Astarte, Client, Peer
from go_fdo_server import GoFdoServer
from toolchains import build_espressif, build_go, build_go_fdo_server, build_rust

ENCODINGS = ("x509", "x5chain", "cose")  # of the maker's key in the voucher
OURS = {"ec256": "p256", "ec384": "p384"}  # go-fdo's names of keys, and ours
CONTENT = bytes(range(256)) * 23 + b"\n\n"  # more than one message holds, every byte, double newline at the end


class Files(http.server.BaseHTTPRequestHandler):
    """What wget fetches."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


class World:
    """The servers that cases share: started when the first case wants them."""

    def __init__(self, ours, cache, folder):
        self.ours, self.cache, self.folder = ours, cache, Path(folder)
        self.started, self.serials, self.files = {}, itertools.count(1), None

    @functools.cached_property
    def go_programs(self):
        return build_go(self.cache)

    @functools.cached_property
    def go_fdo_server_program(self):
        return build_go_fdo_server(self.cache)

    @functools.cached_property
    def rust_program(self):
        return build_rust(self.cache)

    @functools.cached_property
    def espressif_modules(self):
        return build_espressif(self.cache)

    def server(self, key):
        return self.start(key, lambda: Server(self.ours, self.folder / key, OURS[key]))

    @property
    def peer(self):
        return self.start("peer", lambda: Peer(self.go_programs[1], self.folder / "peer"))

    def go_fdo_server(self, key):
        return self.start(f"go-fdo-server {key}",
                          lambda: GoFdoServer(self.go_fdo_server_program, self.folder / f"go-fdo-server-{key}", key))

    def start(self, name, make):
        if name not in self.started:
            self.started[name] = make()
        return self.started[name]

    @property
    def files_url(self):
        if not self.files:
            self.files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
            threading.Thread(target=self.files.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.files.server_port}/firmware.bin"

    def serial(self):
        return f"SN-{next(self.serials):03}"

    def client(self, key):
        serial = self.serial()
        return Client(self.go_programs[0], self.folder / serial, serial, key)

    def astarte(self):
        serial = self.serial()
        return Astarte(self.rust_program, self.folder / serial, serial)

    def device(self, key, settings=""):
        serial = self.serial()
        return serial, Device(self.ours, self.folder / serial, serial, OURS[key], settings)

    def stop(self):
        for process in self.started.values():
            process.stop()
        if self.files:
            self.files.shutdown()


def same(what, got, wanted):
    assert got == wanted, f"{what}: {got!r} instead of {wanted!r}"


# Their device, our servers


def client_of_ours(world, key, encoding="x509", bypass=False):
    """A go-fdo-client that our station initialised, its voucher imported and registered. (server, client, GUID)"""
    server, client = world.server(key), world.client(key)
    server.seek_owner_at(server.fdo, bypass)
    client.initialize(server.url, encoding)
    guid = server.voucher_of(client.serial)["guid"]
    server.take(server.sell(client.serial, server.key("owner")))
    if not bypass:
        server.registered(guid)
    return server, client, guid


def is_onboarded(server, serial, guid):
    """Our server's view after a foreign device finished: replaced, seen, and nothing pretended."""
    device = server.device(serial)
    same("state", device["state"], "onboarded")
    assert device["guid"] != guid, "the device kept its GUID"
    assert device["last_seen"], "never seen"
    same("vouchers of this device", sorted(v["state"] for v in server.json("voucher", "list", "--serial", serial)["items"]),
         ["owned", "superseded"])
    events = [event["id"] for event in server.timeline(serial)]
    for wanted in ("VOUCHER_IMPORTED", "TO2_DEVICE_PROVEN", "DEVICE_DESCRIBED", "TO2_FINISHED"):
        assert wanted in events, f"{wanted} is not in the timeline: {events}"


def client_onboards(world, key, encoding, cipher):
    server, client, guid = client_of_ours(world, key, encoding)
    # PublicKey = [pkType, pkEnc, body]: once in the header, once in the entry that names the owner.
    voucher = base64.b64decode("".join(server.cli("voucher", "export", guid).splitlines()[1:-1]))
    start = bytes([0x83, {"ec256": 10, "ec384": 11}[key], {"x509": 1, "x5chain": 2, "cose": 3}[encoding]])
    same("keys in the encoding asked for", voucher.count(start), 2)
    client.onboard(cipher)
    is_onboarded(server, client.serial, guid)


def client_bypasses_rendezvous(world, key):
    server, client, guid = client_of_ours(world, key, bypass=True)
    said = client.onboard()
    assert "skipping TO1" in said, said
    is_onboarded(server, client.serial, guid)


def client_does_what_profile_says(world, key, size):
    server, client, guid = client_of_ours(world, key)
    (client.folder / "log.bin").write_bytes(CONTENT)
    encoded = base64.b64encode(CONTENT).decode()
    server.profile(client.serial, priority=1, account="default", match={"serials": [client.serial]}, actions=[
        {"kind": "download", "name": str(client.folder / "config.bin"), "content_base64": encoded},
        {"kind": "download", "name": str(client.folder / "empty"), "content_base64": ""},
        {"kind": "wget", "name": str(client.folder / "firmware.bin"), "url": world.files_url,
         "sha384": hashlib.sha384(CONTENT).hexdigest()},
        {"kind": "command", "command": "/bin/sh", "args": ["-c", "echo out; echo err >&2"], "may_fail": True},
        {"kind": "upload", "name": "log.bin"}])
    client.onboard("A128GCM", "--max-serviceinfo-size", str(size))
    is_onboarded(server, client.serial, guid)
    same("downloaded", (client.folder / "config.bin").read_bytes(), CONTENT)
    same("downloaded", (client.folder / "empty").read_bytes(), b"")
    same("fetched", (client.folder / "firmware.bin").read_bytes(), CONTENT)
    output = {e["fields"]["stream"]: e["fields"]["text"] for e in server.timeline(client.serial) if e["id"] == "ACTION_OUTPUT"}
    # go-fdo's device ends each line twice.
    same("output", output, {"stdout": "out\n\n", "stderr": "err\n\n", "exit code": "0"})
    same("listed", [(u["name"], u["size"], u["sha384"]) for u in server.json("device", "uploads", client.serial)["items"]],
         [("log.bin", len(CONTENT), hashlib.sha384(CONTENT).hexdigest())])
    fetched = client.folder / "fetched.bin"
    server.cli("device", "fetch", client.serial, "log.bin", "--out", fetched)
    same("uploaded", fetched.read_bytes(), CONTENT)


def client_reuses_its_credential(world, key):
    server, client, guid = client_of_ours(world, key)
    server.profile(client.serial, priority=1, account="default", match={"serials": [client.serial]},
                   allow_credential_reuse=True)
    for _ in range(2):  # the second run shows that the old voucher still counts
        # Version 1.0.0 takes a reused credential for a failure without a reason, and would try again for ever.
        client.onboard("A128GCM", "--allow-credential-reuse", until_said="error: <nil>")
    same("GUID", server.device(client.serial)["guid"], guid)
    same("state", server.device(client.serial)["state"], "onboarded")
    same("vouchers", [v["state"] for v in server.json("voucher", "list", "--serial", client.serial)["items"]], ["owned"])


def client_that_is_revoked_gets_nothing(world, key):
    server, client, _ = client_of_ours(world, key)
    secret = client.folder / "secret"
    server.profile(client.serial, priority=1, account="default", match={"serials": [client.serial]}, actions=[
        {"kind": "download", "name": str(secret), "content_base64": "c2VjcmV0"}])
    server.cli("revoke", client.serial, "--reason", "stolen")
    said = client.onboard(until_said="TO2 failed")
    assert "revoked" in said, said
    assert not secret.exists(), "the revoked device got the file of its profile"
    same("state", server.device(client.serial)["state"], "revoked")


def client_of_a_cipher_we_do_not_serve(world, key, cipher):
    server, client, guid = client_of_ours(world, key)
    said = client.onboard(cipher, until_said="TO2 failed")
    until(lambda: [e for e in server.process.said().splitlines() if "FDO_REFUSED" in e and "cipher" in e],
          "our server refuses it")
    same("GUID", server.device(client.serial)["guid"], guid)
    assert client.COMPLETE not in said


def client_of_a_key_we_do_not_serve(world, key):
    client = world.client(key)
    try:
        client.initialize(world.server("ec256").url, "x509")
    except AssertionError as refused:
        assert "type" in str(refused) or "unsupported" in str(refused), refused
        return
    raise AssertionError("our station made a device that our owner can't onboard")


def client_is_sold_by_us_to_them(world, key, encoding):
    server, client, guid = client_of_ours(world, key, encoding)
    client.onboard()
    new_guid = server.device(client.serial)["guid"]
    # Without a certificate of ours the client never shows up under its new GUID, so a person has to vouch for that.
    buyer = world.peer.certificate("owner", key, client.folder / "buyer.pem")
    bought = server.sell_guid(new_guid, buyer, "--unconfirmed")
    world.peer.take(bought)
    world.peer.plan()
    world.peer.register(new_guid, server.url, world.peer.port)
    client.onboard("A128GCM", "--resale")
    same("state here", server.device(client.serial)["state"], "revoked")


def astarte_onboards(world, key):
    server, device = world.server(key), world.astarte()
    server.seek_owner_at(server.fdo)
    device.initialize(server.url)
    guid = server.voucher_of(device.serial)["guid"]
    server.take(server.sell(device.serial, server.key("owner")))
    server.registered(guid)
    device.onboard()
    is_onboarded(server, device.serial, guid)


# Our device, their servers


def device_of_theirs(world, key, settings="", bypass=False):
    """Our device, made at their station, its voucher extended to and registered by their owner. (device, GUID)"""
    peer = world.peer
    peer.seek_owner_at(peer.port, bypass)
    _, device = world.device(key, settings)
    device.initialize(peer.url)
    guid = device.status()["guid"]
    peer.take(peer.sell(guid, peer.certificate("owner", key, device.folder / "owner.pem"), device.folder / "voucher.pem"))
    if not bypass:
        peer.register(guid, peer.url, peer.port)
    return device, guid


def device_onboards(world, key, bypass=False):
    device, guid = device_of_theirs(world, key, bypass=bypass)
    world.peer.plan()
    device.run()
    status = device.status()
    assert status["onboarded"] and status["guid"] != guid, status
    world.peer.voucher(status["guid"], device.folder / "replacement.pem")  # theirs under the new GUID, or this fails


def device_reuses_its_credential(world, key):
    device, guid = device_of_theirs(world, key, "allow_credential_reuse = true")
    world.peer.plan(reuse=True)
    for _ in range(2):
        device.run()
        same("GUID", device.status()["guid"], guid)
        assert device.status()["onboarded"]
        device.reset()
    world.peer.plan()


def device_refuses_reuse_unless_allowed(world, key):
    device, guid = device_of_theirs(world, key)
    world.peer.plan(reuse=True)
    try:
        device.run()
    except AssertionError:
        pass  # it says why in its status
    status = device.status()
    same("obstacle", status["obstacle"]["reason"], "reuse_refused")
    assert not status["onboarded"] and status["guid"] == guid, status
    world.peer.plan()
    device.run()  # the credential is whole
    assert device.status()["onboarded"]


def device_does_what_their_owner_says(world, key, chunk):
    device, _ = device_of_theirs(world, key, '[owner]\ncommands = ["/bin/sh"]\n')
    work = device.file("")
    work.mkdir(parents=True)
    (work / "log.bin").write_bytes(CONTENT)
    name = device.folder.name
    world.peer.plan(
        {"Module": "fdo.download", "Name": "config.bin", "Content": CONTENT, "Chunk": chunk},
        {"Module": "fdo.download", "Name": "one", "Content": b"1", "Chunk": chunk},
        {"Module": "fdo.wget", "Name": "firmware.bin", "URL": world.files_url},
        {"Module": "fdo.command", "Name": name, "Command": "/bin/sh", "MayFail": True,
         "Args": ["-c", "printf 'a\\n\\nb'; echo err >&2; exit 3"]},
        {"Module": "fdo.upload", "Name": "log.bin", "Rename": f"{name}.log.bin"})
    device.run()
    same("downloaded", device.file("config.bin").read_bytes(), CONTENT)
    same("downloaded", device.file("one").read_bytes(), b"1")
    same("fetched", device.file("firmware.bin").read_bytes(), CONTENT)
    theirs = world.peer.folder
    same("standard output", (theirs / f"{name}.stdout").read_bytes(), b"a\n\nb")
    same("standard error", (theirs / f"{name}.stderr").read_bytes(), b"err\n")
    until(lambda: (theirs / f"{name}.exit").exists(), "their owner hears the exit code")
    same("exit code", (theirs / f"{name}.exit").read_text(), "3")
    same("uploaded", (theirs / f"{name}.log.bin").read_bytes(), CONTENT)


def device_refuses_a_path_outside(world, key):
    device, guid = device_of_theirs(world, key)
    escape = "../" * 12 + f"tmp/{device.folder.name}.escaped"
    world.peer.plan({"Module": "fdo.download", "Name": escape, "Content": b"x"})
    try:
        device.run()
    except AssertionError:
        pass  # whichever side ends the run
    assert not Path("/tmp", f"{device.folder.name}.escaped").exists(), "written outside of the work folder"
    same("GUID", device.status()["guid"], guid)


def device_is_sold_by_them_to_us(world, key):
    device, _ = device_of_theirs(world, key)
    server, peer = world.server(key), world.peer
    peer.plan()
    device.run()
    guid = device.status()["guid"]
    bought = peer.sell(guid, server.key("owner"), device.folder / "resold.pem", resale=True)
    server.trust(peer.certificate("owner", key, device.folder / "seller.pem"), "manufacturer", f"seller of {guid}")
    server.take(bought)
    server.registered(guid)
    device.reset()
    device.run()
    same("state", server.json("device", "show", device.status()["guid"])["state"], "granted")


# Vouchers and registrations across


def made_there_onboarded_here(world, key, foreign_device, encoding="x509"):
    """Their station makes it, our owner imports the voucher and registers at their rendezvous server."""
    server, peer = world.server(key), world.peer
    peer.seek_owner_at(peer.port)
    if foreign_device:
        device = world.client(key)
        device.initialize(peer.url, encoding)
        guid = peer.initialized(device.serial)
    else:
        _, device = world.device(key)
        device.initialize(peer.url)
        guid = device.status()["guid"]
    server.trust(peer.certificate("maker", key, device.folder / "maker.pem"), "manufacturer", "go-fdo")
    server.take(peer.sell(guid, server.key("owner"), device.folder / "voucher.pem"))
    server.registered(guid)
    if foreign_device:
        device.onboard()
    else:
        device.run()
    same("state", server.state_after(guid), "onboarded" if foreign_device else "granted")


def made_here_onboarded_there(world, key, foreign_device, encoding="x509"):
    """Our station makes it, their owner imports the voucher and registers at our rendezvous server."""
    server, peer = world.server(key), world.peer
    server.seek_owner_at(server.fdo)
    if foreign_device:
        device = world.client(key)
        serial = device.serial
        device.initialize(server.url, encoding)
    else:
        serial, device = world.device(key)
        device.initialize(server.url)
    guid = server.voucher_of(serial)["guid"]
    owner = peer.certificate("owner", key, device.folder / "owner.pem")
    peer.take(server.sell(serial, owner))
    peer.plan()
    granted = peer.register(guid, server.url, peer.port)
    same("seconds granted", granted, 300)
    if foreign_device:
        device.onboard()
    else:
        device.run()
        peer.voucher(device.status()["guid"], device.folder / "replacement.pem")


CASES = [
    *((f"go-fdo-client at our servers: {key}, {encoding}, {cipher}", client_onboards, (key, encoding, cipher))
      for key in OURS for encoding in ENCODINGS for cipher in ("A128GCM", "A192GCM", "A256GCM")),
    *((f"go-fdo-client at our servers: {key}, rendezvous bypass", client_bypasses_rendezvous, (key,)) for key in OURS),
    *((f"go-fdo-client at our servers: download, wget, command and upload in messages of {size}",
       client_does_what_profile_says, ("ec256", size)) for size in (256, 1300, 65535)),
    ("go-fdo-client at our servers: credential reuse, as the profile allows", client_reuses_its_credential, ("ec256",)),
    ("go-fdo-client at our servers: revoked, it gets nothing", client_that_is_revoked_gets_nothing, ("ec256",)),
    *((f"go-fdo-client at our servers: {cipher} is refused in words", client_of_a_cipher_we_do_not_serve, ("ec256", cipher))
      for cipher in ("COSEAES128CTR", "COSEAES128CBC", "COSEAES256CTR", "COSEAES256CBC")),
    *((f"go-fdo-client at our station: {key} is refused in words", client_of_a_key_we_do_not_serve, (key,))
      for key in ("rsa2048", "rsa3072", "ec384")),
    *((f"go-fdo-client: {key}, {encoding}, sold by our owner to theirs", client_is_sold_by_us_to_them, (key, encoding))
      for key in OURS for encoding in ENCODINGS),

    ("astarte-device-fdo at our servers: ec256", astarte_onboards, ("ec256",)),

    *((f"fairlead-device at go-fdo's servers: {key}", device_onboards, (key,)) for key in OURS),
    *((f"fairlead-device at go-fdo's servers: {key}, rendezvous bypass", device_onboards, (key, True)) for key in OURS),
    *((f"fairlead-device at go-fdo's servers: {key}, credential reuse where the device allows it",
       device_reuses_its_credential, (key,)) for key in OURS),
    ("fairlead-device at go-fdo's servers: reuse is refused by default", device_refuses_reuse_unless_allowed, ("ec256",)),
    *((f"fairlead-device at go-fdo's servers: download, wget, command and upload in chunks of {chunk}",
       device_does_what_their_owner_says, ("ec256", chunk)) for chunk in (100, 1014)),
    ("fairlead-device at go-fdo's servers: a path out of its work folder is refused", device_refuses_a_path_outside, ("ec256",)),
    *((f"fairlead-device: {key}, sold by their owner to ours", device_is_sold_by_them_to_us, (key,)) for key in OURS),

    *((f"made by go-fdo, registered by our owner at go-fdo, onboarded here: fairlead-device, {key}",
       made_there_onboarded_here, (key, False)) for key in OURS),
    *((f"made by go-fdo, registered by our owner at go-fdo, onboarded here: go-fdo-client, {key}, {encoding}",
       made_there_onboarded_here, (key, True, encoding)) for key in OURS for encoding in ENCODINGS),
    *((f"made here, registered by go-fdo's owner here, onboarded by go-fdo: fairlead-device, {key}",
       made_here_onboarded_there, (key, False)) for key in OURS),
    *((f"made here, registered by go-fdo's owner here, onboarded by go-fdo: go-fdo-client, {key}, {encoding}",
       made_here_onboarded_there, (key, True, encoding)) for key in OURS for encoding in ENCODINGS),
]
