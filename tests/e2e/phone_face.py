# SPDX-License-Identifier: Apache-2.0
"""The phone face on a virtual display, used as a person would: what is to be seen is found by its accessible name (AT-SPI),
touched where it is, and typed into by keys.

    with Screen(folder) as screen, PhoneFace(bin, screen, folder / "phone") as phone:
        phone.type("User", "admin"); phone.touch("Sign in")
        phone.until("Devices nearby")
"""
import os
import pathlib
import subprocess

from desk_test import Display
from plant import until

SIZE = "412x860"


class Screen(Display):
    """A phone's, with the buses by which programs tell what they show. One for each process: pyatspi keeps its bus."""

    def __init__(self, folder):
        super().__init__(folder, SIZE)
        self.bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        os.environ.update(DISPLAY=self.name, DBUS_SESSION_BUS_ADDRESS=self.bus.stdout.readline().strip())
        import pyatspi  # looks at these variables
        self.registry = pyatspi.Registry

    def __exit__(self, *about):
        self.bus.terminate()
        self.bus.wait(20)
        self.bus.stdout.close()
        super().__exit__(*about)

    def keep(self, name):
        """Once nothing moves any more, or it never ends."""
        file = pathlib.Path(os.environ.get("FAIRLEAD_SCREENSHOTS", "/nowhere")) / name
        before = None
        for _ in range(25):
            super().keep(name)
            now = file.read_bytes() if file.exists() else None
            if now == before:
                return
            before = now

    def environment(self):
        return {**super().environment(), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}


class PhoneFace:
    """The program, as somebody holds it."""

    def __init__(self, programs, screen, state, *words, prefix=()):
        self.programs, self.screen, self.state, self.words, self.prefix = programs, screen, state, words, prefix
        self.log = screen.log.name.replace("xvfb", "phone")

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in (*self.prefix, self.programs / "fairlead-app", "--phone", "--state", self.state,
                                        *self.words)],
                env=self.screen.environment(), stdout=log, stderr=log)
        until(self.window, "the window is there", 120)  # in a virtual machine it takes a while
        return self

    def __exit__(self, kind, *_):
        if kind:
            print("\n".join(self.shown()) if self.process.poll() is None else pathlib.Path(self.log).read_text())
            self.screen.keep("failed.png")
        self.process.terminate()
        self.process.wait(20)

    def window(self):
        assert self.process.poll() is None, "the program ended: " + pathlib.Path(self.log).read_text()
        for program in self.screen.registry.getDesktop(0):
            if program and program.get_process_id() == self.process.pid and program.childCount:
                return program[0]
        return None

    def all(self):
        """What is on the screen, from the outside in: item, role, name."""
        return list(self.inside(self.window()))

    def inside(self, item):
        from gi.repository import GLib
        import pyatspi
        try:
            if not item or not item.getState().contains(pyatspi.STATE_SHOWING):
                return
            yield item, item.getRoleName(), item.name
            children = list(item)
        except (GLib.GError, ValueError):  # the window changes while it is looked at
            return
        for child in children:
            yield from self.inside(child)

    def shown(self):
        return [name for _, _, name in self.all() if name]

    def says(self, *parts):
        """The first thing on the screen whose name has all these parts."""
        return next((name for name in self.shown() if all(part in name for part in parts)), None)

    def until(self, *parts, seconds=60):
        return until(lambda: self.says(*parts), f"the phone shows {parts}", seconds)

    def button(self, name):
        return next((item for item, role, its in self.all() if role in ("push button", "check box") and its == name), None)

    def field(self, name):
        """Of a line for a password only the group that holds it tells the name."""
        group = next((item for item, role, its in self.all() if role == "panel" and its == name), None)
        return next((item for item, role, _ in self.inside(group) if role in ("text", "password text")), None)

    def touch(self, name, seconds=60):
        self.touch_at(until(lambda: self.button(name), f"the phone has a button '{name}'", seconds))

    def touch_at(self, item):
        area = item.queryComponent().getExtents(0)
        self.screen.run("xdotool", "mousemove", str(area.x + area.width // 2), str(area.y + area.height // 2), "click", "1")

    def type(self, field, text):
        """In place of what is there."""
        self.touch_at(until(lambda: self.field(field), f"the phone has a field '{field}'"))
        self.screen.run("xdotool", "key", "ctrl+a", "key", "Delete")
        self.screen.run("xdotool", "type", "--delay", "5", text)

    def sign_in(self, server):
        self.type("Server", f"http://127.0.0.1:{server.api_port}")
        self.type("User", USER)
        self.type("Password", PASSWORD)
        self.touch("Sign in")
        self.until("Devices nearby")


USER, PASSWORD = "ina", "correct-horse-1"


def add_installer(server):
    """Somebody who brings devices in."""
    server.api("POST", "/users", {"id": USER, "password": PASSWORD, "role": "installer", "account": "default"})
