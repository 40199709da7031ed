#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Large files of the server's folder, by profile onto a device that onboards.

FAIRLEAD_DOWNLOAD_MIB (8) is the size of what goes through. download_test.py --bin BUILD/bin [unittest options]
"""
import hashlib
import os
import unittest

from plant import Plant, run_tests

MIB = 1024 * 1024


def sparse(file, size):
    with file.open("wb") as out:
        out.truncate(size)


class Downloads(unittest.TestCase):
    def test_a_large_file_arrives_whole_and_what_can_not_be_given_holds_nothing_up(self):
        size = int(os.environ.get("FAIRLEAD_DOWNLOAD_MIB", 8)) * MIB
        names = ["firmware.bin", "never-put-there.bin", "for-no-run.bin", "last.txt"]
        with Plant() as plant:
            plant.maker.start()
            plant.customer.start()
            shelf = plant.customer.data / "files"
            shelf.mkdir(exist_ok=True)
            content = os.urandom(size)
            (shelf / "firmware.bin").write_bytes(content)
            (shelf / "last.txt").write_text("the last one")
            sparse(shelf / "for-no-run.bin", 300 * MIB)
            plant.customer.put_profile("files", priority=10, account="default", actions=[
                {"kind": "download", "name": name, "file": name} for name in names])
            plant.factory()
            plant.trade()
            plant.device.start()
            plant.until_online(300)
            work = plant.device.state / "work"
            self.assertEqual({each.name for each in work.iterdir()}, {"firmware.bin", "last.txt"})
            self.assertEqual(hashlib.sha384((work / "firmware.bin").read_bytes()).digest(),
                             hashlib.sha384(content).digest())
            self.assertEqual((work / "last.txt").read_text(), "the last one")
            story = plant.customer.cli("explain", plant.device.serial)
            self.assertIn("never-put-there.bin' is not in", story)
            self.assertIn("314572800 bytes", story)
            self.assertIn("by wget", story)


if __name__ == "__main__":
    run_tests()
