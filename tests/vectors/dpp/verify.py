#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recompute every value in the DPP vectors of this directory from the private keys and compare.

Needs python3-cryptography. Prints one line per vector; exit status 0 when everything matches.
"""
import base64
import glob
import hashlib
import hmac
import json
import os
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

CURVES = {  # name: (curve, hash, key bytes, nonce bytes, group order)
    'P-256': (ec.SECP256R1(), 'sha256', 32, 16,
              0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    'P-384': (ec.SECP384R1(), 'sha384', 48, 24,
              0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973),
}
ADV = bytes.fromhex('6c087fdd05506f9a1a01')  # advertisement protocol element of the GAS frames


def attr(ident, value):
    return struct.pack('<HH', ident, len(value)) + value


def attrs(data):
    out = []
    while data:
        ident, length = struct.unpack('<HH', data[:4])
        assert len(data) >= 4 + length, 'attribute runs over the end'
        out.append((ident, data[4:4 + length]))
        data = data[4 + length:]
    return out


def head(frame_type):
    return bytes.fromhex('506f9a1a01') + bytes([frame_type])


def b64url(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def unwrap(key, ads, ciphertext, recorded):
    plain = AESSIV(key).decrypt(ciphertext, ads)
    assert AESSIV(key).encrypt(plain, ads) == ciphertext, 'AES-SIV is deterministic'
    assert recorded['plain'] == plain.hex() and recorded['ad'] == [a.hex() for a in ads]
    return attrs(plain)


def check(path):
    vec = json.load(open(path))
    curve, hname, n, nonce_len, order = CURVES[vec['curve']]
    keys = {k: bytes.fromhex(v) for k, v in vec['keys'].items()}
    secret = {k: bytes.fromhex(v) for k, v in vec['secrets'].items()}
    nonce = {k: bytes.fromhex(v) for k, v in vec['nonces'].items()}
    frames = [bytes.fromhex(f['hex']) for f in vec['frames']]
    wrapped = [f['wrapped'] for f in vec['frames']]
    hlen = hashlib.new(hname).digest_size

    def h(*parts):
        return hashlib.new(hname, b''.join(parts)).digest()

    def extract(salt, ikm):
        return hmac.new(salt or bytes(hlen), ikm, hname).digest()

    def expand(prk, info):
        return hmac.new(prk, info + b'\x01', hname).digest()

    def private(name):
        return ec.derive_private_key(int.from_bytes(keys[name], 'big'), curve)

    def point(raw):
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, b'\x04' + raw)

    def raw(public):
        num = public.public_numbers()
        return num.x.to_bytes(n, 'big') + num.y.to_bytes(n, 'big')

    def spki(public):  # SubjectPublicKeyInfo with the compressed point, as DPP wants it
        full = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        compressed = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
        algorithm = full[2:full.index(b'\x03', 4 + full[3])] if full[1] < 0x80 else full[3:]
        algorithm = algorithm[:2 + algorithm[1]]
        body = algorithm + bytes([3, len(compressed) + 1, 0]) + compressed
        return bytes([0x30, len(body)]) + body

    bi, br = private('initiator_bootstrap_private'), private('responder_bootstrap_private')
    pi, pr = private('initiator_protocol_private'), private('responder_protocol_private')
    assert spki(bi.public_key()) == keys['initiator_bootstrap_spki']
    assert spki(br.public_key()) == keys['responder_bootstrap_spki']
    assert raw(pi.public_key()) == keys['initiator_protocol_public']
    assert raw(pr.public_key()) == keys['responder_protocol_public']
    for who in 'initiator', 'responder':
        assert hashlib.sha256(keys[who + '_bootstrap_spki']).hexdigest() == vec['hashes'][who + '_bootstrap']
    assert hashlib.sha256(b'chirp' + keys['responder_bootstrap_spki']).hexdigest() == vec['hashes']['responder_chirp']
    for who, uri in vec['uri'].items():
        field = [p for p in uri[len('DPP:'):].split(';') if p.startswith('K:')][0][2:]
        assert base64.b64decode(field) == keys[who + '_bootstrap_spki'], 'URI'

    mx = pi.exchange(ec.ECDH(), br.public_key())
    nx = pi.exchange(ec.ECDH(), pr.public_key())
    assert mx == br.exchange(ec.ECDH(), pi.public_key()) == secret['M.x']
    assert nx == pr.exchange(ec.ECDH(), pi.public_key()) == secret['N.x']
    ikm = mx + nx
    if vec['mutual']:
        total = (br.private_numbers().private_value + pr.private_numbers().private_value) % order
        lx = ec.derive_private_key(total, curve).exchange(ec.ECDH(), bi.public_key())
        assert lx == secret['L.x']
        ikm += lx
    prk1, prk2 = extract(b'', mx), extract(b'', nx)
    k1, k2 = expand(prk1, b'first intermediate key'), expand(prk2, b'second intermediate key')
    bk = extract(nonce['initiator'] + nonce['responder'], ikm)
    ke = expand(bk, b'DPP Key')
    for name, value in (('prk1', prk1), ('k1', k1), ('prk2', prk2), ('k2', k2), ('bk', bk), ('ke', ke)):
        assert secret[name] == value, name
    for v in nonce.values():
        assert len(v) == nonce_len

    x = {name: raw(k.public_key())[:n] for name, k in (('bi', bi), ('br', br), ('pi', pi), ('pr', pr))}
    own = x['bi'] if vec['mutual'] else b''
    r_auth = h(nonce['initiator'], nonce['responder'], x['pi'], x['pr'], own, x['br'], b'\x00')
    i_auth = h(nonce['responder'], nonce['initiator'], x['pr'], x['pi'], x['br'], own, b'\x01')
    assert secret['R-auth'] == r_auth and secret['I-auth'] == i_auth

    def public_action(index, frame_type):
        frame = frames[index]
        assert frame[:7] == b'\x09' + head(frame_type)
        found = attrs(frame[7:])
        assert found[-1][0] == 0x1004, 'wrapped data comes last'
        return found, frame[7:len(frame) - 4 - len(found[-1][1])]

    # Authentication Request, Response, Confirm
    found, clear = public_action(0, 0)
    assert [i for i, _ in found] == [0x1002, 0x1001, 0x1003, 0x1019, 0x1004]
    inner = unwrap(k1, [head(0), clear], found[-1][1], wrapped[0][0])
    assert inner[0] == (0x1005, nonce['initiator']) and inner[1][0] == 0x1006
    found, clear = public_action(1, 1)
    assert [i for i, _ in found] == [0x1000, 0x1002] + ([0x1001] if vec['mutual'] else []) + [0x1009, 0x1019, 0x1004]
    inner = unwrap(k2, [head(1), clear], found[-1][1], wrapped[1][0])
    assert [i for i, _ in inner] == [0x1007, 0x1005, 0x1008, 0x1004] and inner[0][1] == nonce['responder']
    assert unwrap(ke, [], inner[3][1], wrapped[1][1]) == [(0x100B, r_auth)]
    found, clear = public_action(2, 2)
    assert [i for i, _ in found] == [0x1000, 0x1002] + ([0x1001] if vec['mutual'] else []) + [0x1004]
    assert unwrap(ke, [head(2), clear], found[-1][1], wrapped[2][0]) == [(0x100A, i_auth)]

    # Configuration Request and Response (GAS), Result
    frame = frames[3]
    assert frame[0] == 0x0A and frame[2:12] == ADV and struct.unpack('<H', frame[12:14])[0] == len(frame) - 14
    found = attrs(frame[14:])
    assert [i for i, _ in found] == [0x1004]
    inner = unwrap(ke, [], found[0][1], wrapped[3][0])
    assert inner == [(0x1014, nonce['enrollee']), (0x100E, vec['config_request'].encode())]
    frame = frames[4]
    assert frame[0] == 0x0B and frame[1] == frames[3][1] and frame[2:6] == bytes(4) and frame[6:16] == ADV
    assert struct.unpack('<H', frame[16:18])[0] == len(frame) - 18
    found = attrs(frame[18:])
    assert [i for i, _ in found] == [0x1000, 0x1004] and found[0][1] == b'\x00'
    inner = unwrap(ke, [attr(0x1000, b'\x00')], found[1][1], wrapped[4][0])
    assert inner[0] == (0x1014, nonce['enrollee']) and inner[1] == (0x100C, vec['config_object'].encode())
    assert [i for i, _ in inner[2:]] in ([], [0x101B])
    found, _ = public_action(5, 11)
    assert [i for i, _ in found] == [0x1004]
    inner = unwrap(ke, [head(11), b''], found[0][1], wrapped[5][0])
    assert inner == [(0x1000, b'\x00'), (0x1014, nonce['enrollee'])]
    try:
        AESSIV(ke).decrypt(found[0][1], [head(11)])
        raise AssertionError('the empty second AD component must count')
    except InvalidTag:
        pass

    # Connector
    cred = json.loads(vec['config_object'])['cred']
    connector = cred['signedConnector']
    header, payload, signature = connector.split('.')
    c_sign = private('c_sign_private').public_key()
    assert raw(c_sign) == b64url(cred['csign']['x']) + b64url(cred['csign']['y'])
    assert raw(private('pp_private').public_key()) == b64url(cred['ppKey']['x']) + b64url(cred['ppKey']['y'])
    kid = base64.urlsafe_b64encode(hashlib.sha256(b'\x04' + raw(c_sign)).digest()).rstrip(b'=').decode()
    header_json = json.loads(b64url(header))
    assert header_json['typ'] == 'dppCon' and header_json['kid'] == kid == cred['csign']['kid']
    assert header_json['alg'] == {'P-256': 'ES256', 'P-384': 'ES384'}[vec['curve']]
    access = json.loads(b64url(payload))['netAccessKey']
    enrollee = 'pr' if vec['roles']['responder'] == 'enrollee' else 'pi'
    assert b64url(access['x']) == x[enrollee], 'the Enrollee protocol key is its network access key'
    sig = b64url(signature)
    der = utils.encode_dss_signature(int.from_bytes(sig[:n], 'big'), int.from_bytes(sig[n:], 'big'))
    c_sign.verify(der, (header + '.' + payload).encode(), ec.ECDSA({'sha256': hashes.SHA256(), 'sha384': hashes.SHA384()}[hname]))
    return sum(len(w) for w in wrapped)


def check_single(path):
    vec = json.load(open(path))
    announcement = vec['presence_announcement']
    spki = base64.b64decode(announcement['uri'].split('K:')[1].split(';')[0])
    chirp = hashlib.sha256(b'chirp' + spki).digest()
    assert chirp.hex() == announcement['chirp_hash']
    assert bytes.fromhex(announcement['hex']) == b'\x09' + head(13) + attr(0x1002, chirp)
    for entry in vec['connection_status']:
        frame = bytes.fromhex(entry['hex'])
        assert frame[:7] == b'\x09' + head(12)
        (ident, ciphertext), = attrs(frame[7:])
        assert ident == 0x1004
        inner = attrs(AESSIV(bytes.fromhex(entry['ke'])).decrypt(ciphertext, [head(12), b'']))
        assert inner == [(0x1014, bytes.fromhex(entry['enrollee_nonce'])), (0x101C, entry['json'].encode())]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for path in sorted(glob.glob(os.path.join(here, '*.json'))):
        name = os.path.basename(path)
        if name == 'specification-p256.json':
            continue  # its form is another; src/dpp/keys_test.cpp recomputes it
        if name == 'single-frames.json':
            check_single(path)
            print('ok', name)
        else:
            print('ok', name, '-', check(path), 'wrapped values recomputed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
