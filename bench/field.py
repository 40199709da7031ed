# SPDX-License-Identifier: Apache-2.0
"""Device daemons on a real broker: their memory and size, power-on to online, revoke to disconnected."""
import datetime
import shutil
import statistics
import subprocess
import sys
import time

from plant import Server, events, free_port, private_bytes, resident_bytes, wait_for

mib = 1024 * 1024


def seconds_of(event):
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


class Device:
    def __init__(self, server, folder, number, *more_options):
        self.serial, self.log = f"FIELD-{number}", folder / f"device-{number}.log"
        self.command = [server.binaries / "fairlead-device"]
        self.options = ["--state", folder / f"device-{number}", "--serial", self.serial, "--model", "Bench",
                        "--manufacturer", f"http://127.0.0.1:{server.fdo_port}", *more_options]
        with self.log.open("w") as log:
            subprocess.run([*self.command, "initialize", *self.options], stderr=log, check=True)
        guid = server.json("voucher", "list", "--state", "made")["items"][0]["guid"]
        extended = folder / f"voucher-{number}.pem"
        extended.write_text(server.json("voucher", "extend", guid, "--to", folder / "field-owner.pem")["pem"])
        server.cli("voucher", "import", extended)

    def switch_on(self):
        self.switched_on = time.time()
        self.process = subprocess.Popen([*self.command, "run", *self.options], stderr=self.log.open("a"))

    def online_after(self):
        event = wait_for(f"{self.serial} online", lambda: events(self.log, "DEVICE_CONNECTED"), 120)[0]
        return seconds_of(event) - self.switched_on

    def cut_off_after(self, server, device_id):
        begin = time.time()
        server.post(f"/api/v1/devices/{device_id}/revoke", {"reason": "benchmark"})
        answered = time.time() - begin
        event = wait_for(f"{self.serial} cut off", lambda: events(self.log, "LINK_LOST"), 60)[-1]
        return answered, seconds_of(event) - begin


def measure(binaries, folder, count, figures):
    print(f"bench: {count} device daemons on a broker", file=sys.stderr)
    server = Server(binaries, folder / "field", free_port())
    devices = []
    try:
        return run(server, folder, count, figures, devices)
    finally:
        for device in devices:
            device.process.terminate()
            device.process.wait(30)
        server.stop()


def run(server, folder, count, figures, devices):
    server.cli("factory", "rendezvous", "set", "--ip", "127.0.0.1", "--device-port", server.fdo_port, "--owner-port",
               server.fdo_port, "--protocol", "http")
    (folder / "field-owner.pem").write_text(server.json("factory", "keys")["owner"])
    made = [Device(server, folder, number) for number in range(count)]
    wait_for("TO0 of all", lambda: len(events(server.log, "TO0_REGISTERED")) >= count, 120)
    online = []
    for device in made:
        device.switch_on()
        devices.append(device)
        online.append(device.online_after())
    for device in devices:  # what telemetry needs has come back by then
        wait_for(f"telemetry of {device.serial}", lambda: events(device.log, "TELEMETRY_SENT"), 120)
    resident = [resident_bytes(device.process.pid) / mib for device in devices]
    private = [private_bytes(device.process.pid) / mib for device in devices]
    ids = {row["serial"]: row["id"] for row in server.json("device", "list")["items"]}
    cut = sorted(device.cut_off_after(server, ids[device.serial])[1] for device in devices)
    stripped = folder / "fairlead-device.stripped"
    shutil.copy(server.binaries / "fairlead-device", stripped)
    subprocess.run(["strip", stripped], check=True)
    size = stripped.stat().st_size / mib
    cut_ms = {share: round(cut[min(len(cut) - 1, len(cut) * share // 100)] * 1000) for share in (50, 95, 99)}
    result = {"devices": count, "device_resident_mib": round(statistics.median(resident), 2),
              "device_private_mib": round(statistics.median(private), 2),
              "device_binary_mib": round(size, 2), "power_on_to_online_s": round(statistics.median(online), 3),
              "revoke_to_disconnect_p50_ms": cut_ms[50], "revoke_to_disconnect_p95_ms": cut_ms[95],
              "revoke_to_disconnect_p99_ms": cut_ms[99], "revoke_to_disconnect_max_ms": round(cut[-1] * 1000)}
    figures.add("Device daemon, provisioned and connected, resident", result["device_resident_mib"], "MiB", "under 8",
                result["device_resident_mib"] < 8)
    figures.add("  of it changed, so that no file has it", result["device_private_mib"], "MiB")
    figures.add("Device daemon, binary, stripped", result["device_binary_mib"], "MiB", "under 3",
                result["device_binary_mib"] < 3)
    figures.add("Power on to online", result["power_on_to_online_s"], "s")
    figures.add("Revoke to disconnected, p50", cut_ms[50], "ms")
    figures.add(f"  p99 of {count}", cut_ms[99], "ms", "under 1,000", cut_ms[99] < 1000)
    return result
