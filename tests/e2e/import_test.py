#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of vouchers by `fairlead voucher import`: killed in the middle and resumed, a server that dies meanwhile,
every container that is taken, and progress on a terminal.

import_test.py --bin BUILD/bin [unittest options]; BUILD/bench/vouchers_bench makes the vouchers.
"""
import base64
import collections
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import unittest

from plant import Server, Site, run_tests, until

BLOCK = re.compile(rb"-----BEGIN OWNERSHIP VOUCHER-----(.*?)-----END OWNERSHIP VOUCHER-----", re.S)


class Import(unittest.TestCase):
    def world(self, site, count, bad=0):
        """A server that trusts the maker of `count` vouchers in site.folder/vouchers."""
        server = Server(site, "server", ("owner",), broker=False)
        server.top_settings["log_level"] = "info"
        server.start()
        owner = site.folder / "owner.pem"
        owner.write_text(server.cli("factory", "keys", "--owner"))
        subprocess.run([pathlib.Path(site.bin).parent / "bench" / "vouchers_bench", "--folder", site.folder, "--owner", owner,
                        "--count", str(count), "--bad", str(bad)], check=True)
        server.cli("trust", "add", site.folder / "maker.pem", "--name", "The maker")
        self.server, self.vouchers, self.report = server, site.folder / "vouchers", site.folder / "refused.jsonl"
        return server

    def begin(self, *more):
        return subprocess.Popen(self.server.command("--json", "voucher", "import", self.vouchers, "--report", self.report,
                                                    *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def journal_lines(self):
        journal = pathlib.Path(f"{self.report}.journal")
        return journal.read_text().count("\n") if journal.exists() else 0

    def check_everything_is_there_once(self, count):
        imported = collections.Counter(each["guid"] for each in self.server.events()
                                       if each["id"] == "VOUCHER_IMPORTED")
        self.assertEqual([guid for guid, times in imported.items() if times > 1], [], "imported twice")
        status = self.server.api("GET", "/status")
        self.assertEqual((status["vouchers"], status["devices"]), (count, count))

    def test_a_killed_import_is_resumed_without_loss_or_repetition(self):
        with Site() as site:
            self.world(site, 6000, bad=6)
            dry = json.loads(self.begin("--dry-run").communicate()[0])
            self.assertEqual((dry["imported"], dry["refused"]), (5994, 6))
            self.assertEqual(self.server.api("GET", "/status")["vouchers"], 0, "a dry run changes nothing")

            first = self.begin()
            until(lambda: self.journal_lines() > 500 or first.poll() is not None, "some vouchers are in the journal")
            first.send_signal(signal.SIGKILL)
            first.communicate()
            self.assertEqual(first.returncode, -signal.SIGKILL, "it was done before it could be killed")
            before = self.journal_lines() - 1

            resumed = self.begin("--resume")
            counts = json.loads(resumed.communicate()[0])
            self.assertEqual(resumed.returncode, 7, "some were refused")
            self.assertEqual(counts["done_before"], before)
            self.assertEqual(counts["imported"] + counts["unchanged"] + counts["done_before"], 5994)
            self.check_everything_is_there_once(5994)
            refusals = [json.loads(line) for line in self.report.read_text().splitlines()]
            self.assertEqual(len(refusals), 6)
            for each in refusals:
                self.assertIn(str(self.vouchers), each["file"])
                self.assertRegex(each["where"], r"\.pem:\d+$")
                self.assertEqual(each["index"], 1000, "the last of its file was spoilt")
                self.assertRegex(each["guid"], r"^[0-9a-f-]{36}$")
                self.assertIn("signature", each["reason"])

    def test_a_server_that_dies_meanwhile_is_waited_for(self):
        with Site() as site:
            server = self.world(site, 4000)
            run = self.begin()
            until(lambda: self.journal_lines() > 500, "some vouchers are in the journal")
            server.kill()
            said = run.stderr.readline()
            while said and "does not answer" not in said:
                said = run.stderr.readline()
            self.assertIn("next try in 1 s", said)
            server.start()
            counts = json.loads(run.communicate()[0])
            self.assertEqual(run.returncode, 0)
            self.assertEqual(counts["imported"] + counts["unchanged"], 4000)
            self.check_everything_is_there_once(4000)

    def test_every_container_is_taken_or_refused_with_the_way_to_open_it(self):
        with Site() as site:
            self.world(site, 60)
            pem = b"".join(each.read_bytes() for each in sorted(self.vouchers.iterdir()))
            cbor = [base64.b64decode(each) for each in BLOCK.findall(pem)]
            sequence, single = site.folder / "all.cbor", site.folder / "one.cbor"
            sequence.write_bytes(b"".join(cbor[:20]))
            single.write_bytes(cbor[20])
            archive = site.folder / "delivery.tgz"
            subprocess.run(["tar", "-czf", archive, "-C", self.vouchers.parent, "vouchers"], check=True)

            def imports(*words, stdin=None):
                done = subprocess.run(self.server.command("--json", "voucher", "import", *words), input=stdin,
                                      capture_output=True, timeout=60)
                return done, json.loads(done.stdout or b"{}")

            self.assertEqual(imports(sequence)[1]["imported"], 20)
            self.assertEqual(imports(single)[1]["imported"], 1)
            self.assertEqual(imports("-", stdin=b"".join(cbor[:22]))[1], {
                "imported": 1, "unchanged": 21, "done_before": 0, "refused": 0, "dry_run": False, "complete": True})
            refused, _ = imports(archive)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"tar -xOf {archive} | fairlead voucher import -", refused.stderr.decode())
            unpacked = subprocess.run(["tar", "-xOf", archive], capture_output=True, check=True).stdout
            self.assertEqual(imports("-", stdin=unpacked)[1]["imported"], 38)
            self.check_everything_is_there_once(60)

    def test_a_terminal_shows_how_far_it_is(self):
        with Site() as site:
            self.world(site, 4000)
            ours, theirs = pty.openpty()
            run = subprocess.Popen(self.server.command("voucher", "import", self.vouchers), stderr=theirs)
            os.close(theirs)
            shown = b""
            try:
                while part := os.read(ours, 4096):
                    shown += part
            except OSError:  # how a terminal says that nobody writes any more
                pass
            self.assertEqual(run.wait(60), 0)
            self.assertRegex(shown.decode(), r"\r.*\d+ % read: [\d,]+ imported")
            self.assertIn("4,000 imported", shown.decode())


if __name__ == "__main__":
    run_tests()
