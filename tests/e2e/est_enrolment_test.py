#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device that comes by EST alone: neither voucher nor anybody beside it, but a one-time password and its broker in its
configuration.

est_enrolment_test.py --bin BUILD/bin [unittest options]
"""
import signal
import unittest

from plant import Device, Server, Site, run_tests, until


class ByEst(Site):
    """An owner with a broker, and a device that it expects."""

    def __init__(self):
        super().__init__()
        self.server = Server(self, "server", ["owner"], broker=True)
        self.device = Device(self, "SN-1", retry_max=2)

    def __enter__(self):
        self.server.start()
        self.id = self.server.json("device", "add", "SN-1", "--account", "default")["id"]
        authority = self.folder / "authority.pem"
        authority.write_text(self.server.api("GET", "/keys")["ca"])
        self.password = self.folder / "credentials" / "est-password"
        self.password.parent.mkdir(mode=0o700)
        file = self.folder / "device.toml"
        file.write_text(f"""
[est]
url = "https://127.0.0.1:{self.server.est_port}"
authority = "{authority}"
user = "{self.id}"
[upstream]
uri = "mqtts://127.0.0.1:{self.server.broker_port}"
topic_prefix = "fairlead/v1/default/{self.id}/"
""")
        self.device.options.update(config=file, keystore_credentials=self.password.parent)
        return self

    def hand_over_password(self, password=None):
        self.password.touch(0o600)
        self.password.write_text((password or self.server.cli("device", "otp", self.id).strip()) + "\n")

    def certificates(self):
        return sorted(each["state"] for each in self.server.json("device", "show", self.id)["certificates"])


class EstAlone(unittest.TestCase):
    def test_it_is_online_by_a_one_time_password_and_renews_by_itself(self):
        with ByEst() as site:
            site.server.put_profile("short", priority=10, account="default", certificate_lifetime_s=60)
            site.hand_over_password()
            site.device.start()
            site.server.until_online("SN-1")
            self.assertEqual("connected", until(lambda: site.device.status()["state"] == "connected" and "connected",
                                                "the device says so"))
            site.device.until_said("DEVICE_RENEWED", 90)
            until(lambda: site.certificates() == ["active", "superseded"], "its successor is in use")

    def test_killed_at_any_step_it_comes_online_with_one_certificate(self):
        for crash_at in ("identity.before", "identity.done"):
            with self.subTest(crash_at), ByEst() as site:
                site.hand_over_password()
                site.device.start(crash_at)
                self.assertEqual(-signal.SIGKILL, site.device.process.wait(60))
                site.device.start()
                site.server.until_online("SN-1")
                self.assertEqual(["active"], site.certificates())

    def test_what_stands_in_the_way_is_said_and_mended_while_it_runs(self):
        with ByEst() as site:
            site.device.start()
            site.device.until_said("DEVICE_STATION_UNSET", detail="est-password")
            site.hand_over_password("wrong")
            site.device.until_said("DEVICE_GRANT_REFUSED", detail="EST: HTTP status 401")
            site.server.put_profile("asked", priority=10, account="default", approval=True)
            site.hand_over_password()
            site.device.until_said("DEVICE_GRANT_PENDING", 60)
            site.server.cli("device", "approve", site.id)
            site.server.until_online("SN-1", 90)

    def test_after_a_reset_it_wants_another_password(self):
        with ByEst() as site:
            site.hand_over_password()
            site.device.start()
            site.server.until_online("SN-1")
            site.device.end()
            self.assertEqual(0, site.device.run_to_end("reset", "--yes"))
            site.device.start()
            site.device.until_said("DEVICE_GRANT_REFUSED", detail="EST")
            site.hand_over_password()
            site.device.until_said("DEVICE_CONNECTED", 60)


if __name__ == "__main__":
    run_tests()
