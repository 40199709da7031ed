# SPDX-License-Identifier: Apache-2.0
"""Builds the programs that nobody here wrote. bench/ wants one of them, too."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def succeeds(command, what=None, limit=60, **more):
    """Runs to the end; standard output, or a failed case with all that the program said."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=limit, **more)
    if done.returncode != 0:
        raise AssertionError(f"{what or Path(command[0]).name} ended with {done.returncode}: "
                             f"{(done.stdout + done.stderr).strip()[-1500:]}")
    return done.stdout


class Missing(Exception):
    """What is not there, in words for whoever runs this. What does not build where it is there is a failure instead."""


def tool(name, version_of, oldest):
    """The program `name`, if it is not older than `oldest`."""
    program = shutil.which(name)
    if not program:
        raise Missing(f"{name} is not installed ({'.'.join(map(str, oldest))} or newer is needed)")
    said = succeeds([program, *version_of], env={**os.environ, "GOTOOLCHAIN": "local"})
    version = tuple(int(number) for number in re.search(r"(\d+)\.(\d+)", said).groups())
    if version < oldest:
        raise Missing(f"{program} says {said.strip()}; {'.'.join(map(str, oldest))} or newer is needed")
    return program


def build_go(cache):
    """(go-fdo-client, peer): built, or at once where the cache holds them. go.sum pins every byte."""
    go = tool("go", ["env", "GOVERSION"], (1, 25))
    environment = {**os.environ, "GOFLAGS": "-buildvcs=false -mod=readonly", "CGO_ENABLED": "0"}
    succeeds([go, "build", "-p", "2", "-o", f"{cache}/", ".", "github.com/fido-device-onboard/go-fdo-client"],
             "building the Go programs", limit=600, cwd=HERE / "peer", env=environment)
    return cache / "go-fdo-client", cache / "peer"


def build_go_fdo_server(cache):
    """go-fdo-server, in the same way. It brings SQLite in C, for which it gets the compiler of this project."""
    go = tool("go", ["env", "GOVERSION"], (1, 25))
    environment = {**os.environ, "GOFLAGS": "-buildvcs=false -mod=readonly", "CGO_ENABLED": "1", "CC": "clang-19"}
    succeeds([go, "build", "-p", "2", "-o", f"{cache}/", "github.com/fido-device-onboard/go-fdo-server"],
             "building go-fdo-server", limit=900, cwd=HERE / "go-fdo-server", env=environment)
    return cache / "go-fdo-server"


def build_rust(cache):
    """astarte-peer, in the same way; Cargo.lock pins every byte."""
    cargo = tool("cargo", ["--version"], (1, 88))
    succeeds([cargo, "build", "--locked", "-j", "2", "--target-dir", cache / "rust"],
             "building the Rust program", limit=900, cwd=HERE / "astarte")
    return cache / "rust/debug/astarte-peer"


def build_python(cache, name, requirements):
    """The folder that holds `requirements`, a file that pins every byte: what PYTHONPATH is to say."""
    folder, installed = cache / name, cache / f"{name}.installed"
    if installed.exists() and installed.read_text() == requirements.read_text():
        return folder
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        raise Missing("python3-pip is not installed")
    shutil.rmtree(folder, ignore_errors=True)
    succeeds([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-compile",
              "--disable-pip-version-check", "--require-hashes", "--target", folder, "--requirement", requirements],
             f"installing {name}", limit=600)
    installed.write_text(requirements.read_text())
    return folder


def build_espressif(cache):
    """Espressif's provisioning tool, in the same way."""
    return build_python(cache, "espressif", HERE / "espressif/requirements.txt")
