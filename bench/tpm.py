# SPDX-License-Identifier: Apache-2.0
"""A device with its keys in a TPM (swtpm), from the factory to its broker: how many commands the TPM is given, and how
long it takes over them. A relay between the two counts; swtpm computes at this machine's pace, a chip is slower."""
import collections
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from field import Device
from plant import Server, events, free_port, wait_for

# TPM 2.0 part 2, 6.5.2
NAMES = {0x144: "Startup", 0x131: "CreatePrimary", 0x153: "Create", 0x155: "HMAC", 0x157: "Load", 0x15B: "HMAC_Start",
         0x15C: "SequenceUpdate", 0x13E: "SequenceComplete", 0x15D: "Sign", 0x165: "FlushContext", 0x173: "ReadPublic",
         0x176: "StartAuthSession", 0x17A: "GetCapability", 0x17B: "GetRandom", 0x17D: "Hash", 0x186: "HashSequenceStart",
         0x15E: "Unseal", 0x120: "EvictControl", 0x191: "CreateLoaded", 0x164: "EncryptDecrypt", 0x193: "EncryptDecrypt2",
         0x161: "ContextLoad", 0x162: "ContextSave", 0x178: "Clear", 0x167: "LoadExternal"}


class Relay:
    """Between the device and swtpm's socket: one command at a time, each counted with the time until its answer."""

    def __init__(self, at, tpm):
        self.tpm, self.counts, self.seconds = tpm, collections.Counter(), 0.0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(at))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            device, _ = self.listener.accept()
            threading.Thread(target=self.relay, args=(device,), daemon=True).start()

    def relay(self, device):
        with device, socket.socket(socket.AF_UNIX) as tpm:
            tpm.connect(str(self.tpm))
            while command := read_message(device):
                begin = time.perf_counter()
                tpm.sendall(command)
                answer = read_message(tpm)
                self.seconds += time.perf_counter() - begin
                code = struct.unpack(">I", command[6:10])[0]
                self.counts[NAMES.get(code, f"0x{code:X}")] += 1
                device.sendall(answer)

    def take(self):
        out = {"commands": sum(self.counts.values()), "seconds": self.seconds, "by_name": dict(self.counts.most_common())}
        self.counts, self.seconds = collections.Counter(), 0.0
        return out


def read_exactly(connection, count):
    data = b""
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
    return data


def read_message(connection):
    head = read_exactly(connection, 10)
    return head and head + read_exactly(connection, struct.unpack(">I", head[2:6])[0] - 10)


def start_tpm(folder):
    folder.mkdir(mode=0o700)
    tpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--flags",
                            "not-need-init,startup-clear", "--server", f"type=unixio,path={folder}/tpm", "--ctrl",
                            f"type=unixio,path={folder}/tpm.ctrl"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("the TPM", (folder / "tpm.ctrl").exists, 30)
    return tpm


class TpmDevice:
    """As it left the factory."""

    def __init__(self, server, folder, number):
        self.tpm_folder = folder / f"tpm-{number}"
        self.tpm = start_tpm(self.tpm_folder)
        at = folder / f"relay-{number}"
        self.relay = Relay(at, self.tpm_folder / "tpm")
        Path(f"{at}.ctrl").symlink_to(self.tpm_folder / "tpm.ctrl")  # where the device looks for it
        self.device = Device(server, folder, number, "--keystore", f"tpm2:swtpm:path={at}")
        self.factory = self.relay.take()

    def provisioned(self):
        self.device.switch_on()
        try:
            online = self.device.online_after()
            return {"factory": self.factory, "field": self.relay.take(), "online_s": round(online, 3)}
        finally:
            self.device.process.terminate()
            self.device.process.wait(30)


def measure(binaries, folder, count, figures):
    print(f"bench: {count} devices with a TPM each", file=sys.stderr)
    server = Server(binaries, folder / "server", free_port())
    devices = []
    try:
        server.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", server.fdo_port, "--owner-port",
                   server.fdo_port, "--protocol", "http")
        (folder / "field-owner.pem").write_text(server.json("factory", "keys")["owner"])
        for number in range(count):
            devices.append(TpmDevice(server, folder, number))
        wait_for("TO0 of all", lambda: len(events(server.log, "TO0_REGISTERED")) >= count, 120)
        rows = [each.provisioned() for each in devices]
    finally:
        server.stop()
        for each in devices:
            each.tpm.terminate()
            each.tpm.wait(30)
    row = sorted(rows, key=lambda each: each["field"]["seconds"])[len(rows) // 2]
    factory, field = row["factory"], row["field"]
    figures.add("TPM commands at the factory", factory["commands"], "commands")
    figures.add("  their time in swtpm", round(factory["seconds"] * 1000, 1), "ms")
    figures.add("TPM commands from power on to online", field["commands"], "commands")
    figures.add("  their time in swtpm", round(field["seconds"] * 1000, 1), "ms", None, None,
                f"{row['online_s'] * 1000:,.0f} ms to online", round(field["seconds"] / row["online_s"], 3))
    return rows
