#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libfairlead-client as other programs use it: from C by pkg-config, and by Python's ctypes.

libclient_test.py --bin BUILD/bin [unittest options]
"""
import ctypes
import json
import os
import pathlib
import subprocess
import unittest

import plant
from plant import run_tests
from tool_test import CODE, Hall

EXAMPLE = pathlib.Path(__file__).parents[2] / "src/libclient/example/plan.c"
LINE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


def library_folder():
    return pathlib.Path(plant.bin_folder).resolve().parent / "lib"


class Library:
    """The functions that are needed here, with texts as Python has them."""

    def __init__(self):
        self.c = ctypes.CDLL(str(library_folder() / "libfairlead-client.so"))
        self.c.fairlead_version.restype = ctypes.c_char_p
        self.c.fairlead_free.argtypes = [ctypes.c_void_p]
        self.c.fairlead_client_close.argtypes = [ctypes.c_void_p]
        self.client = ctypes.c_void_p()

    def open(self, options):
        problem = ctypes.c_void_p()
        status = self.c.fairlead_client_open(json.dumps(options).encode(), ctypes.byref(self.client),
                                             ctypes.byref(problem))
        return status, self.taken(problem)

    def call(self, function, *arguments):
        """Status, result, problem."""
        result, problem = ctypes.c_void_p(), ctypes.c_void_p()
        status = getattr(self.c, function)(self.client, *arguments, ctypes.byref(result), ctypes.byref(problem))
        return status, self.taken(result), self.taken(problem)

    def taken(self, text):
        if not text.value:
            return None
        out = json.loads(ctypes.string_at(text.value))
        self.c.fairlead_free(text)
        return out

    def close(self):
        self.c.fairlead_client_close(self.client)


class LibClient(unittest.TestCase):
    def test_the_example_in_c_provisions_a_device(self):
        with Hall(1) as hall:
            program = hall.folder / "plan"
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fairlead-client"], check=True, text=True,
                                   capture_output=True, timeout=60,
                                   env={**os.environ, "PKG_CONFIG_PATH": str(library_folder() / "pkgconfig")}).stdout
            subprocess.run(["clang-19", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", EXAMPLE, *flags.split(),
                            "-o", program], check=True, timeout=120)
            table = hall.write_table([["name", "serial", "code", "address"],
                                      ["pump", "EN-1", CODE, hall.devices[0].address]])
            client = {"server": f"http://127.0.0.1:{hall.server.api_port}", "token": hall.server.token()}
            apply = {"announcements": False, "seconds": 1, "account": "default"}
            done = subprocess.run([program, table, hall.project, json.dumps(client), json.dumps(apply)], text=True,
                                  capture_output=True, timeout=90,
                                  env={**os.environ, "LD_LIBRARY_PATH": str(library_folder())})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("1 devices ended", done.stdout)
            hall.server.until_online("EN-1")
            journal = [json.loads(line) for line in pathlib.Path(f"{hall.project}.journal").read_text().splitlines()]
            self.assertEqual({line["by"] for line in journal}, {hall.server.api("GET", "/me")["id"]})

    def test_python_scans_compares_and_hears_what_is_wrong(self):
        with Hall(1) as hall:
            library = Library()
            self.assertRegex(library.c.fairlead_version().decode(), r"^\d+\.\d+\.\d+$")
            status, problem = library.open({"sever": "x"})
            self.assertEqual((status, problem["message"]), (2, "there is no option 'sever'"))
            status, problem = library.open({})
            self.assertEqual((status, problem), (0, None))
            lines = []
            heard = LINE(lambda context, line: lines.append(json.loads(line)))
            look = json.dumps({"announcements": False, "seconds": 1, "addresses": [hall.devices[0].address]}).encode()
            status, result, problem = library.call("fairlead_scan", look, heard, None)
            self.assertEqual((status, problem), (0, None))
            self.assertEqual([each["serial"] for each in result["devices"]], ["EN-1"])
            self.assertEqual(lines[0]["said"]["model"], "Pump")
            project = str(hall.project).encode()
            bad = str(hall.write_table([["name", "serial"], ["a", "1"], ["b", "1"]], "bad.csv")).encode()
            status, result, problem = library.call("fairlead_import", bad, project)
            self.assertEqual(status, 1)
            self.assertIn("row 3", result["complaints"][0])
            good = str(hall.write_table([["name", "serial", "code"], ["pump", "EN-1", CODE]])).encode()
            status, result, problem = library.call("fairlead_import", good, project)
            self.assertEqual((status, result["added"]), (0, 1), problem)
            status, result, problem = library.call("fairlead_compare", project, look)
            self.assertEqual((status, problem), (0, None))
            self.assertEqual(result["lines"][0]["state"], "matched")
            self.assertNotIn(CODE, json.dumps(result))
            status, result, problem = library.call("fairlead_apply", project, look, None, None)
            self.assertEqual(status, 2, problem)
            status, result, problem = library.call("fairlead_compare", b"/no/such/project", look)
            self.assertEqual(status, 4, problem)
            library.close()

    def test_the_upstream_of_a_device_is_chosen(self):
        with Hall(1) as hall:
            library = Library()
            self.assertEqual(library.open({}), (0, None))

            def upstreams(**options):
                device = {"address": f"http://{hall.devices[0].address}", "code": CODE, **options}
                return library.call("fairlead_upstreams", json.dumps(device).encode())

            self.assertEqual(upstreams(), (0, {"upstreams": []}, None))
            status, _, problem = upstreams(choose="0123456789")
            self.assertEqual(status, 4, problem)
            status, result, problem = upstreams(give="https://127.0.0.1:9", key="ab" * 32)
            self.assertEqual((status, problem), (0, None))
            self.assertEqual([(each["source"], each["uri"]) for each in result["upstreams"]],
                             [("chosen", "https://127.0.0.1:9")])
            self.assertEqual(upstreams(forget=True), (0, {"upstreams": []}, None))
            self.assertEqual(upstreams(give="https://x", forget=True)[0], 2)
            self.assertEqual(upstreams(key="abc")[0], 2)
            library.close()

    def test_nothing_but_the_interface_is_visible(self):
        shown = subprocess.run(["nm", "-D", "--defined-only", library_folder() / "libfairlead-client.so"], check=True,
                               text=True, capture_output=True, timeout=60).stdout
        names = {line.split()[-1] for line in shown.splitlines()}
        ours = {name for name in names if name.startswith("fairlead_")}
        self.assertEqual(len(ours), 10)
        self.assertEqual({name for name in names - ours if "fairlead" in name}, set())


if __name__ == "__main__":
    run_tests()
