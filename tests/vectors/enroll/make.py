#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes documents.json: Offers and Grants made from docs/wire/enroll.cddl by hand, with another
cryptographic library and none of our code. Needs Debian's python3-cryptography."""
import datetime
import hashlib
import json
import pathlib
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID


def head(major, value):
    for info, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32),
                              (27, ">Q", 1 << 64)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < limit:
            return bytes([major << 5 | info]) + struct.pack(form, value)
    raise ValueError(value)


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


class Key:
    def __init__(self, wide):
        self.private = ec.generate_private_key(ec.SECP384R1() if wide else ec.SECP256R1())
        self.hash = hashes.SHA384() if wide else hashes.SHA256()
        self.alg, self.width = (-35, 48) if wide else (-7, 32)

    def sign1(self, payload, alg=None):
        protected = cbor({1: alg or self.alg})
        message = cbor(["Signature1", protected, b"", payload])
        r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(self.hash)))
        signature = r.to_bytes(self.width, "big") + s.to_bytes(self.width, "big")
        return b"\xd2" + cbor([protected, {}, payload, signature])

    def spki(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def csr(self, name):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return built.sign(self.private, self.hash).public_bytes(serialization.Encoding.DER)


def certificate(name, key, issuer, issuer_key):
    def as_name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    begin = datetime.datetime(2026, 1, 1)
    built = (x509.CertificateBuilder().subject_name(as_name(name)).issuer_name(as_name(issuer))
             .public_key(key.private.public_key()).serial_number(x509.random_serial_number())
             .not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=365))
             .add_extension(x509.BasicConstraints(name == issuer, None), critical=True))
    return built.sign(issuer_key.private, issuer_key.hash).public_bytes(serialization.Encoding.DER)


def suite(name, wide):
    operational, upstream = Key(wide), Key(wide)
    offer_fields = [1, "https://id.example/SN-1", "SN-1", "Gateway Ü", "2.1", operational.csr("SN-1"),
                    1, bytes(range(16)), "file"]
    offer = operational.sign1(cbor(offer_fields))
    chain = [certificate("d-1", operational, "Root", upstream),
             certificate("Root", upstream, "Root", upstream)]
    grant_fields = [1, hashlib.sha256(offer).digest(), "d-1", chain,
                    [["mqtts://broker.example:8883", "d-1", "fairlead/v1/acme/d-1/"],
                     ["mqtts://[2001:db8::1]:8884", "d-1", ""]], chain[1:], 1767225600123]

    def changed(fields, index, value):
        return cbor([value if i == index else each for i, each in enumerate(fields)])

    def offers():
        """What a decoder has to refuse: what was changed, the document, the kind of refusal."""
        yield "version 2", operational.sign1(changed(offer_fields, 0, 2)), "malformed"
        yield "a field too many", operational.sign1(cbor(offer_fields + [0])), "malformed"
        yield "a field too few", operational.sign1(cbor(offer_fields[:-1])), "malformed"
        yield "evidence 4", operational.sign1(changed(offer_fields, 6, 4)), "malformed"
        yield "nonce of 15", operational.sign1(changed(offer_fields, 7, bytes(15))), "malformed"
        yield "nonce of 17", operational.sign1(changed(offer_fields, 7, bytes(17))), "malformed"
        yield "serial of 257", operational.sign1(changed(offer_fields, 2, "x" * 257)), "malformed"
        yield "serial as bytes", operational.sign1(changed(offer_fields, 2, b"SN-1")), "malformed"
        yield "request that is none", operational.sign1(changed(offer_fields, 5, b"no")), "malformed"
        yield "trailing byte", offer + b"\0", "malformed"
        yield "trailing byte within", operational.sign1(cbor(offer_fields) + b"\0"), "malformed"
        yield "signed by another key", upstream.sign1(cbor(offer_fields)), "untrusted"
        yield "request for another key", operational.sign1(
            changed(offer_fields, 5, upstream.csr("SN-1"))), "untrusted"

    def grants():
        yield "version 2", upstream.sign1(changed(grant_fields, 0, 2)), "malformed"
        yield "no certificate", upstream.sign1(changed(grant_fields, 3, [])), "malformed"
        yield "nine certificates", upstream.sign1(changed(grant_fields, 3, chain[:1] * 9)), "malformed"
        yield "no endpoint", upstream.sign1(changed(grant_fields, 4, [])), "malformed"
        yield "endpoint of two", upstream.sign1(changed(grant_fields, 4, [["a", "b"]])), "malformed"
        yield "no anchor", upstream.sign1(changed(grant_fields, 5, [])), "malformed"
        yield "time as text", upstream.sign1(changed(grant_fields, 6, "now")), "malformed"
        yield "trailing byte", grant + b"\0", "malformed"
        yield "another offer", upstream.sign1(changed(grant_fields, 1, bytes(32))), "untrusted"
        yield "signed by the device", operational.sign1(cbor(grant_fields)), "untrusted"
        yield "an offer", upstream.sign1(cbor(offer_fields)), "malformed"

    grant = upstream.sign1(cbor(grant_fields))
    rows = {kind: [{"change": change, "document": document.hex(), "refusal": refusal}
                   for change, document, refusal in make()]
            for kind, make in (("offers", offers), ("grants", grants))}
    return {"name": name, "upstream_spki": upstream.spki().hex(), "operational_spki":
            operational.spki().hex(), "csr": offer_fields[5].hex(), "offer": offer.hex(),
            "offer_hash": hashlib.sha256(offer).hexdigest(), "grant": grant.hex(),
            "chain": [each.hex() for each in chain], "refused": rows}


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    text = json.dumps([suite("p256", False), suite("p384", True)], indent=1)
    (here / "documents.json").write_text(text + "\n")
