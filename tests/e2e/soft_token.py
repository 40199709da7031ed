# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 tokens in software (SoftHSM) for the programs of a plant."""
import os
import subprocess

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234"


class SoftToken:
    """`keystore` and `credentials` are settings of a program. Programs find the token while this is entered."""

    def __init__(self, site, label):
        self.label, self.folder = label, site.folder / f"token-{label}"
        self.keystore = f"pkcs11:token={label}?module-path={MODULE}"
        self.credentials = self.folder / "credentials"
        (self.folder / "tokens").mkdir(parents=True)
        self.credentials.mkdir(mode=0o700)
        pin = self.credentials / "pkcs11-pin"
        pin.touch(0o600)
        pin.write_text(PIN + "\n")
        self.conf = self.folder / "softhsm2.conf"
        self.conf.write_text(f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")

    def __enter__(self):
        self.before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(self.conf)
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", self.label, "--pin", PIN, "--so-pin", "5678"],
                       check=True, capture_output=True, timeout=60)
        return self

    def __exit__(self, *_):
        if self.before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = self.before

    def objects(self):
        """The labels of what is in it, as OpenSC sees it."""
        said = subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login", "--pin", PIN,
                               "--list-objects"], check=True, capture_output=True, text=True, timeout=60).stdout
        return {line.split(":", 1)[1].strip() for line in said.splitlines() if line.strip().startswith("label:")}
