#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What may befall an authority in its years: the registry comes from a backup, the CA's key is gone, the clock is wrong,
a device lay in a warehouse, a revoked one tries every door. docs/identity-tests.md has the whole list.

identity_test.py --bin BUILD/bin [unittest options]
"""
import base64
import datetime
import json
import shutil
import ssl
import subprocess
import time
import unittest
import urllib.request

import plant
from plant import Plant, Server, Site, until
from wrong_clock import faked_clock, need_wrong_clock, set_clock


class Authority(Server):
    """An owner without a broker: EST, revocation list, OCSP; asked by openssl and curl."""

    def __init__(self, site, name="authority"):
        super().__init__(site, name, ["owner"], broker=False)
        self.files = site.folder / f"{name}-files"
        self.files.mkdir()
        self.pki = f"http://127.0.0.1:{site.ports.take()}"
        self.settings["pki"] = {"port": int(self.pki.rsplit(":", 1)[1]), "url": self.pki}

    def openssl(self, *words):
        return subprocess.run(["openssl", *map(str, words)], cwd=self.files, capture_output=True, text=True,
                              check=True).stdout

    def anchor(self):
        file = self.files / "root.pem"
        file.write_text(self.api("GET", "/keys")["ca"])
        return file

    def add(self, serial):
        """A device that is expected: its id."""
        return self.json("device", "add", serial, "--account", "default")["id"]

    def request(self, key, name):
        """A request for a new key, in base64; the key stays in `key`.key."""
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{key}.key")
        self.openssl("req", "-new", "-key", f"{key}.key", "-subj", f"/CN={name}", "-outform", "DER", "-out", f"{key}.csr")
        return base64.b64encode((self.files / f"{key}.csr").read_bytes())

    def est(self, operation, request, *options):
        """HTTP status, and the certificate's file or the reason in words."""
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.anchor(), "-H", "Content-Type: application/pkcs10", "--data-binary", "@-",
             "-w", "\n%{http_code}", *map(str, options), f"https://127.0.0.1:{self.est_port}/.well-known/est/{operation}"],
            input=request, capture_output=True, check=True, cwd=self.files)
        body, _, status = done.stdout.rpartition(b"\n")
        return int(status), body

    def enrolled(self, key, device):
        """Its first certificate, by one-time password: KEY.pem; the serial number."""
        password = self.cli("device", "otp", device).strip()
        status, body = self.est("simpleenroll", self.request(key, device), "-u", f"{device}:{password}")
        return self.kept(key, status, body)

    def renewed(self, key, device, old):
        status, body = self.est("simplereenroll", self.request(key, device), "--cert", f"{old}.pem", "--key", f"{old}.key")
        return self.kept(key, status, body)

    def kept(self, key, status, body):
        if status != 200:
            raise AssertionError(f"HTTP {status}: {body.decode()}")
        (self.files / f"{key}.p7").write_bytes(base64.b64decode(body))
        self.openssl("pkcs7", "-inform", "DER", "-in", f"{key}.p7", "-print_certs", "-out", f"{key}.pem")
        return self.openssl("x509", "-in", f"{key}.pem", "-noout", "-serial").strip().removeprefix("serial=")

    def ocsp(self, serial):
        return self.openssl("ocsp", "-issuer", self.anchor(), "-CAfile", self.anchor(), "-url", f"{self.pki}/ocsp", "-serial",
                            f"0x{serial}")

    def list_number(self):
        with urllib.request.urlopen(f"{self.pki}/operational.crl", timeout=20) as answer:
            (self.files / "list.crl").write_bytes(answer.read())
        text = self.openssl("crl", "-inform", "DER", "-in", "list.crl", "-CAfile", self.anchor(), "-noout", "-crlnumber")
        return int(text.strip().removeprefix("crlNumber=").removeprefix("0x"), 16)


class Restored(unittest.TestCase):
    def test_after_a_roll_back_no_number_comes_twice_and_what_was_lost_is_said(self):
        with Site() as site:
            authority = Authority(site)
            authority.start()
            early = authority.add("EARLY")
            serials = [authority.enrolled("early", early)]
            authority.end()
            backup = site.folder / "backup"
            shutil.copytree(authority.data, backup)

            authority.start()
            serials.append(authority.renewed("early-2", early, "early"))
            for number in range(5):
                serials.append(authority.enrolled(f"late-{number}", authority.add(f"LATE-{number}")))
            number_before, head = authority.list_number(), authority.cli("audit", "verify").strip()
            authority.end()
            for file in authority.data.glob("registry.db*"):
                file.unlink()
            for file in backup.glob("registry.db*"):
                shutil.copy(file, authority.data)

            authority.start()
            # Who is on record goes on; whom the backup doesn't know enrols anew, and is told so.
            serials.append(authority.renewed("early-3", early, "early"))
            status, why = authority.est("simplereenroll", authority.request("late-0-2", "LATE-0"), "--cert", "late-0.pem",
                                        "--key", "late-0.key")
            self.assertEqual(401, status)
            self.assertIn(b"was not issued here, or is not on record", why)
            self.assertIn(": unknown", authority.ocsp(serials[3]))
            for number in range(5):
                serials.append(authority.enrolled(f"again-{number}", authority.add(f"LATE-{number}")))
            self.assertEqual(len(serials), len(set(serials)), "a serial number came twice")
            self.assertGreater(authority.list_number(), number_before)
            with self.assertRaises(plant.ApiError) as refused:
                authority.cli("audit", "verify", "--known", head)
            self.assertRegex(str(refused.exception), "is another one than was known|an older backup was restored")


class KeyOfTheAuthority(unittest.TestCase):
    def test_a_server_without_it_does_not_start_and_says_what_to_restore(self):
        with Site() as site:
            authority = Authority(site)
            authority.start()
            device = authority.add("SN-1")
            authority.enrolled("one", device)
            before = authority.anchor().read_text()
            authority.end()
            aside = {file: site.folder / file.name for file in (authority.data / "keystore").glob("operational-ca*")}
            self.assertTrue(aside)
            for file, place in aside.items():
                file.rename(place)
            authority.start(wait=False)
            self.assertNotEqual(0, authority.process.wait(plant.PATIENCE))
            self.assertIn("restore the keystore", authority.last_lines())
            self.assertFalse(list((authority.data / "keystore").glob("operational-ca*")), "it made another CA key")
            for file, place in aside.items():
                place.rename(file)
            authority.start()
            self.assertEqual(before, authority.anchor().read_text())
            authority.renewed("two", device, "one")


class ClockOfTheServer(unittest.TestCase):
    def setUp(self):
        need_wrong_clock()

    def refused(self, site, server, year):
        set_clock(site, f"@{year}-01-01 00:00:00")
        server.start(wait=False, environment=faked_clock(site))
        self.assertNotEqual(0, server.process.wait(plant.PATIENCE))
        words = server.last_lines()
        self.assertIn(f"{year}-01-01", words)
        return words

    def test_in_1970_it_does_not_start_and_makes_no_authority(self):
        with Site() as site:
            authority = Authority(site)
            self.assertIn("set the clock", self.refused(site, authority, 1970))
            authority.start()
            not_before = authority.openssl("x509", "-in", authority.anchor(), "-noout", "-startdate")
            self.assertIn(str(datetime.date.today().year), not_before)

    def test_in_2099_it_does_not_start_and_its_authority_is_as_before(self):
        with Site() as site:
            authority = Authority(site)
            authority.start()
            device = authority.add("SN-1")
            authority.enrolled("one", device)
            authority.end()
            self.assertIn("expired", self.refused(site, authority, 2099))
            authority.start()
            authority.renewed("two", device, "one")


class OwnCertificates(unittest.TestCase):
    """Of a server that was started three hundred days ago, and has run since."""

    def setUp(self):
        need_wrong_clock()

    @staticmethod
    def shown(port):
        """What is shown there: the certificate's serial number, and its key."""
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        words = subprocess.run(["openssl", "x509", "-noout", "-serial", "-pubkey"], input=pem, capture_output=True,
                               text=True, check=True).stdout
        return words.splitlines()[0], words

    def test_a_server_that_runs_for_years_makes_them_anew_and_nobody_is_thrown_off(self):
        with Plant() as site:
            customer = site.customer
            customer.settings["fdo"]["tls"] = True
            customer.settings["pki"] = {"port": site.ports.take()}
            set_clock(site, "-300d")
            customer.start(environment=faked_clock(site))
            ports = {"FDO": customer.fdo_port, "EST": customer.est_port, "broker": customer.broker_port}
            before = {name: self.shown(port) for name, port in ports.items()}
            broker = customer.until_said("BROKER_STARTED")["pid"]
            set_clock(site, "+0")
            until(lambda: sorted(event["what"] for event in customer.events() if event["id"] == "SERVER_CERTIFICATE_RENEWED")
                  == ["the EST listener", "the FDO listener", "the broker", "this server at the broker"], "all are made anew")
            until(lambda: all(self.shown(port)[0] != before[name][0] for name, port in ports.items()), "each is another")
            self.assertEqual(before["FDO"][1].split("\n", 1)[1], self.shown(customer.fdo_port)[1].split("\n", 1)[1],
                             "the key that devices hold the server to")
            self.assertEqual(broker, customer.said("BROKER_STARTED")["pid"])
            self.assertIsNone(customer.said("WATCH_LOST"), "the server's own connection")
            anchor = site.folder / "root.pem"
            anchor.write_text(customer.api("GET", "/keys")["ca"])
            for name, port in ports.items():
                checked = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", anchor,
                                          "-verify_return_error"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
                self.assertIn("Verify return code: 0 (ok)", checked.stdout, name)
            subprocess.run(["kill", "-KILL", broker], check=True)  # its successor lets the server in by the new one
            customer.until_said("WATCH_LOST")
            until(lambda: customer.count("WATCH_CONNECTED") == 2, "the server is back at its broker")


class AuditLog(unittest.TestCase):
    def test_it_is_exported_with_who_did_what_and_whoever_changes_it_is_found_out(self):
        with Site() as site:
            authority = Authority(site)
            authority.start()
            device = authority.add("SN-1")
            authority.enrolled("one", device)
            authority.cli("revoke", device, "--reason", "stolen")
            export = site.folder / "audit.jsonl"
            authority.cli("audit", "export", "--out", export)
            entries = [json.loads(json.loads(line)["entry"]) for line in export.read_text().splitlines()]
            told = {each["event"]: each for each in entries}
            self.assertEqual(device, told["GRANTED"]["who"])
            self.assertIn("est 127.0.0.1", told["GRANTED"]["from"])
            self.assertEqual("admin", told["DEVICE_REVOKED"]["who"])
            self.assertEqual(authority.cli("audit", "verify"), authority.cli("audit", "verify", export))

            lines = export.read_text().splitlines(keepends=True)
            at = next(i for i, line in enumerate(lines) if "stolen" in line)
            export.write_text("".join(lines[:at] + [lines[at].replace("stolen", "broken")] + lines[at + 1:]))
            with self.assertRaises(plant.ApiError) as refused:
                authority.cli("audit", "verify", export)
            self.assertIn(f"entry {at + 1} does not have the text that was written", str(refused.exception))
            authority.end()
            # In the registry itself: the triggers stop who does it by mistake, the chain tells of who does not.
            change = "UPDATE audit SET entry = replace(entry, 'stolen', 'broken');"
            database = authority.data / "registry.db"
            stopped = subprocess.run(["sqlite3", database, change], capture_output=True, text=True)
            self.assertIn("append-only", stopped.stderr)
            subprocess.run(["sqlite3", database, f"DROP TRIGGER audit_keeps; {change}"], check=True)
            authority.start()
            with self.assertRaises(plant.ApiError) as refused:
                authority.cli("audit", "verify")
            self.assertIn("does not follow from those before", str(refused.exception))


class Warehouse(unittest.TestCase):
    def test_a_certificate_that_expired_meanwhile_is_renewed_where_policy_says_so(self):
        with Plant() as site:
            site.maker.start()
            site.customer.start()
            site.customer.put_profile("shelf", priority=10, account="default", certificate_lifetime_s=60,
                                      renew_after_expiry_s=86400)
            site.factory()
            site.trade()
            site.customer.until_said("TO0_REGISTERED")
            site.device.start()
            site.until_online()
            until_expired = datetime.datetime.fromisoformat(site.device.status()["operational"]["not_after"])
            site.device.end()
            left = (until_expired - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
            time.sleep(max(0.0, left) + 1)
            site.device.start()
            site.device.until_said("DEVICE_RENEWED")
            site.device.until_said("DEVICE_CONNECTED")
            self.assertIsNone(site.device.said("DEVICE_ONBOARDED"), "its owner was asked, though EST would have done")
            states = [each["state"] for each in site.customer.json("device", "show", site.device.serial)["certificates"]]
            self.assertEqual(["active", "superseded"], states)


class Revoked(unittest.TestCase):
    def test_it_is_revoked_at_every_door_at_once(self):
        with Plant() as site:
            pki = f"http://127.0.0.1:{site.ports.take()}"
            site.customer.settings["pki"] = {"port": int(pki.rsplit(":", 1)[1]), "url": pki}
            site.maker.start()
            site.customer.start()
            site.factory()
            site.trade()
            site.customer.until_said("TO0_REGISTERED")
            site.device.start()
            site.until_online()
            serial = site.customer.json("device", "show", site.device.serial)["certificates"][0]["serial_number"]
            anchor = site.folder / "root.pem"
            anchor.write_text(site.customer.api("GET", "/keys")["ca"])
            ask = ["openssl", "ocsp", "-issuer", anchor, "-CAfile", anchor, "-url", f"{pki}/ocsp", "-serial", f"0x{serial}"]
            self.assertIn(": good", subprocess.run(ask, capture_output=True, text=True, check=True).stdout)
            site.customer.cli("revoke", site.device.serial, "--reason", "stolen")
            site.device.until_said("LINK_LOST")                     # the broker cuts it off
            self.assertIn(": revoked", subprocess.run(ask, capture_output=True, text=True, check=True).stdout)
            site.device.until_said("LINK_REFUSED", 60)              # and doesn't let it in again
            site.customer.until_said("FDO_REFUSED", 60, why="revoked")  # nor does the owner take it back
            until(lambda: serial.lower() in self.listed(pki), "the list names it", 90)

    @staticmethod
    def listed(pki):
        with urllib.request.urlopen(f"{pki}/operational.crl", timeout=20) as answer:
            text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=answer.read(),
                                  capture_output=True, check=True).stdout
        return text.decode().lower()


if __name__ == "__main__":
    plant.run_tests()
