#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes attestation.json: Offers of version 2 with proofs as a TPM makes them, and with each way in
which such a proof can be wrong. The TPM's structures are packed here by hand after TPM 2.0 Library,
Part 2, and none of our code has a part in it. Needs Debian's python3-cryptography."""
import datetime
import hashlib
import json
import pathlib
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID

from make import Key, cbor

FIXED_TPM, FIXED_PARENT, SENSITIVE_DATA_ORIGIN, USER_WITH_AUTH = 1 << 1, 1 << 4, 1 << 5, 1 << 6
RESTRICTED, DECRYPT, SIGN = 1 << 16, 1 << 17, 1 << 18
BOUND = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | USER_WITH_AUTH
ENDORSEMENT = x509.ObjectIdentifier("2.23.133.8.1")
BEGIN = datetime.datetime(2026, 1, 1)


def sized(content):
    return struct.pack(">H", len(content)) + content


def area(key, attributes, scheme=0x0018, name_alg=0x000B, kind=0x0023):
    """TPMT_PUBLIC of an elliptic-curve key."""
    point = key.private.public_key().public_numbers()
    curve, hash_alg = (0x0004, 0x000C) if key.width == 48 else (0x0003, 0x000B)
    return (struct.pack(">HHI", kind, name_alg, attributes) + sized(b"") +
            struct.pack(">HHHHH", 0x0010, scheme, hash_alg, curve, 0x0010) +
            sized(point.x.to_bytes(key.width, "big")) + sized(point.y.to_bytes(key.width, "big")))


def name_of(public):
    return b"\x00\x0b" + hashlib.sha256(public).digest()


def statement(signer, qualifying, subject, magic=0xFF544347, kind=0x8017, safe=1):
    """TPMS_ATTEST by TPM2_Certify."""
    return (struct.pack(">IH", magic, kind) + sized(b"\x00\x0b" + b"\x11" * 32) + sized(qualifying) +
            struct.pack(">QIIBQ", 1234, 1, 0, safe, 0x2019102300163636) + sized(name_of(subject)) +
            sized(b"\x00\x0b" + b"\x22" * 32))


def raw_signature(key, message):
    r, s = utils.decode_dss_signature(key.private.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def issue(name, public, issuer, signer, use=ENDORSEMENT, usage="key_encipherment", ca=False, days=3650):
    def as_name(text):  # an endorsement certificate's subject is empty, as makers have it
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])
    usages = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment",
                            "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                            "encipher_only", "decipher_only"), False)
    usages["key_cert_sign" if ca else usage] = True
    built = (x509.CertificateBuilder().subject_name(as_name(name)).issuer_name(as_name(issuer))
             .public_key(public).serial_number(x509.random_serial_number())
             .not_valid_before(BEGIN).not_valid_after(BEGIN + datetime.timedelta(days=days))
             .add_extension(x509.BasicConstraints(ca, None), critical=True)
             .add_extension(x509.KeyUsage(**usages), critical=True))
    if use:
        built = built.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Tpm:
    """What goes into a proof; each part may be replaced by a wrong one."""

    def __init__(self, wide):
        self.wide = wide
        self.operational, self.attester = Key(wide), Key(False)
        self.maker = ec.generate_private_key(ec.SECP256R1())
        self.intermediate = ec.generate_private_key(ec.SECP256R1())
        self.endorsement = rsa.generate_private_key(65537, 2048).public_key()
        self.body = cbor([1, "", "SN-1", "Gateway", "2.1", self.operational.csr("SN-1"), 0,
                          bytes(range(16)), "tpm2"])
        self.attester_area = area(self.attester, BOUND | RESTRICTED | SIGN)
        self.key_area = area(self.operational, BOUND | SIGN)

    def chain(self, **wrong):
        return [issue("", self.endorsement, "Maker", self.maker, **wrong)]

    def offer(self, chain=None, attester_area=None, key_area=None, said=None, signature=None):
        key_area = key_area or self.key_area
        said = said or statement(self.attester, hashlib.sha256(self.body).digest(), key_area)
        signature = signature or raw_signature(self.attester, said)
        proof = [chain or self.chain(), attester_area or self.attester_area, key_area, said, signature]
        return self.operational.sign1(cbor([2, self.body, proof]))


def wrong_proofs(tpm):
    """What was changed, the Offer, and what the refusal says."""
    body, other = hashlib.sha256(tpm.body).digest(), Key(False)

    def key(attributes):
        return tpm.offer(key_area=area(tpm.operational, attributes))

    def attester(attributes):
        return tpm.offer(attester_area=area(tpm.attester, attributes))

    yield "qualifying data of another Offer", tpm.offer(
        said=statement(tpm.attester, bytes(32), tpm.key_area)), "for another Offer"
    yield "qualifying data left out", tpm.offer(
        said=statement(tpm.attester, b"", tpm.key_area)), "for another Offer"
    yield "attestation key not restricted", attester(BOUND | SIGN), "not restricted"
    yield "attestation key that decrypts", attester(BOUND | RESTRICTED | SIGN | DECRYPT), "signing alone"
    yield "attestation key not fixed to its TPM", attester(
        BOUND & ~FIXED_TPM | RESTRICTED | SIGN), "attestation key: it is not fixed"
    yield "attestation key brought in", attester(
        BOUND & ~SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN), "attestation key: it was not made"
    yield "attestation key that may not sign", attester(BOUND | RESTRICTED), "may not sign"
    yield "key not fixed to its TPM", key(BOUND & ~FIXED_TPM | SIGN), "key: it is not fixed"
    yield "key not fixed to its parent", key(BOUND & ~FIXED_PARENT | SIGN), "key: it is not fixed"
    yield "key brought in", key(BOUND & ~SENSITIVE_DATA_ORIGIN | SIGN), "key: it was not made"
    yield "statement about another key", tpm.offer(said=statement(
        tpm.attester, body, area(other, BOUND | SIGN))), "about another key"
    yield "area of another key, and a statement about that", tpm.offer(
        key_area=area(other, BOUND | SIGN)), "another one than the certificate is asked for"
    yield "statement signed by another key", tpm.offer(signature=raw_signature(
        other, statement(tpm.attester, body, tpm.key_area))), "not signed by the attestation key"
    yield "statement of the holder's own making", tpm.offer(
        said=statement(tpm.attester, body, tpm.key_area, magic=0xFF544348)), "of its own accord"
    yield "a quote", tpm.offer(said=statement(tpm.attester, body, tpm.key_area, kind=0x8018)), "TPM2_Certify"
    yield "statement with a flag of 2", tpm.offer(
        said=statement(tpm.attester, body, tpm.key_area, safe=2)), "neither YES nor NO"
    yield "statement with a byte too many", tpm.offer(
        said=statement(tpm.attester, body, tpm.key_area) + b"\0"), "follows its end"
    yield "statement that ends early", tpm.offer(
        said=statement(tpm.attester, body, tpm.key_area)[:-1]), "ends too early"
    yield "name made with SHA-1", tpm.offer(
        key_area=area(tpm.operational, BOUND | SIGN, name_alg=0x0004)), "SHA-256"
    yield "key with a scheme that is not ECDSA", tpm.offer(
        key_area=area(tpm.operational, BOUND | SIGN, scheme=0x001A)), "not ECDSA"
    yield "key of another type", tpm.offer(
        key_area=area(tpm.operational, BOUND | SIGN, kind=0x0001)), "elliptic"
    yield "area with a byte too many", tpm.offer(key_area=tpm.key_area + b"\0"), "follows its end"
    yield "endorsement certificate expired", tpm.offer(chain=tpm.chain(days=30)), "it is valid from"
    yield "certificate for another use", tpm.offer(
        chain=tpm.chain(use=x509.ObjectIdentifier("2.23.133.8.3"))), "not for an endorsement key"
    yield "certificate for no use", tpm.offer(chain=tpm.chain(use=None)), "not for an endorsement key"
    yield "certificate of an authority", tpm.offer(chain=tpm.chain(ca=True)), "authority"
    yield "certificate for signatures", tpm.offer(
        chain=tpm.chain(usage="digital_signature")), "send it secrets"
    yield "endorsement key of P-384", tpm.offer(chain=[issue(
        "", Key(True).private.public_key(), "Maker", tpm.maker, usage="key_agreement")]), "P-256"


def suite(name, wide):
    tpm = Tpm(wide)
    der = serialization.Encoding.DER
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    issuer = issue("Intermediate", tpm.intermediate.public_key(), "Maker", tpm.maker, use=None, ca=True)
    late = issue("Intermediate", tpm.intermediate.public_key(), "Maker", tpm.maker, use=None, ca=True, days=30)
    leaf = issue("", tpm.endorsement, "Intermediate", tpm.intermediate)
    agreed = issue("", Key(False).private.public_key(), "Maker", tpm.maker, usage="key_agreement")
    malformed = [["no certificate", [[], b"", b"", b"", b""]], ["four parts", [tpm.chain(), b"", b"", b""]],
                 ["an area of 513", [tpm.chain(), bytes(513), b"", b"", b""]],
                 ["a signature of 65", [tpm.chain(), b"", b"", b"", bytes(65)]],
                 ["five certificates", [tpm.chain() * 5, b"", b"", b"", b""]]]
    return {
        "name": name, "maker_spki": tpm.maker.public_key().public_bytes(der, spki).hex(),
        "operational_spki": tpm.operational.spki().hex(), "body_sha256": hashlib.sha256(tpm.body).hexdigest(),
        "good": {"rsa": tpm.offer().hex(), "p256": tpm.offer(chain=[agreed]).hex(),
                 "intermediate": tpm.offer(chain=[leaf, issuer]).hex()},
        "without_proof": tpm.operational.sign1(tpm.body).hex(),  # and says "tpm2"
        "expired_intermediate": tpm.offer(chain=[leaf, late]).hex(),
        "wrong_link": tpm.offer(chain=[leaf, issue("Intermediate", tpm.maker.public_key(), "Maker", tpm.maker,
                                                   use=None, ca=True)]).hex(),
        "unproven": [{"change": change, "document": document.hex(), "says": says}
                     for change, document, says in wrong_proofs(tpm)],
        "malformed": [{"change": change, "document": tpm.operational.sign1(cbor([2, tpm.body, proof])).hex()}
                      for change, proof in malformed]}


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    text = json.dumps([suite("p256", False), suite("p384", True)], indent=1)
    (here / "attestation.json").write_text(text + "\n")
