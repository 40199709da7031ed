#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The candidate picker of the desktop face, worked by its keys, at a device that looks for its upstream in networks of its own.

desk_upstreams_test.py --bin BUILD/bin [unittest options]      as root
"""
import subprocess
import unittest

from desk_test import Desk, Display
from lan import need_namespaces
from plant import run_tests, until
from upstream_search_test import CODE, Bench


class DeskUpstreams(unittest.TestCase):
    def test_an_upstream_is_chosen_given_and_forgotten(self):
        with Bench() as bench, Display(bench.folder) as display:
            bench.office.start_avahi()
            bench.server("10.77.0.2")
            device = bench.device("10.77.0.5/24")
            good = until(lambda: next((each for each in bench.say(device) if each["key"]), None), "it sees the upstream", 90)
            project = bench.folder / "bench.plan"
            table = bench.folder / "bench.csv"
            table.write_text(f"name,serial,code\npump 1,SN-1,{CODE}\n")
            subprocess.run([bench.bin / "fairlead", "plan", "import", table, "--project", project], check=True,
                           capture_output=True, timeout=60)
            port = device.said("DEVICE_DOOR_LISTENS")["port"]
            address = f"[{device.host.link_local()}%eth0]:{port}"
            with Desk(bench, display, "--address", address, "--scan", project) as desk:
                def chosen():
                    desk.press("Escape", "Escape", "ctrl+f", "Down", "Home", "ctrl+u")
                    display.keep("desk-upstreams.png")
                    for _ in range(20):
                        desk.press("Return")
                        display.keep("desk-upstreams.png")
                        if device.said("DEVICE_UPSTREAM_CHOSEN"):
                            return True
                    return False
                until(chosen, "the upstream is chosen", seconds=90)
                picked = bench.until_seen(device, "chosen", good["key"])
                self.assertEqual(picked["uri"], good["uri"])

                desk.press("Tab")  # from the list to the field
                desk.type("https://10.77.0.9:8040")
                desk.press("Tab")
                desk.type("ab" * 32)
                desk.press("Return")
                until(lambda: any(each["uri"] == "https://10.77.0.9:8040" for each in bench.say(device)),
                      "another one is given by hand", seconds=60)
                display.keep("desk-upstream-given.png")
                desk.press("Tab", "Tab", "Return")  # over “Give” to “Forget choice”
                until(lambda: not any(each["source"] == "chosen" for each in bench.say(device)), "the choice is forgotten",
                      seconds=60)


if __name__ == "__main__":
    need_namespaces()
    run_tests()
