# SPDX-License-Identifier: Apache-2.0
"""What is tried with go-fdo-server, and the table of these cases at the end."""

import hashlib
import ssl

from cases import CONTENT, OURS, same
from fairlead import until

CIPHERS = ("A128GCM", "A192GCM", "A256GCM")
ENCODINGS = ("x509", "cose")  # their manufacturer can't make x5chain, their owner shows a foreign certificate for it


def device_of_theirs(world, key, settings="", **where):
    """Our device, made at their station for their owner, which has its voucher. (server, device, GUID)"""
    server = world.go_fdo_server(key)
    server.sell_to(server.keys.certificate("owner"))
    server.seek_owner_at(server.owner.port if where.get("bypass") else server.rendezvous.port, **where)
    _, device = world.device(key, settings)
    device.initialize(server.manufacturing.url)
    guid = device.status()["guid"]
    server.take(server.voucher(guid, device.folder / "voucher.pem"))
    return server, device, guid


def fails_because(device, why):
    try:
        device.run()
    except AssertionError as failure:
        assert why in str(failure), failure
        return
    raise AssertionError(f"the device onboarded, although: {why}")


def is_onboarded(server, device, guid):
    """Both sides say so, under the same new GUID."""
    status = device.status()
    assert status["onboarded"] and status["guid"] != guid, status
    same("GUID at their owner", server.replacement_of(guid), status["guid"].replace("-", ""))


def onboards(world, key, settings="", host="ip"):
    server, device, guid = device_of_theirs(world, key, settings, host=host)
    server.plan()
    server.registered(guid)
    device.run()
    is_onboarded(server, device, guid)


def bypasses_rendezvous(world, key):
    server, device, guid = device_of_theirs(world, key, bypass=True)
    server.plan()
    device.run()
    is_onboarded(server, device, guid)


def onboards_by_https(world, key, pinned_to=None):
    """`pinned_to`: "theirs" or "another", the one certificate that the device accepts. They write its hash as a bare
    byte string, where FDO 1.1 has a Hash."""
    tls = world.go_fdo_server(key).keys.tls()
    pin = {"theirs": hashlib.sha256(ssl.PEM_cert_to_DER_cert(tls[0].read_text())), "another": hashlib.sha256()}.get(pinned_to)
    server, device, guid = device_of_theirs(world, key, protocol="https", sv_cert_hash=pin.hexdigest() if pin else "")
    try:
        server.rendezvous.start(tls=tls)
        server.be_found_by("https")
        server.plan(tls=tls)
        server.registered(guid)
        if pinned_to == "another":
            fails_because(device, "is not the one that was announced")
        else:
            device.run()
            is_onboarded(server, device, guid)
    finally:
        server.be_found_by("http")
        server.rendezvous.start()


def does_what_their_owner_says(world, key):
    server, device, guid = device_of_theirs(world, key, '[owner]\ncommands = ["/bin/sh"]\n', bypass=True)
    work = device.file("")
    work.mkdir(parents=True)
    (work / "log.bin").write_bytes(CONTENT)
    source = server.folder / "content.bin"
    source.write_bytes(CONTENT)
    uploads = server.folder / "uploads"
    uploads.mkdir(exist_ok=True)
    word = f"said by {device.folder.name}"
    server.plan(
        {"fsim": "fdo.download", "params": {"files": [{"src": str(source), "dst": "config.bin"}]}},
        {"fsim": "fdo.wget", "params": {"files": [{
            "url": world.files_url, "dst": "firmware.bin", "length": len(CONTENT),
            "checksum": hashlib.sha384(CONTENT).hexdigest()}]}},
        {"fsim": "fdo.command", "params": {"cmd": "/bin/sh", "args": ["-c", f"echo {word}; exit 3"], "may_fail": True,
                                           "return_stdout": True, "return_stderr": True}},
        {"fsim": "fdo.upload", "params": {"dir": str(uploads), "files": [{"src": "log.bin", "dst": "sub/renamed.bin"}]}})
    device.run()
    is_onboarded(server, device, guid)
    same("downloaded", device.file("config.bin").read_bytes(), CONTENT)
    same("fetched", device.file("firmware.bin").read_bytes(), CONTENT)
    assert f"\n{word}\n" in server.owner.process.said(), "the command's output is not in their log"
    uploaded = uploads / device.status()["guid"].replace("-", "") / "sub/renamed.bin"
    same("uploaded", uploaded.read_bytes(), CONTENT)


def refuses_a_wrong_checksum(world, key):
    server, device, guid = device_of_theirs(world, key, bypass=True)
    server.plan({"fsim": "fdo.wget", "params": {"files": [{
        "url": world.files_url, "dst": "firmware.bin", "checksum": hashlib.sha384(b"other").hexdigest()}]}})
    fails_because(device, "SHA-384 is not the one announced")
    assert not device.file("firmware.bin").exists(), "a file was kept whose checksum is wrong"
    same("GUID", device.status()["guid"], guid)


def reuses_its_credential(world, key):
    server, device, guid = device_of_theirs(world, key, "allow_credential_reuse = true", bypass=True)
    server.plan(reuse=True)
    for _ in range(2):
        device.run()
        same("GUID", device.status()["guid"], guid)
        assert device.status()["onboarded"]
        device.reset()


def refuses_reuse_unless_allowed(world, key):
    server, device, guid = device_of_theirs(world, key, bypass=True)
    server.plan(reuse=True)
    fails_because(device, "wants the credential kept")
    same("obstacle", device.status()["obstacle"]["reason"], "reuse_refused")
    server.plan()
    device.run()  # the credential is whole
    is_onboarded(server, device, guid)


def is_sold_by_them_to_us(world, key):
    theirs, device, guid = device_of_theirs(world, key)
    ours = world.server(key)
    theirs.plan()
    theirs.registered(guid)
    device.run()
    guid = device.status()["guid"]
    ours.trust(theirs.keys.certificate("owner"), "manufacturer", f"seller of {guid}")
    ours.take(theirs.sell(guid, ours.key("owner"), device.folder / "resold.pem"))
    ours.registered(guid)  # at their rendezvous server, as the voucher says
    device.reset()
    device.run()
    same("state", ours.json("device", "show", device.status()["guid"])["state"], "granted")


def is_sold_by_us_to_them(world, key):
    theirs, ours = world.go_fdo_server(key), world.server(key)
    ours.seek_owner_at(ours.fdo)
    serial, device = world.device(key)
    device.initialize(ours.url)
    ours.take(ours.sell(serial, ours.key("owner")))
    ours.registered(device.status()["guid"])
    device.run()
    guid = device.status()["guid"]
    theirs.take(ours.sell_guid(guid, theirs.keys.certificate("owner"), "--unconfirmed"))
    theirs.plan()
    theirs.registered(guid)  # at our rendezvous server
    device.reset()
    device.run()
    is_onboarded(theirs, device, guid)


def made_there_for_us(world, key, encoding=None):
    """A device that their station made for our owner, which has its voucher. `encoding`: a go-fdo-client. (device, GUID)"""
    theirs, ours = world.go_fdo_server(key), world.server(key)
    theirs.sell_to(theirs.keys.certify(ours.key("owner")))
    theirs.seek_owner_at(theirs.rendezvous.port)
    if encoding:
        device = world.client(key)
        device.initialize(theirs.manufacturing.url, encoding)
        guid = theirs.initialized(device.info)
    else:
        _, device = world.device(key)
        device.initialize(theirs.manufacturing.url)
        guid = device.status()["guid"]
    ours.trust(theirs.keys.certificate("manufacturer"), "manufacturer", "go-fdo-server")
    ours.take(theirs.voucher(guid, device.folder / "voucher.pem"))
    return device, guid


def made_there_onboarded_here(world, key, encoding=None):
    """Their station makes it for our owner, which registers at their rendezvous server."""
    ours = world.server(key)
    device, guid = made_there_for_us(world, key, encoding)
    ours.registered(guid)
    device.onboard() if encoding else device.run()
    same("state", ours.state_after(guid), "onboarded" if encoding else "granted")


def made_here_onboarded_there(world, key, encoding=None):
    """Our station makes it, their owner takes the voucher and registers at our rendezvous server."""
    theirs, ours = world.go_fdo_server(key), world.server(key)
    ours.seek_owner_at(ours.fdo)
    if encoding:
        device = world.client(key)
        serial = device.serial
        device.initialize(ours.url, encoding)
    else:
        serial, device = world.device(key)
        device.initialize(ours.url)
    guid = ours.voucher_of(serial)["guid"]
    theirs.take(ours.sell(serial, theirs.keys.certificate("owner")))
    theirs.plan()
    theirs.registered(guid)
    if encoding:
        device.onboard()
        assert theirs.replacement_of(guid), "their owner has no new voucher"
    else:
        device.run()
        is_onboarded(theirs, device, guid)


def our_owner_takes_the_time_they_grant(world, key):
    theirs, ours = world.go_fdo_server(key), world.server(key)
    theirs.rendezvous.start("--to0-max-wait", "77")
    _, guid = made_there_for_us(world, key)
    ours.registered(guid)
    (event,) = ours.events("TO0_REGISTERED", guid)
    same("seconds", event["seconds"], "77")
    theirs.rendezvous.start()


def our_owner_says_why_they_do_not_register(world, key):
    """Their rendezvous server registers devices of authorities that it knows, and ours is none of them."""
    theirs, ours = world.go_fdo_server(key), world.server(key)
    ours.seek_owner_at(theirs.rendezvous.port)
    serial, device = world.device(key)
    device.initialize(ours.url)
    guid = ours.voucher_of(serial)["guid"]
    ours.take(ours.sell(serial, ours.key("owner")))
    refused = until(lambda: ours.events("TO0_FAILED", guid), f"TO0 of {guid} is refused")
    assert "unknown authority" in refused[0]["why"], refused


def they_refuse_a_voucher_of_ours_for_another(world, key):
    theirs, ours = world.go_fdo_server(key), world.server(key)
    ours.seek_owner_at(ours.fdo)
    serial, device = world.device(key)
    device.initialize(ours.url)
    try:
        theirs.take(ours.sell(serial, ours.key("owner")))
    except AssertionError as refused:
        assert "said 400" in str(refused), refused
        return
    raise AssertionError("their owner took a voucher that is not for it")


WHAT = "fairlead-device at go-fdo-server"
CASES = [
    *((f"{WHAT}: {key}, {cipher}", onboards, (key, f'cipher = "{cipher}"\n')) for key in OURS for cipher in CIPHERS),
    (f"{WHAT}: ec256, by a name instead of an address", onboards, ("ec256", "", "dns")),
    *((f"{WHAT}: {key}, rendezvous bypass", bypasses_rendezvous, (key,)) for key in OURS),
    (f"{WHAT}: ec256, by HTTPS", onboards_by_https, ("ec256",)),
    (f"{WHAT}: ec256, by HTTPS, pinned to its certificate", onboards_by_https, ("ec256", "theirs")),
    (f"{WHAT}: ec256, by HTTPS, pinned to another certificate", onboards_by_https, ("ec256", "another")),
    (f"{WHAT}: download, wget, command and upload", does_what_their_owner_says, ("ec256",)),
    (f"{WHAT}: a file with a wrong checksum is refused", refuses_a_wrong_checksum, ("ec256",)),
    *((f"{WHAT}: {key}, credential reuse where the device allows it", reuses_its_credential, (key,)) for key in OURS),
    (f"{WHAT}: reuse is refused by default", refuses_reuse_unless_allowed, ("ec256",)),
    *((f"{WHAT}: {key}, sold by their owner to ours", is_sold_by_them_to_us, (key,)) for key in OURS),
    *((f"{WHAT}: {key}, sold by our owner to theirs", is_sold_by_us_to_them, (key,)) for key in OURS),
    *((f"made by go-fdo-server, registered there by our owner, onboarded here: fairlead-device, {key}",
       made_there_onboarded_here, (key,)) for key in OURS),
    *((f"made by go-fdo-server, registered there by our owner, onboarded here: go-fdo-client, {key}, {encoding}",
       made_there_onboarded_here, (key, encoding)) for key in OURS for encoding in ENCODINGS),
    *((f"made here, registered by go-fdo-server here, onboarded there: fairlead-device, {key}",
       made_here_onboarded_there, (key,)) for key in OURS),
    *((f"made here, registered by go-fdo-server here, onboarded there: go-fdo-client, ec256, {encoding}",
       made_here_onboarded_there, ("ec256", encoding)) for encoding in ENCODINGS),
    ("our owner takes the time that go-fdo-server grants", our_owner_takes_the_time_they_grant, ("ec256",)),
    ("our owner says why go-fdo-server does not register a device", our_owner_says_why_they_do_not_register, ("ec256",)),
    ("go-fdo-server refuses a voucher of ours that is for another owner", they_refuse_a_voucher_of_ours_for_another,
     ("ec256",)),
]
