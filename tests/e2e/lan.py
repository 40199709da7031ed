# SPDX-License-Identifier: Apache-2.0
"""A network of our own making: one switch, and hosts that are network namespaces with an interface eth0 each. Needs root
(or `unshare -Urnm`), iproute2, avahi-daemon, dbus-daemon.

    with Lan(folder) as lan:
        sensor = lan.host("sensor", "10.77.0.5/24")    # no address given: IPv6 link-local only
        sensor.start_avahi()
        sensor.run("avahi-browse", "-rpt", "_fairlead-dev._tcp")

A host has a /run of its own, so that its system bus and its Avahi are not another's. What a host runs is started by
`command()`, and ended by process id when the network is left.
"""
import ctypes
import itertools
import os
import pathlib
import select
import signal
import subprocess
import time

BUS = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_type="method_return"/><allow receive_type="error"/></policy></busconfig>
"""
AVAHI = """[server]
use-ipv4=yes
use-ipv6=yes
allow-interfaces=eth0{}
{}[publish]
publish-workstation=no
publish-hinfo=no
"""
PATIENCE_S = 60  # for what takes milliseconds on an idle machine

# Keeps the host's own mounts alive; everything else enters them by nsenter.
KEEPER = """set -e
mount -t tmpfs tmpfs /run; mkdir -p /run/dbus /run/avahi-daemon
mount --bind {folder}/passwd /etc/passwd; mount --bind {folder}/group /etc/group
hostname {name}; echo ready; exec sleep infinity
"""


def ip(*words, check=True):
    return subprocess.run(["ip", *map(str, words)], check=check, capture_output=True, text=True, timeout=PATIENCE_S)


def need_namespaces():
    """Ends the test, saying so, where networks can't be made: skipped for CTest (SKIP_RETURN_CODE), failed where CI is set."""
    tried = subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, text=True, timeout=PATIENCE_S)
    if os.geteuid() != 0 or tried.returncode != 0:
        print(f"SKIPPED, NOTHING WAS TESTED: this needs root and network namespaces. {tried.stderr.strip()}", flush=True)
        raise SystemExit(1 if os.environ.get("CI") else 77)


class Host:
    def __init__(self, lan, name, addresses):
        self.lan, self.name, self.namespace = lan, name, f"{lan.prefix}-{name}"
        self.port = f"sw-{name}"[:15]  # of the switch
        self.keeper = self.bus = self.avahi = None
        ip("netns", "add", self.namespace)
        ip("-n", self.namespace, "link", "set", "lo", "up")
        ip("link", "add", "eth0", "netns", self.namespace, "type", "veth", "peer", "name", self.port, "netns", lan.switch)
        ip("-n", lan.switch, "link", "set", self.port, "master", "br0", "up")
        ip("-n", self.namespace, "link", "set", "eth0", "up")
        for address in addresses:
            nodad = ["nodad"] if ":" in address else []
            ip("-n", self.namespace, "addr", "add", address, "dev", "eth0", *nodad)

    def _keep(self):
        if self.keeper:
            return
        script = KEEPER.format(folder=self.lan.folder, name=self.name)
        self.keeper = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "unshare", "-m", "-u", "--propagation", "private", "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with self.keeper.stdout as said:
            speaks = select.select([said], [], [], PATIENCE_S)[0]
            ready = speaks and said.readline() == "ready\n"  # one line, or the end
        if not ready:
            raise RuntimeError(f"{self.name}: its namespaces can't be made; are you root?")

    def command(self, *words):
        """These words, to be run on this host."""
        self._keep()
        return ["nsenter", "-t", str(self.keeper.pid), "-m", "-u", "-n", *map(str, words)]

    def start(self, *words, log=None):
        """Runs until the network is left, or stop()."""
        with open(log or os.devnull, "ab") as out:
            process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.lan.processes.append(process)
        return process

    def run(self, *words, seconds=30):
        """What it printed."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=seconds).stdout

    def start_bus(self):
        self.run("rm", "-f", "/run/dbus/system_bus_socket", "/run/dbus/pid")
        self.bus = self.start("dbus-daemon", f"--config-file={self.lan.folder}/bus.conf", "--nofork", "--nopidfile",
                              "--nosyslog")
        socket = pathlib.Path(f"/proc/{self.keeper.pid}/root/run/dbus/system_bus_socket")
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if socket.exists():
                return
            if self.bus.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError(f"{self.name}: the system bus does not start")

    def start_avahi(self):
        if not self.bus:
            self.start_bus()
        self.run("rm", "-f", "/run/avahi-daemon/pid")
        self.avahi = self.start("avahi-daemon", "-f", self.lan.folder / "avahi.conf", "--no-drop-root", "--no-chroot",
                                "--no-rlimits", log=self.lan.folder / f"avahi-{self.name}.log")

    def link_local(self, interface="eth0"):
        """Its fe80 address once it may be used; None before."""
        words = ip("-n", self.namespace, "-6", "-o", "addr", "show", "dev", interface, "scope", "link").stdout.split()
        return words[3].split("/")[0] if len(words) > 3 and "tentative" not in words else None

    def has_address(self):
        return " inet " in ip("-n", self.namespace, "-4", "-o", "addr", "show", "dev", "eth0").stdout

    def cable(self, plugged):
        ip("-n", self.lan.switch, "link", "set", self.port, "up" if plugged else "down")


class Lan:
    _runs = itertools.count()

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.prefix = f"fl{os.getpid()}-{next(self._runs)}"
        self.switch = f"{self.prefix}-switch"
        self.hosts, self.processes = [], []
        self._outside = None

    def __enter__(self):
        # Avahi and the bus look their users up; in a user namespace only uid 0 is mapped.
        for file, own in (("passwd", "avahi:x:0:0::/:/bin/false\n"), ("group", "avahi:x:0:\nnetdev:x:0:\n")):
            lines = pathlib.Path(f"/etc/{file}").read_text(encoding="utf-8").splitlines(keepends=True)
            others = [line for line in lines if not line.startswith(("avahi:", "netdev:"))]
            (self.folder / file).write_text("".join(others) + own)
        (self.folder / "bus.conf").write_text(BUS)
        (self.folder / "avahi.conf").write_text(AVAHI.format("", ""))
        ip("netns", "add", self.switch)
        ip("-n", self.switch, "link", "set", "lo", "up")
        ip("-n", self.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0", "stp_state", "0")
        ip("-n", self.switch, "link", "set", "br0", "up")
        return self

    def host(self, name, *addresses):
        self.hosts.append(Host(self, name, addresses))
        return self.hosts[-1]

    def enter(self, host):
        """From here on this process, and what it starts, has that host's network."""
        if self._outside is None:
            self._outside = os.open("/proc/self/ns/net", os.O_RDONLY)
        inside = os.open(f"/run/netns/{host.namespace}", os.O_RDONLY)
        self._set_namespace(inside)
        os.close(inside)

    @staticmethod
    def _set_namespace(descriptor):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, 0x40000000) != 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")

    def __exit__(self, kind, problem, trace):
        if self._outside is not None:
            self._set_namespace(self._outside)
            os.close(self._outside)
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        for process in self.processes:
            process.wait(PATIENCE_S)
        for host in self.hosts:
            if host.keeper:
                host.keeper.kill()
                host.keeper.wait(PATIENCE_S)
            ip("netns", "del", host.namespace, check=False)
        ip("netns", "del", self.switch, check=False)
