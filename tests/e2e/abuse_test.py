#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers and broken devices at the customer's server, over real HTTP: each bad message is answered with its FDO
error, is in the log, and changes nothing; thousands of slow connections and a flood of opening messages neither stop an
honest device nor fill memory or disk.

abuse_test.py --bin BUILD/bin [unittest options]
"""
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import resource
import selectors
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

import plant

STRANGER = "127.0.0.2"  # an address of its own, so that limits per address do not meet the honest device


# -- As much CBOR and COSE as is needed to speak wrongly ---------------------------------------------------------------

def head(major, number):
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError(number)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(value)


def error_code(body):
    """Of message 255: [code, previous message, text, timestamp, correlation]."""
    assert body[0] == 0x85, body
    return body[1] if body[1] < 24 else int.from_bytes(body[2:2 + (1 << body[1] - 24)], "big")


def hello_device(guid, kex="ECDH256", cipher=1):
    return cbor([2000, guid, os.urandom(16), kex, cipher, [-7, b""]])


def hello_rv(guid):
    return cbor([guid, [-7, b""]])


def prove_to_rv(guid, nonce, key_file):
    """The EAT of FDO 1.1 §3.3.6, signed by whatever key."""
    protected = cbor({1: -7})
    payload = cbor({10: nonce, 256: b"\x01" + guid})
    signed = cbor(["Signature1", protected, b"", payload])
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=signed, capture_output=True,
                         check=True).stdout
    r_size = der[3]
    r, s = der[4:4 + r_size], der[6 + r_size:]
    signature = b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (r, s))
    return b"\xd2" + head(4, 4) + cbor(protected) + cbor({}) + cbor(payload) + cbor(signature)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.type = int(response.headers.get("Message-Type", 0))
        self.token = response.headers.get("Authorization", "")
        self.body = response.read()

    def code(self):
        assert self.type == 255, (self.status, self.type, self.body)
        return error_code(self.body)


class Stranger:
    """One connection, kept open."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(STRANGER, 0))

    def say(self, message, body, token=""):
        headers = {"Content-Type": "application/cbor"}
        if token:
            headers["Authorization"] = token
        self.connection.request("POST", f"/fdo/101/msg/{message}", body, headers)
        return Answer(self.connection.getresponse())


def dump(server):
    """Everything that the registry holds."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/registry.db?mode=ro", uri=True)) as db:
        return list(db.iterdump())


def resident(server):
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


class InAPlant(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard))
        cls.plant = plant.Plant()
        cls.addClassCleanup(cls.plant.__exit__, None, None, None)
        cls.plant.maker.start()
        cls.plant.customer.start()
        cls.plant.factory()
        cls.plant.trade()
        cls.plant.customer.until_said("TO0_REGISTERED")
        cls.guid = bytes.fromhex(cls.plant.device.status()["guid"].replace("-", ""))


class BadMessages(InAPlant):
    def stranger(self):
        stranger = Stranger(self.plant.customer.fdo_port)
        self.addCleanup(stranger.connection.close)
        return stranger

    def refused(self, answer, code, message):
        self.assertEqual((answer.status, answer.type, answer.code()), (500, 255, code))
        self.plant.customer.until_said("FDO_REFUSED", message=str(message), code=str(code), peer=STRANGER)

    @contextlib.contextmanager
    def nothing_changes(self):
        before = dump(self.plant.customer)
        yield
        self.assertEqual(dump(self.plant.customer), before)
        self.assertTrue(self.plant.customer.running())

    def test_a_message_that_is_too_long_is_not_read(self):
        with self.nothing_changes():
            answer = self.stranger().say(60, bytes(70_000))
            self.assertEqual(answer.status, 413)
            self.plant.customer.until_said("HTTP_REQUEST_REFUSED", status="413")

    def test_what_cannot_be_decoded_is_a_message_body_error(self):
        whole = hello_device(self.guid)
        for name, body in (("cut short", whole[:-1]), ("with more behind it", whole + b"\0"), ("empty", b""),
                           ("nested ten thousand deep", b"\x81" * 10_000), ("not CBOR", b"\xff" * 40)):
            with self.subTest(name), self.nothing_changes():
                self.refused(self.stranger().say(60, body), 100, 60)

    def test_a_message_out_of_order_ends_the_run(self):
        with self.nothing_changes():
            stranger = self.stranger()
            hello = stranger.say(60, hello_device(self.guid))
            self.assertEqual(hello.type, 61)
            self.refused(stranger.say(68, cbor([0, []]), hello.token), 101, 68)
            self.refused(stranger.say(62, cbor([0]), hello.token), 1, 62)

    def test_a_token_is_good_for_its_own_protocol_only(self):
        with self.nothing_changes():
            stranger = self.stranger()
            hello = stranger.say(20, cbor([]))
            self.assertEqual(hello.type, 21)
            self.refused(stranger.say(62, cbor([0]), hello.token), 101, 62)

    def test_a_token_that_nobody_gave_out_is_worth_nothing(self):
        for message in (12, 22, 32, 62, 64, 66, 68, 70):
            with self.subTest(message), self.nothing_changes():
                self.refused(self.stranger().say(message, cbor([]), "Bearer AAAA"), 1, message)

    def test_another_key_than_the_devices_proves_nothing_and_a_replay_finds_no_run(self):
        key = self.plant.folder / "stranger.key"
        subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
        with self.nothing_changes():
            stranger = self.stranger()
            hello = stranger.say(30, hello_rv(self.guid))
            self.assertEqual(hello.type, 31)
            nonce = hello.body[2:18]  # [bstr .size 16, ...]
            proof = prove_to_rv(self.guid, nonce, key)
            self.refused(stranger.say(32, proof, hello.token), 101, 32)
            self.refused(stranger.say(32, proof, hello.token), 1, 32)

    def test_a_suite_that_we_do_not_speak_is_refused(self):
        for kex, cipher in (("DHKEXid14", 1), ("ASYMKEX2048", 1), ("ECDH256", -17760703), ("ECDH256", 0)):
            with self.subTest((kex, cipher)), self.nothing_changes():
                self.refused(self.stranger().say(60, hello_device(self.guid, kex, cipher)), 101, 60)

    def test_a_device_that_nobody_knows_is_not_found(self):
        with self.nothing_changes():
            self.refused(self.stranger().say(60, hello_device(os.urandom(16))), 6, 60)
            self.refused(self.stranger().say(30, hello_rv(os.urandom(16))), 6, 30)


class Masses(InAPlant):
    def honest_device(self, serial):
        """A new device goes the whole way; the seconds from power on to online."""
        self.plant.device = plant.Device(self.plant, serial, self.plant.maker)
        self.addCleanup(self.plant.device.kill)
        registered = len(self.plant.customer.items("/devices"))
        self.plant.factory()
        self.plant.customer.import_voucher(self.plant.hand_over())
        guid = self.plant.device.status()["guid"]
        self.assertEqual(len(self.plant.customer.items("/devices")), registered + 1)
        self.plant.customer.until_said("TO0_REGISTERED", guid=guid)
        began = time.monotonic()
        self.plant.device.start()
        self.plant.until_online()
        return time.monotonic() - began

    def test_thousands_of_slow_clients_stop_nobody(self):
        alone = self.honest_device("SN-ALONE")
        before = resident(self.plant.customer)
        with SlowClients(self.plant.customer.fdo_port, 3000) as slow:
            among_them = self.honest_device("SN-AMONG-SLOW")
            grown = resident(self.plant.customer) - before
            self.assertGreater(slow.open(), 2000)  # the server has not simply shut everybody out
        print(f"\npower on to online: {alone:.2f} s alone, {among_them:.2f} s among 3000 slow clients; "
              f"the server grew by {grown >> 20} MiB", flush=True)
        self.assertLess(among_them, alone + 10)
        self.assertLess(grown, 64 << 20)

    def test_a_flood_of_opening_messages_leaves_no_trace_and_stops_nobody(self):
        before, size_before = resident(self.plant.customer), dump(self.plant.customer)
        with Flood(self.plant.customer.fdo_port, self.guid, 10_000) as flood:
            plant.until(lambda: flood.answers.get("60", 0) > 500, "the flood has begun")
            among_them = self.honest_device("SN-IN-FLOOD")
            flood.until_done()
        grown = resident(self.plant.customer) - before
        strangers = [line for line in dump(self.plant.customer) if line not in set(size_before)]
        print(f"\n{flood.answers}; power on to online in the flood: {among_them:.2f} s; "
              f"the server grew by {grown >> 20} MiB", flush=True)
        self.assertLess(grown, 32 << 20)
        self.assertLess(len(strangers), 60)  # what the honest device left
        self.assertTrue(self.plant.customer.running())


class SlowClients:
    """A quarter of each: silent, a byte at a time, half a body, and one that asks and never reads."""

    def __init__(self, port, count):
        self.port, self.count = port, count
        self.sockets, self.done = [], threading.Event()

    def __enter__(self):
        half = (b"POST /fdo/101/msg/60 HTTP/1.1\r\nHost: x\r\nContent-Type: application/cbor\r\n"
                b"Content-Length: 1000\r\n\r\n" + bytes(500))
        ask = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" * 200
        for i in range(self.count):
            client = socket.create_connection(("127.0.0.1", self.port), 20, (STRANGER, 0))
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.send((b"", b"P", half, ask)[i % 4])
            self.sockets.append(client)
        self.dripping = threading.Thread(target=self.drip)
        self.dripping.start()
        return self

    def drip(self):
        text = b"OST /fdo/101/msg/60 HTTP/1.1\r\nHost: x\r\n"
        for byte in text:
            for client in self.sockets[1::4]:
                with contextlib.suppress(OSError):
                    client.send(bytes([byte]))
            if self.done.wait(0.5):
                return

    def open(self):
        """Those that the server has not closed yet."""
        count = 0
        for i, client in enumerate(self.sockets):
            if i % 4 == 3:
                count += 1  # never read, also not by us
                continue
            try:
                count += client.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def __exit__(self, *_):
        self.done.set()
        self.dripping.join()
        for client in self.sockets:
            client.close()


class Flood:
    """Opening messages of every protocol, from a few connections, as fast as they are answered."""

    def __init__(self, port, guid, count):
        self.port, self.count = port, count
        self.lock, self.answers = threading.Lock(), {}
        bodies = {60: lambda: hello_device(os.urandom(16)), 30: lambda: hello_rv(os.urandom(16)),
                  20: lambda: cbor([]), 10: lambda: cbor([os.urandom(200)])}
        self.work = [(60, bodies[60])] * count + [(m, bodies[m]) for m in (10, 20, 30)] * (count // 5)
        self.pool = concurrent.futures.ThreadPoolExecutor(4)

    def __enter__(self):
        self.parts = [self.pool.submit(self.run, self.work[i::4]) for i in range(4)]
        return self

    def run(self, work):
        stranger = Stranger(self.port)
        for message, body in work:
            try:
                answer = stranger.say(message, body())
                kind = str(message)
                if answer.type != 255 and answer.status != 200:
                    kind += f" HTTP {answer.status}"
            except (OSError, http.client.HTTPException):
                stranger.connection.close()
                kind = f"{message} closed"
            with self.lock:
                self.answers[kind] = self.answers.get(kind, 0) + 1
        stranger.connection.close()

    def until_done(self):
        for part in self.parts:
            part.result(timeout=300)

    def __exit__(self, *_):
        self.pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    plant.run_tests()
