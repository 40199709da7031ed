# SPDX-License-Identifier: Apache-2.0
"""A device with stock firmware of Espressif's, as a client meets it: what it says, in which order it takes things, and how little
it says when it refuses. No registry holds the device's side, so this is a stand-in: messages, ciphers and SRP6a come from
esp-rainmaker-cli, the behaviour from reading esp-idf's protocomm and network_provisioning. Carriers are others' business."""

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from rmaker_tools.common.security import Security0, Security1, Security2, srp6a
from rmaker_tools.common.utils.convenience import bytes_to_long, long_to_bytes
import proto  # put in reach by the import before

SUCCESS, INTERNAL_ERROR = 0, 5
CONNECTED, CONNECTING, DISCONNECTED, FAILED = range(4)
AUTH_ERROR, NETWORK_NOT_FOUND = range(2)
OWE = 9  # a kind of security that came after the list that clients have
NETWORKS_MAX = 16  # that firmware keeps
PUBLIC_BYTES = 384


class Refused(Exception):
    """The handler failed. By HTTP the connection is closed then, by Bluetooth the answer is ATT error 4: no reason is given."""


def crypt_by(security, **state):
    """The tool's cipher of a session, from what it keeps of one."""
    return security.deserialize({name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
                                 for name, value in state.items()})


class Session:
    """One client's handshake and cipher."""

    def __init__(self, firmware):
        self.firmware, self.crypt, self.proven = firmware, None, lambda message: self.refuse()

    @staticmethod
    def refuse():
        raise Refused

    def handshake(self, body):
        request = proto.session_pb2.SessionData.FromString(body)
        if request.sec_ver != self.firmware.security:
            raise Refused
        answer = proto.session_pb2.SessionData(sec_ver=request.sec_ver)
        if request.sec_ver == 0:
            self.crypt = Security0(False)
            answer.sec0.sr.status = SUCCESS
            answer.sec0.msg = 1
            return answer.SerializeToString()
        message = request.sec1 if request.sec_ver == 1 else request.sec2
        if message.HasField("sc0"):
            self.crypt = None
            begin = self.begin_1 if request.sec_ver == 1 else self.begin_2
            self.proven = begin(message.sc0, answer)
        else:
            self.proven(message.sc1, answer)
            self.proven = lambda *_: self.refuse()
        return answer.SerializeToString()

    def begin_1(self, command, answer):
        private, random = X25519PrivateKey.generate(), secrets.token_bytes(16)
        public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        key = private.exchange(X25519PublicKey.from_public_bytes(command.client_pubkey))
        if self.firmware.code:
            key = bytes(a ^ b for a, b in zip(key, hashlib.sha256(self.firmware.code.encode()).digest()))
        answer.sec1.msg = 1
        answer.sec1.sr0.device_pubkey, answer.sec1.sr0.device_random = public, random
        crypt = crypt_by(Security1, shared_key=key, device_random=random, ctr_offset=0)

        def prove(shown, to):
            if crypt.decrypt_data(shown.client_verify_data) != public:
                raise Refused
            to.sec1.msg = 3
            to.sec1.sr1.device_verify_data = crypt.encrypt_data(command.client_pubkey)
            self.crypt = crypt
        return prove

    def begin_2(self, command, answer):
        if len(command.client_pubkey) != PUBLIC_BYTES or command.client_username != self.firmware.username.encode():
            raise Refused
        salt, verifier = self.firmware.salt, bytes_to_long(self.firmware.verifier)
        modulus, generator = srp6a.get_ng(srp6a.NG_3072)
        multiplier = srp6a.H(hashlib.sha512, modulus, generator, width=PUBLIC_BYTES)
        mine, theirs = srp6a.get_random_of_length(32), bytes_to_long(command.client_pubkey)
        public = (multiplier * verifier + pow(generator, mine, modulus)) % modulus
        scramble = srp6a.H(hashlib.sha512, theirs, public, width=PUBLIC_BYTES)
        shared = pow(theirs * pow(verifier, scramble, modulus), mine, modulus)
        key = hashlib.sha512(long_to_bytes(shared)).digest()
        expected = srp6a.calculate_M(hashlib.sha512, modulus, generator, self.firmware.username, bytes_to_long(salt), theirs,
                                     public, key)
        answer.sec2.msg = 1
        answer.sec2.sr0.device_pubkey, answer.sec2.sr0.device_salt = public.to_bytes(PUBLIC_BYTES, "big"), salt

        def prove(shown, to):
            if shown.client_proof != expected:
                raise Refused
            patch = self.firmware.patch or 0
            nonce = secrets.token_bytes(8) + (1).to_bytes(4, "big") if patch else secrets.token_bytes(12)
            to.sec2.msg = 3
            to.sec2.sr1.device_proof = srp6a.calculate_H_AMK(hashlib.sha512, theirs, expected, key)
            to.sec2.sr1.device_nonce = nonce
            self.crypt = crypt_by(Security2, session_key=key[:32], nonce=nonce, sec_patch_ver=patch)
        return prove


class StockFirmware:
    """`settings`: security 0 to 2; patch 1, 0 or none said; version "json" or a bare text; code, username; no_pop; control: has
    prov-ctrl; ssid, passphrase: the network in reach. `joined(ssid)` is called when it is there and the client knows."""

    def __init__(self, settings, joined):
        self.security, self.patch = settings.get("security", 2), settings.get("patch", 1)
        self.version_text, self.username = settings.get("version", "json"), settings.get("username", "wifiprov")
        self.no_pop = settings.get("no_pop", False)
        self.code = "" if self.no_pop or self.security == 0 else settings["code"]
        self.ssid, self.passphrase = settings["ssid"].encode(), settings["passphrase"].encode()
        self.control = settings.get("control", True)
        self.joined = joined
        self.state, self.wanted, self.polls = "ready", None, 0
        self.salt = b""
        while self.security == 2 and len(self.salt) != 16:
            self.salt, self.verifier = srp6a.generate_salt_and_verifier(self.username, self.code, 16)

    def session(self):
        return Session(self)

    def has(self, endpoint):
        return endpoint in self.endpoints()

    def endpoints(self):
        """In the order of the firmware's table."""
        lists = ["prov-scan"] if self.version_text == "json" else []
        return [*(["prov-ctrl"] if self.control else []), *lists, "prov-session", "prov-config", "proto-ver"]

    def answer(self, session, endpoint, body):
        if endpoint == "proto-ver":
            return self.version()
        if endpoint == "prov-session":
            return session.handshake(body)
        if session.crypt is None:
            raise Refused
        try:
            plain = session.crypt.decrypt_data(body)
        except Exception:
            raise Refused from None
        handler = {"prov-scan": self.on_scan, "prov-config": self.on_config, "prov-ctrl": self.on_control}[endpoint]
        return bytes(session.crypt.encrypt_data(handler(plain).SerializeToString()))

    def version(self):
        if self.version_text != "json":
            return self.version_text.encode()
        known = {"ver": "v1.1", "sec_ver": self.security, "cap": ["wifi_prov", "wifi_scan"]}
        if self.security == 2 and self.patch is not None:
            known["sec_patch_ver"] = self.patch
        if self.security == 0:
            known["cap"].append("no_sec")
        if self.no_pop:
            known["cap"].append("no_pop")
        return json.dumps({"prov": known}, indent="\t").encode()

    def networks(self):
        out = [(self.ssid, 3), (b"Padded".ljust(33, b"\0"), 3), (b"Later", OWE), (b"Office", 5)]
        return (out + [(f"Network {number}".encode(), 3) for number in range(NETWORKS_MAX)])[:NETWORKS_MAX]

    def on_scan(self, plain):
        """By `msg`, as the others: clients leave empty messages out."""
        messages = proto.wifi_scan_pb2
        command = messages.WiFiScanPayload.FromString(plain)
        answer = messages.WiFiScanPayload(msg=command.msg + 1, status=SUCCESS)
        if command.msg == messages.TypeCmdScanStart:
            if not command.cmd_scan_start.blocking:
                raise Refused
            answer.resp_scan_start.SetInParent()
        elif command.msg == messages.TypeCmdScanStatus:
            answer.resp_scan_status.scan_finished, answer.resp_scan_status.result_count = True, NETWORKS_MAX
        elif command.msg == messages.TypeCmdScanResult:
            first, count = command.cmd_scan_result.start_index, command.cmd_scan_result.count
            if first + count > NETWORKS_MAX:
                raise Refused
            for number, (ssid, auth) in enumerate(self.networks()[first:first + count], first):
                answer.resp_scan_result.entries.add(ssid=ssid, channel=6, rssi=-40 - number, bssid=bytes(6), auth=auth)
        else:
            raise Refused
        return answer

    def on_config(self, plain):
        messages = proto.wifi_config_pb2
        command = messages.WiFiConfigPayload.FromString(plain)
        answer = messages.WiFiConfigPayload(msg=command.msg + 1)
        if command.msg == messages.TypeCmdSetConfig:
            answer.resp_set_config.status = self.set_network(command.cmd_set_config)
        elif command.msg == messages.TypeCmdApplyConfig:
            answer.resp_apply_config.status = SUCCESS if self.state == "set" else INTERNAL_ERROR
            self.state, self.polls = ("joining" if self.state == "set" else self.state), 0
        elif command.msg == messages.TypeCmdGetStatus:
            answer.resp_get_status.status = SUCCESS
            self.tell_state(answer.resp_get_status)
        else:
            raise Refused
        return answer

    def set_network(self, command):
        """Not after a failed attempt: it has to be reset first."""
        if self.state not in ("ready", "set") or not 1 <= len(command.ssid) <= 32 or len(command.passphrase) > 63:
            return INTERNAL_ERROR
        self.state, self.wanted = "set", (command.ssid, command.passphrase)
        return SUCCESS

    def tell_state(self, answer):
        self.polls += 1
        if self.state == "joining" and self.polls > 1:
            right = self.wanted == (self.ssid, self.passphrase)
            self.state = "joined" if right else "failed"
        if self.state == "joining":
            answer.sta_state = CONNECTING
        elif self.state == "joined":
            answer.sta_state = CONNECTED
            answer.connected.ip4_addr, answer.connected.ssid, answer.connected.channel = "192.168.1.7", self.ssid, 6
            answer.connected.bssid, answer.connected.auth_mode = bytes(6), 3
            self.joined(self.ssid)
        elif self.state == "failed":
            answer.sta_state = FAILED
            answer.fail_reason = AUTH_ERROR if self.wanted[0] == self.ssid else NETWORK_NOT_FOUND
        else:
            answer.sta_state = DISCONNECTED

    def on_control(self, plain):
        command = proto.wifi_ctrl_pb2.WiFiCtrlPayload.FromString(plain)
        answer = proto.wifi_ctrl_pb2.WiFiCtrlPayload(msg=command.msg + 1, status=SUCCESS)
        if command.msg != proto.wifi_ctrl_pb2.TypeCmdCtrlReset or self.state == "joining":
            answer.status = INTERNAL_ERROR
        else:
            self.state, self.wanted = "ready", None
            answer.resp_ctrl_reset.SetInParent()
        return answer
