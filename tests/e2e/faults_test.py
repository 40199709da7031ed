#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults from outside, on the real programs: each is caused, has to be named in words where a person looks, must end
nobody's program, and when it is mended the device comes online by itself.

faults_test.py --bin BUILD/bin [--case NAME] [--list] [--keep]

As root it works in a mount namespace of its own (small disks, names that resolve or don't); without root these faults
are left out, loudly, and where CI is set that is a failure.
"""
import argparse
import concurrent.futures
import contextlib
import ctypes
import dataclasses
import datetime
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing
import urllib.request

import plant
from wrong_clock import faked_clock, faketime_library, is_sanitized, set_clock

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x1000, 0x4000, 0x40000, 2
libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind=None, flags=0, data=None):
    text = lambda word: None if word is None else str(word).encode()
    if libc.mount(text(source), text(target), text(kind), flags, text(data)) != 0:
        raise OSError(ctypes.get_errno(), f"mounting {target}")


def own_mounts():
    """From here on nobody else sees what we mount, and it is gone with us. False: not root."""
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
        return False
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    return True


def small_disk(p, folder, size):
    folder.mkdir(exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    mount("tmpfs", folder, "tmpfs", 0, f"size={size},mode={mode:o}")
    p.at_end.append(lambda: libc.umount2(str(folder).encode(), MNT_DETACH))


def fill(folder):
    with open(folder / "filler", "wb", buffering=0) as filler:
        for size in (65536, 4096, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                pass


@dataclasses.dataclass
class Fault:
    name: str
    cause: typing.Callable                   # the plant is made, traded and registered; the device is off
    mend: typing.Callable
    reason: str                              # of `fairlead-device status --json`, and the device's event
    words: str                               # somewhere in what status says to a person
    server_event: tuple = ()                 # (event, {field: part}) in the log of the customer's server
    explain: str = ""                        # somewhere in `fairlead explain`
    last_words: str = ""                     # the customer's server ends, and says this
    stops: bool = True                       # False: the device says it and goes on, mended or not
    arrange: typing.Callable = lambda p: None  # before anything is started
    online_first: bool = False               # the fault meets a device that is online
    ready: typing.Callable = lambda p: None  # the servers answer; nothing was made yet
    afterwards: typing.Callable = lambda p: True  # holds once the device is online again
    environment: typing.Callable = lambda p: {}  # of the device
    needs: str = ""                          # "root", "faketime", "swtpm"


# -- How each is caused and mended ------------------------------------------------------------------------------------

def rendezvous_apart(p):
    """The maker runs the rendezvous server; the customer is the owner only."""
    p.maker.settings["roles"]["rendezvous"] = True
    p.customer.settings["roles"]["rendezvous"] = False
    p.rendezvous = [p.maker.directive()]


def by_name(p):
    """Devices are given a name, and so nobody but a name server can help them."""
    port = p.customer.fdo_port
    p.rendezvous = [{"dns": "onboard.plant.test", "device_port": port, "protocol": "http", "device_only": True},
                    {"ips": ["127.0.0.1"], "owner_port": port, "protocol": "http", "owner_only": True}]


def straight_to_owner(p):
    p.rendezvous = [{"ips": ["127.0.0.1"], "device_port": p.customer.fdo_port, "protocol": "http", "bypass": True}]
    p.traded = False


def write_hosts(text):
    """/etc/hosts of this namespace: written in place, so that everybody sees it."""
    pathlib.Path("/etc/hosts").write_text("127.0.0.1 localhost\n" + text)


class Locked:
    """Another program that holds the customer's registry, as a backup that never ends would."""

    def __init__(self, p):
        self.shell = subprocess.Popen(["sqlite3", p.customer.data / "registry.db"], stdin=subprocess.PIPE, text=True,
                                      stdout=subprocess.PIPE)
        self.shell.stdin.write(".timeout 10000\nBEGIN EXCLUSIVE;\nSELECT 'held';\n")
        self.shell.stdin.flush()
        assert "held" in self.shell.stdout.readline()

    def release(self):
        self.shell.stdin.close()
        self.shell.wait(10)
        self.shell.stdout.close()


def lock(p):
    p.lock = Locked(p)


def own_broker(p):
    """A broker that an operator runs by hand, from the files that the server writes."""
    p.customer.settings["broker"]["enabled"] = False
    p.broker = plant.Program(p, "mosquitto")
    p.customer.broker = False


def broker_command(p):
    conf = p.customer.data / "broker" / "mosquitto.conf"
    program = next(place for place in ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto")
                   if os.path.exists(place))
    return [program, "-c", conf]


def start_broker(p):
    p.broker.launch(broker_command(p))
    p.customer.until_said("WATCH_CONNECTED")


def other_authority(p):
    """Certificate and key of an authority that has nothing to do with ours."""
    folder = p.folder / "other"
    folder.mkdir(exist_ok=True)
    run = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
        "-subj", "/CN=Another Authority", "-keyout", "ca.key", "-out", "ca.pem")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.1",
        "-keyout", "leaf.key", "-out", "leaf.csr")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    run("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30", "-extfile", "san",
        "-out", "leaf.pem")
    return folder


def broker_of_another_authority(p):
    other, ours = other_authority(p), p.customer.data / "broker"
    conf = (ours / "mosquitto.conf").read_text()
    conf = conf.replace(str(ours / "broker-cert.pem"), str(other / "leaf.pem"))
    conf = conf.replace(str(ours / "broker-key.pem"), str(other / "leaf.key"))
    wrong = ours / "wrong.conf"
    wrong.write_text(conf)
    for file in (other / "leaf.pem", other / "leaf.key", wrong):
        file.chmod(0o644)
    p.broker.launch([broker_command(p)[0], "-c", wrong])


def broker_that_trusts_another_authority(p):
    other, ours = other_authority(p), p.customer.data / "broker"
    conf = (ours / "mosquitto.conf").read_text().replace(f"capath {ours / 'ca'}", f"cafile {other / 'ca.pem'}")
    assert "cafile" in conf
    wrong = ours / "wrong.conf"
    wrong.write_text(conf)
    for file in (other / "ca.pem", wrong):
        file.chmod(0o644)
    p.broker.launch([broker_command(p)[0], "-c", wrong])


def right_broker(p):
    p.broker.end()
    p.broker.launch(broker_command(p))


def lose_owner_key(p):
    p.customer.end()
    for file in (p.customer.data / "keystore").glob("owner*"):
        file.rename(p.folder / f"aside-{file.name}")
    p.customer.start(wait=False)


def restore_owner_key(p):
    for file in p.folder.glob("aside-*"):
        file.rename(p.customer.data / "keystore" / file.name.removeprefix("aside-"))
    p.customer.start()


def start_stranger(p):
    """Somebody else's server under the address that the owner registered."""
    p.customer.end()
    p.stranger = plant.Server(p, "stranger", ["owner"], broker=False)
    p.stranger.settings["fdo"]["port"] = p.customer.fdo_port
    p.stranger.start()


def end_stranger(p):
    p.stranger.end()
    p.customer.start()


def few_runs_only(p):
    # Two a second: an onboarding is two runs, and this device waits for no longer than a second whatever it is told.
    p.customer.settings["limits"] = {"loopback": True, "guid_per_second": 2, "guid_burst": 4}


class Flood:
    """Somebody who knows the device's GUID and opens runs under it all the time."""

    def __init__(self, p):
        hello = bytes.fromhex("8250" + p.device.status()["guid"].replace("-", "") + "822640")  # [Guid, [ES256, h'']]
        self.request = urllib.request.Request(f"{p.customer.url()}/fdo/101/msg/30", hello, method="POST",
                                              headers={"Content-Type": "application/cbor"})
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        p.at_end.append(self.stop)

    def run(self):
        while not self.over.wait(0.02):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(self.request, timeout=5).close()

    def stop(self):
        self.over.set()
        self.thread.join()


def flood(p):
    p.flood = Flood(p)
    p.customer.until_said("FDO_HELD_UP", whose="its GUID")


def short_lived_certificates(p):
    """And nobody to renew them: the way back to the owner is the one that is tried."""
    p.customer.settings["est"]["port"] = 0


def profile_of_a_minute(p):
    p.customer.put_profile("a-minute", priority=10, account="default", certificate_lifetime_s=60)


def sleep_past_the_certificate(p):
    """The device is switched off until its certificate is past; its owner is away when it comes back."""
    until = datetime.datetime.fromisoformat(p.device.status()["operational"]["not_after"])
    p.device.end()
    p.customer.end()
    time.sleep(max(0.0, (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 0.1)
    p.device.start()


def kill_broker(p):
    os.kill(int(p.customer.until_said("BROKER_STARTED")["pid"]), signal.SIGKILL)


def minute_by_the_right_clock(p):
    profile_of_a_minute(p)
    set_clock(p, "+0")


def restart_and_then_set_clock_ahead(p):
    """The run that heard the owner's time would not be misled."""
    p.device.end()
    p.device.start(environment=faked_clock(p))
    p.until_online()
    set_clock(p, "@2099-01-01 00:00:00")


def restart_with_clock_ahead(p):
    p.device.end()
    set_clock(p, "@2099-01-01 00:00:00")
    p.device.start(environment=faked_clock(p))


def renewed_and_not_onboarded(p):
    return p.device.said_ever("DEVICE_RENEWED") and p.device.count("DEVICE_ONBOARDED") == 0


class Tpm:
    """swtpm, in a folder of its own; it can be pulled out and put back."""

    def __init__(self, p):
        self.folder = p.folder / "tpm"
        self.folder.mkdir(mode=0o700)
        self.program = plant.Program(p, "swtpm")
        self.start()

    def start(self):
        for left in ("tpm", "tpm.ctrl"):
            (self.folder / left).unlink(missing_ok=True)
        self.program.launch(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}", "--flags",
                             "not-need-init,startup-clear", "--server", f"type=unixio,path={self.folder}/tpm", "--ctrl",
                             f"type=unixio,path={self.folder}/tpm.ctrl"])
        plant.until((self.folder / "tpm.ctrl").exists, "swtpm runs")


def keys_in_tpm(p):
    p.tpm = Tpm(p)
    p.device.options["keystore"] = f"tpm2:swtpm:path={p.tpm.folder}/tpm"


def pull_the_tpm(p):
    p.tpm.program.end()
    kill_broker(p)  # the next TLS handshake needs the key


FAULTS = [
    Fault("rendezvous server is off", lambda p: p.customer.end(), lambda p: p.customer.start(),
          "rendezvous_unreachable", "refused"),
    Fault("rendezvous server does not answer", lambda p: p.customer.process.send_signal(signal.SIGSTOP),
          lambda p: p.customer.process.send_signal(signal.SIGCONT), "rendezvous_unreachable", "no answer"),
    Fault("rendezvous server has too much to do", flood, lambda p: p.flood.stop(), "rendezvous_busy",
          "asks to come again later", arrange=few_runs_only, server_event=("FDO_HELD_UP", {"whose": "its GUID"})),
    Fault("owner is off", lambda p: p.customer.end(), lambda p: p.customer.start(),
          "owner_unreachable", "refused", arrange=rendezvous_apart),
    Fault("owner does not answer", lambda p: p.customer.process.send_signal(signal.SIGSTOP),
          lambda p: p.customer.process.send_signal(signal.SIGCONT), "owner_unreachable", "no answer",
          arrange=rendezvous_apart),
    Fault("no name server", lambda p: write_hosts(""), lambda p: write_hosts("127.0.0.1 onboard.plant.test\n"),
          "dns_failed", "onboard.plant.test", arrange=by_name, needs="root"),
    Fault("voucher is missing at the owner", lambda p: None, lambda p: p.trade(), "owner_unknowing",
          "Import the device's ownership voucher", arrange=straight_to_owner,
          server_event=("FDO_REFUSED", {"code": "6"})),
    Fault("another owner answers", start_stranger, end_stranger, "owner_unknowing", "has no voucher for this device",
          arrange=rendezvous_apart),
    Fault("owner's key is lost", lose_owner_key, restore_owner_key, "owner_unreachable", "refused",
          arrange=rendezvous_apart, last_words="restore the keystore"),
    Fault("device's disk is full", lambda p: fill(p.device.state), lambda p: (p.device.state / "filler").unlink(),
          "disk_full", "no room", arrange=lambda p: small_disk(p, p.device.state, "512k"), needs="root"),
    Fault("server's disk is full", lambda p: fill(p.customer.data), lambda p: (p.customer.data / "filler").unlink(),
          "owner_fault", "error 500", arrange=lambda p: small_disk(p, p.customer.data, "8m"), needs="root",
          server_event=("FDO_REFUSED", {"why": "disk is full"})),
    Fault("registry is locked", lock, lambda p: p.lock.release(), "owner_fault", "error 500",
          server_event=("FDO_REFUSED", {"why": "locked"})),
    Fault("broker dies and is started again by the server", kill_broker, lambda p: None, "connection_lost", "ended",
          online_first=True, server_event=("BROKER_ENDED", {"how": "signal 9"})),
    Fault("broker is stopped by hand", lambda p: p.broker.end(), start_broker, "broker_unreachable", "refused",
          explain="The server itself does not reach the broker", arrange=own_broker, server_event=("WATCH_LOST", {})),
    Fault("broker's certificate is of another authority", broker_of_another_authority, right_broker, "tls_untrusted",
          "Another Authority", explain="The server itself does not reach the broker", arrange=own_broker,
          server_event=("WATCH_LOST", {"reason": "tls_untrusted"})),
    Fault("broker accepts another authority only", broker_that_trusts_another_authority, right_broker,
          "broker_refused", "refuse", explain="The server itself does not reach the broker", arrange=own_broker,
          server_event=("WATCH_LOST", {})),
    *(Fault(f"device's clock is in {year}", lambda p, year=year: set_clock(p, f"@{year}-01-01 00:00:00"),
            lambda p: set_clock(p, "+0"), "clock_wrong", str(year), environment=faked_clock, needs="faketime",
            stops=False) for year in (1970, 2099)),
    Fault("device's clock jumps to 2099 before its certificate is due", restart_and_then_set_clock_ahead,
          lambda p: set_clock(p, "+0"), "clock_wrong", "2099", online_first=True, ready=minute_by_the_right_clock,
          environment=faked_clock, needs="faketime", stops=False, afterwards=renewed_and_not_onboarded),
    Fault("device comes back with its clock in 2099, and only EST can tell it the time", restart_with_clock_ahead,
          lambda p: set_clock(p, "+0"), "clock_wrong", "2099", online_first=True, ready=minute_by_the_right_clock,
          environment=faked_clock, needs="faketime", stops=False, afterwards=renewed_and_not_onboarded),
    Fault("device's TPM is gone", pull_the_tpm, lambda p: p.tpm.start(), "key_failed", "TPM", online_first=True,
          arrange=keys_in_tpm, needs="swtpm"),
    Fault("certificate expired while the device was off, and its owner is away", sleep_past_the_certificate,
          lambda p: p.customer.start(), "rendezvous_unreachable", "the certificate has expired", online_first=True,
          arrange=short_lived_certificates, ready=profile_of_a_minute,
          afterwards=lambda p: p.device.said("DEVICE_ONBOARDED")),
]


# -- The driver -------------------------------------------------------------------------------------------------------

def prepare(p, fault):
    p.traded = True
    fault.arrange(p)
    p.maker.start()
    p.customer.start()
    fault.ready(p)
    p.factory()
    if p.traded:
        p.trade()
        p.customer.until_said("TO0_REGISTERED")


def alive(p, fault):
    for program in (p.maker, p.customer, p.device):
        ended = program.process is not None and not program.running() and program.process.returncode != 0
        if ended and not (program is p.customer and fault.last_words):
            raise AssertionError(f"{program.name} ended with {program.process.returncode}")


def obstacle(p, fault):
    """What status says stands in the way; of a fault that stops nothing, what the timeline says of it."""
    alive(p, fault)
    status = p.device.status()
    told = [status.get("obstacle", {})] if fault.stops else status.get("timeline", [])
    return next((each for each in told if each.get("reason") == fault.reason), None)


def named(p, fault):
    """Where a person looks: the device's log, its status in both forms, the server's log, explain."""
    said = plant.until(lambda: obstacle(p, fault), f"status says {fault.reason}", 90)["text"]
    text = p.device.status_text()
    for wanted in ("Obstacle" if fault.stops else said, fault.words):
        assert wanted in text, f"status does not say '{wanted}':\n{text}"
    p.device.until_said("DEVICE_" + fault.reason.upper())
    if fault.server_event:
        event, fields = fault.server_event
        p.customer.until_said(event, **fields)
    if fault.last_words:
        plant.until(lambda: fault.last_words in p.customer.last_lines(), f"the server says '{fault.last_words}'")
    if fault.explain:
        assert fault.explain in p.customer.cli("explain", p.device.serial)
    return said


def try_fault(bin_folder, fault, keep):
    with plant.Plant(bin_folder, keep_folder=keep) as p:
        began = time.monotonic()
        try:
            prepare(p, fault)
            if fault.online_first:
                p.device.start(environment=fault.environment(p))
                p.until_online()
            fault.cause(p)
            if not fault.online_first:
                p.device.start(environment=fault.environment(p))
            said = named(p, fault)
            if fault.stops:
                p.device.forget_log()
                fault.mend(p)
                p.until_online(60)
            else:
                p.until_online(60)
                fault.mend(p)
            assert fault.afterwards(p), "online, but not in the way that was to be seen"
            alive(p, fault)
            return True, f"ok    {fault.name}: \"{said}\"; mended, online ({time.monotonic() - began:.0f} s)"
        except Exception as problem:  # whatever it is: the other faults go on
            alone = f"{sys.argv[0]} --bin {bin_folder} --case '{fault.name}' --keep"
            return False, (f"FAIL  {fault.name}: {problem!r}\n{p.what_was_logged()}"
                           f"--- status\n{p.device.status_text()}\nAlone: {alone}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", required=True, help="folder of the programs")
    arguments.add_argument("--case", help="only this one, as printed")
    arguments.add_argument("--list", action="store_true", help="print the faults and end")
    arguments.add_argument("--keep", action="store_true", help="leave the folders of the plants behind")
    arguments.add_argument("--jobs", type=int, default=4, help="most of the time is waiting")
    options = arguments.parse_args()
    if options.list:
        print("\n".join(fault.name for fault in FAULTS))
        return 0

    sanitized = is_sanitized(options.bin)
    can = {"": True, "root": own_mounts(), "faketime": not sanitized and faketime_library() is not None,
           "swtpm": shutil.which("swtpm") is not None}
    if can["root"]:
        hosts = pathlib.Path("/etc/hosts")
        private = pathlib.Path(f"/tmp/fairlead-hosts.{os.getpid()}")
        private.write_text("127.0.0.1 localhost\n")
        mount(private, hosts, None, MS_BIND)
        private.unlink()
    chosen = [fault for fault in FAULTS if options.case in (None, fault.name)]
    if not chosen:
        arguments.error(f"no fault is named '{options.case}'")
    failures = 0
    for fault in chosen:
        if not can[fault.needs]:
            by_choice = sanitized and fault.needs == "faketime"  # of the build; nothing is missing here
            failures += bool(os.environ.get("CI")) and not by_choice
            print(f"SKIPPED  {fault.name}: needs {fault.needs}" + (", sanitized programs bear none" if by_choice else ""),
                  flush=True)
    chosen = [fault for fault in chosen if can[fault.needs]]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for good, text in pool.map(lambda fault: try_fault(options.bin, fault, options.keep), chosen):
            print(text, flush=True)
            failures += not good
    print(f"{len(chosen)} faults, {failures} failures")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
