# SPDX-License-Identifier: Apache-2.0
"""TPMs in software (swtpm) for the programs of a plant, with and without their maker's certificate."""
import os
import subprocess

from plant import Program, until


class TpmMaker:
    """swtpm's own authority, which certifies the endorsement keys of the TPMs that it makes."""

    def __init__(self, site, name="tpm-maker"):
        self.folder = site.folder / name
        self.folder.mkdir(mode=0o700)
        self.issuer = self.folder / "issuer.pem"
        (self.folder / "setup.conf").write_text(
            "create_certs_tool = /usr/bin/swtpm_localca\n"
            f"create_certs_tool_config = {self.folder}/ca.conf\ncreate_certs_tool_options = {self.folder}/options\n")
        (self.folder / "ca.conf").write_text(
            f"statedir = {self.folder}\nsigningkey = {self.folder}/key.pem\nissuercert = {self.issuer}\n"
            f"certserial = {self.folder}/serial\n")
        (self.folder / "options").write_text(
            "--platform-manufacturer Test\n--platform-version 1\n--platform-model Test\n")

    def make(self, state):
        command = ["swtpm_setup", "--tpm2", "--tpmstate", state, "--config", self.folder / "setup.conf",
                   "--create-ek-cert"]
        if os.geteuid() == 0:
            command += ["--runas", "root"]
        subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=60)


class SoftTpm(Program):
    """Switched on and started up, as by a machine's firmware. `maker`: who gave it a certificate; None: nobody."""

    def __init__(self, site, name, maker=None):
        super().__init__(site, name)
        folder = site.folder / name
        folder.mkdir(mode=0o700)
        if maker:
            maker.make(folder)
        self.keystore = f"tpm2:swtpm:path={folder}/tpm"
        self.launch(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--flags",
                     "not-need-init,startup-clear", "--server", f"type=unixio,path={folder}/tpm",
                     "--ctrl", f"type=unixio,path={folder}/tpm.ctrl"], {"TSS2_LOG": "all+none"})
        until((folder / "tpm.ctrl").exists, f"{name} is switched on")
