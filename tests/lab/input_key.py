# SPDX-License-Identifier: Apache-2.0
"""A key of an input device that the kernel believes in (uinput): a button that a test can press."""
import contextlib
import fcntl
import os
import pathlib
import struct
import time

EV_SYN, EV_KEY = 0, 1
UI_SET_EVBIT, UI_SET_KEYBIT, UI_DEV_SETUP, UI_DEV_CREATE = 0x40045564, 0x40045565, 0x405C5503, 0x5501
SYSNAME_BYTES = 64
UI_GET_SYSNAME = 0x8000552C | SYSNAME_BYTES << 16
BUS_HOST = 0x19


class InputKey:
    def __init__(self, key):
        self.key = key
        self.uinput = os.open("/dev/uinput", os.O_WRONLY)
        fcntl.ioctl(self.uinput, UI_SET_EVBIT, EV_KEY)
        fcntl.ioctl(self.uinput, UI_SET_KEYBIT, key)
        fcntl.ioctl(self.uinput, UI_DEV_SETUP, struct.pack("<HHHH80sI", BUS_HOST, 0, 0, 0, b"fairlead-lab-button", 0))
        fcntl.ioctl(self.uinput, UI_DEV_CREATE)
        name = bytearray(SYSNAME_BYTES)
        fcntl.ioctl(self.uinput, UI_GET_SYSNAME, name)
        folder = pathlib.Path("/sys/devices/virtual/input", name.rstrip(b"\0").decode())
        self.path = "/dev/input/" + next(folder.glob("event*")).name

    def write(self, kind, code, value):
        os.write(self.uinput, struct.pack("<qqHHi", 0, 0, kind, code, value))

    def hold(self, seconds):
        """Down for so long, then up."""
        for value in (1, 0):
            self.write(EV_KEY, self.key, value)
            self.write(EV_SYN, 0, 0)
            if value:
                time.sleep(seconds)

    def unplug(self):
        with contextlib.suppress(OSError):
            os.close(self.uinput)
