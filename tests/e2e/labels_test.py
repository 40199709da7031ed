#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the factory to a scanned label: what a device hands out is printed, read by a foreign decoder (zbar; the
pages by poppler, SVG by librsvg), and lets somebody beside the device bring it in.

labels_test.py --bin BUILD/bin [unittest options]
"""
import json
import os
import stat
import subprocess
import unittest

from plant import EVERY_ROLE, Device, Server, Site, run_tests

URI = "https://pumps.example/P7/"


def scanned(picture):
    """What each QR code on it says."""
    done = subprocess.run(["zbarimg", "--nodbus", "--raw", "-q", "--set", "*.enable=0", "--set", "qrcode.enable=1", picture],
                          capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


class Line(Site):
    """The end of a factory's line: a station, devices, and somebody who prints."""

    def __init__(self):
        super().__init__()
        self.server = Server(self, "server", EVERY_ROLE, broker=True)

    def __enter__(self):
        self.server.start()
        self.server.set_rendezvous(self.server.directive())
        return self

    def device(self, serial, **options):
        return Device(self, serial, self.server, model="Pump 7", product_uri=URI + serial, vendor="Pump Works", **options)

    def label(self, *words, code=0):
        done = subprocess.run(self.server.command("label", *words), capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def facts_of(device):
    done = subprocess.run(device.command("initialize", "--label", "-"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout
    return done.stdout


class Labels(unittest.TestCase):
    def test_every_picture_says_what_the_device_handed_out(self):
        with Line() as line:
            device = line.device("SN-17")
            batch = line.folder / "batch.jsonl"
            self.assertEqual(device.run_to_end("initialize", "--label", batch), 0)
            self.assertEqual(stat.S_IMODE(batch.stat().st_mode), 0o600)
            qr = json.loads(batch.read_text())["qr"]
            for name, words in (("wide.png", ()), ("tall.png", ("--size", "30x50")), ("coarse.png", ("--dpi", "203")),
                                ("one.pdf", ("--size", "62x29")), ("one.svg", ())):
                with self.subTest(name):
                    out = line.folder / name
                    line.label(batch, "--out", out, *words)
                    self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o600)
                    picture = out.with_suffix(".seen.png")
                    if name.endswith(".pdf"):
                        subprocess.run(["pdftoppm", "-png", "-r", "300", "-singlefile", out, picture.with_suffix("")], check=True)
                        self.assertIn("175.748 x 82.2047 pts",
                                      subprocess.run(["pdfinfo", out], capture_output=True, text=True, check=True).stdout)
                    elif name.endswith(".svg"):
                        subprocess.run(["rsvg-convert", "--dpi-x", "300", "--dpi-y", "300", out, "-o", picture], check=True)
                    else:
                        os.rename(out, picture)
                    self.assertEqual(scanned(picture), [qr])
            tag = line.folder / "tag.ndef"
            line.label(batch, "--out", tag)
            said = line.label("read", tag)
            self.assertIn(URI + "SN-17", said)
            self.assertNotIn(json.loads(qr)["pop"], said)

    def test_a_batch_goes_onto_sheets_and_into_files(self):
        with Line() as line:
            batch = line.folder / "batch.jsonl"
            batch.write_text("".join(facts_of(line.device(f"SN-{n}")) for n in range(1, 4)))
            sheets = line.folder / "sheets.pdf"
            line.label(batch, "--qr", "link", "--out", sheets, "--sheet", "a4", "--size", "63.5x38.1", "--gap", "2.5x0",
                       "--skip", "19")
            subprocess.run(["pdftoppm", "-png", "-r", "150", sheets, line.folder / "page"], check=True)
            pages = [scanned(line.folder / f"page-{n}.png") for n in (1, 2)]
            self.assertEqual([sorted(page) for page in pages], [[URI + "SN-1", URI + "SN-2"], [URI + "SN-3"]])
            line.label(batch, "--out", line.folder / "{serial}.png")
            for n in range(1, 4):
                self.assertEqual(json.loads(scanned(line.folder / f"SN-{n}.png")[0])["id"], URI + f"SN-{n}")
            self.assertIn("several", line.label(batch, "--out", line.folder / "one.svg", code=2))
            self.assertFalse((line.folder / "one.svg").exists())

    def test_a_batch_with_a_wrong_line_is_not_printed_at_all(self):
        with Line() as line:
            batch = line.folder / "batch.jsonl"
            batch.write_text('{"serial":"SN-1","id":"https://pumps.example/1"}\n\n{"model":"Pump"}\n')
            self.assertIn("line 3: the device's serial is missing",
                          line.label(batch, "--qr", "link", "--out", line.folder / "all.pdf", code=1))
            batch.write_text('{"serial":"SN-1","id":"https://pumps.example/1"}\n{"serial":"SN-2"}\n')
            self.assertIn("SN-2 has no product URI",
                          line.label(batch, "--qr", "link", "--out", line.folder / "{serial}.png", code=1))
            self.assertEqual(list(line.folder.glob("*.pdf")) + list(line.folder.glob("*.png")), [])

    def test_the_code_on_the_label_lets_somebody_in_and_that_of_a_lost_label_does_not(self):
        with Line() as line:
            address = f"127.0.0.1:{line.ports.take()}"
            device = line.device("SN-17", local=address)
            codes = []
            for name in ("lost", "printed"):
                facts = line.folder / name
                facts.write_text(facts_of(device))
                line.label(facts, "--out", line.folder / f"{name}.png")
                codes.append(line.folder / f"{name}.code")
                codes[-1].write_text(json.loads(scanned(line.folder / f"{name}.png")[0])["pop"] + "\n")
            device.start()
            device.until_said("DEVICE_DOOR_LISTENS")

            def provision(code):
                return subprocess.run(line.server.command("provision", "--address", f"http://{address}", "--account", "default",
                                                          "--code-file", code), capture_output=True, text=True, timeout=90)
            self.assertEqual(provision(codes[0]).returncode, 3)
            done = provision(codes[1])
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    run_tests()
