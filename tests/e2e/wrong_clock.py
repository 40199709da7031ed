# SPDX-License-Identifier: Apache-2.0
"""Clocks that are years off, by faketime: of a program that is started with faked_clock(site) as its environment."""
import os
import pathlib
import unittest

import plant


def set_clock(site, text):
    """"+0", "@2099-01-01 00:00:00"; a running program notices."""
    (site.folder / "clock").write_text(text)


def is_sanitized(bin_folder):
    """Such a program suffers nobody before it in LD_PRELOAD, so that its clock can't be faked."""
    return b"__asan_init" in (pathlib.Path(bin_folder) / "fairlead-device").read_bytes()


def faketime_library():
    return next(map(str, pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


def faked_clock(site):
    # A server has jemalloc, which asks for the time before faketime can answer: these two come before it.
    libraries = f"{faketime_library()} libc.so.6 libstdc++.so.6"
    return {"LD_PRELOAD": libraries, "FAKETIME_TIMESTAMP_FILE": str(site.folder / "clock"),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def need_wrong_clock():
    """In a unit test's setUp()."""
    if is_sanitized(plant.bin_folder):
        raise unittest.SkipTest("SKIPPED, NOTHING WAS TESTED: sanitized programs bear no faketime")
    if faketime_library() is None:
        if os.environ.get("CI"):
            raise AssertionError("faketime is missing")
        raise unittest.SkipTest("SKIPPED, NOTHING WAS TESTED: needs the package faketime")
