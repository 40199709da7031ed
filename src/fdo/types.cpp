// SPDX-License-Identifier: Apache-2.0
#include "fdo/types.h"

#include <cstdio>

#include "base/limits.h"
#include "codec/cose.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

std::string to_text(const Guid& guid) {
  std::string hex = guid.hex();
  for (std::size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
  return hex;
}

std::optional<Guid> guid_from_text(std::string_view text) {
  std::string hex;
  for (char c : text)
    if (c != '-') hex.push_back(c);
  return Guid::from_hex_text(hex);
}

Refusal::Refusal(const Error& error) : code(ErrorCode::invalid_message), why(error.context) {
  switch (error.code) {
    case Errc::malformed:
      code = ErrorCode::body;
      break;
    case Errc::not_found:
      code = ErrorCode::not_found;
      break;
    case Errc::busy:
      for_peer = true;
      [[fallthrough]];
    case Errc::timed_out:
    case Errc::cancelled:
    case Errc::io:
    case Errc::internal:
      code = ErrorCode::internal;
      break;
    case Errc::unsupported:
    case Errc::untrusted:
    case Errc::expired:
    case Errc::refused:
    case Errc::conflict:
      break;
  }
}

namespace {

Hash read_digest(Reader& in, std::int64_t sha256, std::int64_t sha384, std::string_view what) {
  Hash out;
  in.array(2);
  std::int64_t type = in.integer();
  if (type == sha384)
    out.alg = crypto::HashAlg::sha384;
  else if (type != sha256)
    in.fail_here(std::string(what) + " of an unknown type");
  View value = in.bytes(64);
  if (value.size() != crypto::size_bytes(out.alg))
    in.fail_here(std::string(what) + " has the wrong size");
  out.value = to_bytes(value);
  return out;
}

void write_digest(Writer& out, const Hash& hash, std::int64_t sha256, std::int64_t sha384) {
  out.array(2).integer(hash.alg == crypto::HashAlg::sha256 ? sha256 : sha384).bytes(hash.value);
}

}  // namespace

Hash read_hash(Reader& in) { return read_digest(in, -16, -43, "hash"); }
void write_hash(Writer& out, const Hash& hash) { write_digest(out, hash, -16, -43); }
Hash read_hmac(Reader& in) { return read_digest(in, 5, 6, "HMAC"); }
void write_hmac(Writer& out, const Hash& hmac) { write_digest(out, hmac, 5, 6); }

Hash hash_of(crypto::HashAlg alg, std::initializer_list<View> parts) {
  return {alg, crypto::hash(alg, parts)};
}

std::uint8_t key_type_number(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::p256:
      return 10;
    case crypto::KeyType::p384:
      return 11;
    case crypto::KeyType::rsa2048:
      return 1;
    case crypto::KeyType::rsa3072:
      return 5;
    case crypto::KeyType::other:
      break;
  }
  return 0;
}

std::int64_t signature_alg(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::p256:
      return -7;
    case crypto::KeyType::p384:
      return -35;
    case crypto::KeyType::rsa2048:
      return -257;
    case crypto::KeyType::rsa3072:
      return -258;
    case crypto::KeyType::other:
      break;
  }
  return 0;
}

namespace {

// pkType 1 and 5 are RSA; 6 (PSS) is not served, and EPID is gone from FDO's practice.
bool type_fits(std::uint64_t pk_type, crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::p256:
      return pk_type == 10;
    case crypto::KeyType::p384:
      return pk_type == 11;
    case crypto::KeyType::rsa2048:
      return pk_type == 1 || pk_type == 5;
    case crypto::KeyType::rsa3072:
      return pk_type == 5;
    case crypto::KeyType::other:
      break;
  }
  return false;
}

// COSE_Key map. Peers differ: {1: 2, -1: crv, -2: x, -3: y}, or the last three only; zeros may be
// stripped.
Result<crypto::PublicKey> read_cose_key(Reader& in, std::uint64_t pk_type) {
  crypto::KeyType curve = pk_type == 11 ? crypto::KeyType::p384 : crypto::KeyType::p256;
  View x, y;
  std::size_t pairs = in.map(6);
  unsigned seen = 0;
  for (std::size_t i = 0; i < pairs && !in.failed(); ++i) {
    std::int64_t label = in.integer();
    unsigned bit = label >= -3 && label <= 3 ? 1u << (label + 3) : 0;
    if (seen & bit) in.fail_here("COSE_Key label appears twice");
    seen |= bit;
    if (label == 1) {
      if (in.integer() != 2) in.fail_here("COSE_Key is not of type EC2");
    } else if (label == -1) {
      if (in.integer() != (curve == crypto::KeyType::p384 ? 2 : 1))
        in.fail_here("COSE_Key is on another curve");
    } else if (label == -2) {
      x = in.bytes(66);
    } else if (label == -3) {
      y = in.bytes(66);
    } else {
      in.skip();
    }
  }
  TRY_VOID(in.status());
  if (pk_type != 10 && pk_type != 11)
    return fail(Errc::unsupported, "COSE_Key for a key type that is not EC");
  if (x.empty() || y.empty()) return fail(Errc::malformed, "COSE_Key lacks a coordinate");
  return crypto::PublicKey::from_point(curve, x, y);
}

Result<crypto::PublicKey> read_x5chain(Reader& in) {
  std::size_t count = in.array_between(1, limits::certificate_chain_max);
  std::vector<crypto::Certificate> chain;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    View der = in.bytes(limits::certificate_bytes_max);
    TRY_VOID(in.status());
    TRY(auto certificate, crypto::Certificate::from_der(der));
    chain.push_back(std::move(certificate));
  }
  TRY_VOID(in.status());
  return chain.front().public_key();
}

Result<crypto::PublicKey> read_key_body(Reader& in, KeyEncoding encoding, std::uint64_t pk_type) {
  switch (encoding) {
    case KeyEncoding::x509: {
      View spki = in.bytes(2048);
      TRY_VOID(in.status());
      return crypto::PublicKey::from_spki(spki);
    }
    case KeyEncoding::x5chain:
      return read_x5chain(in);
    case KeyEncoding::cosekey:
      return read_cose_key(in, pk_type);
    case KeyEncoding::crypto:
      break;
  }
  return fail(Errc::unsupported, "public key encoding Crypto is not served");
}

}  // namespace

std::optional<PublicKey> read_public_key(Reader& in) {
  Reader probe = in;  // for the bytes as received
  View whole = probe.raw();
  in.array(3);
  std::uint64_t pk_type = in.uint_at_most(255);
  auto encoding = static_cast<KeyEncoding>(in.uint_at_most(3));
  if (in.failed()) return std::nullopt;
  auto key = read_key_body(in, encoding, pk_type);
  if (key && !type_fits(pk_type, key->type()))
    key = fail(Errc::unsupported, "public key is not of the type it names");
  if (!key) {
    in.fail_with(std::move(key).in("public key").error());
    return std::nullopt;
  }
  return PublicKey{to_bytes(whole), encoding, std::move(*key)};
}

Result<PublicKey> decode_public_key(View encoded) {
  Reader in(encoded);
  auto key = read_public_key(in);
  TRY_VOID(in.finish());
  return std::move(*key);
}

PublicKey make_public_key(const crypto::PublicKey& key, KeyEncoding encoding) {
  Writer out;
  out.array(3).uint(key_type_number(key.type())).uint(static_cast<std::uint64_t>(encoding));
  if (encoding == KeyEncoding::cosekey && crypto::is_ec(key.type())) {
    Bytes point = key.point();
    std::size_t width = crypto::coordinate_bytes(key.type());
    out.map(4).integer(1).integer(2).integer(-1).integer(key.type() == crypto::KeyType::p384 ? 2
                                                                                             : 1);
    out.integer(-2)
        .bytes(View(point).subspan(1, width))
        .integer(-3)
        .bytes(View(point).subspan(1 + width));
    return {out.take(), encoding, key};
  }
  Writer x509;
  x509.array(3)
      .uint(key_type_number(key.type()))
      .uint(static_cast<std::uint64_t>(KeyEncoding::x509))
      .bytes(key.spki());
  return {x509.take(), KeyEncoding::x509, key};
}

PublicKey make_public_key(std::span<const crypto::Certificate> chain) {
  Writer out;
  const crypto::PublicKey& key = chain.front().public_key();
  out.array(3)
      .uint(key_type_number(key.type()))
      .uint(static_cast<std::uint64_t>(KeyEncoding::x5chain));
  out.array(chain.size());
  for (const auto& each : chain) out.bytes(each.der());
  return {out.take(), KeyEncoding::x5chain, key};
}

Result<PublicKey> make_public_key_in(KeyEncoding encoding, const ShownKey& shown) {
  if (encoding != KeyEncoding::x5chain)
    return make_public_key(
        shown.key, encoding == KeyEncoding::cosekey ? KeyEncoding::cosekey : KeyEncoding::x509);
  if (shown.chain.empty())
    return fail(Errc::refused,
                "this voucher holds its keys as X5CHAIN, so it can go to a key with a certificate "
                "only, not to a bare one");
  return make_public_key(shown.chain);
}

std::int64_t read_sig_info(Reader& in) {
  in.array(2);
  std::int64_t type = in.integer();
  in.bytes(4096);
  return type;
}

void write_sig_info(Writer& out, std::int64_t sg_type) { out.array(2).integer(sg_type).bytes({}); }

std::vector<To2Address> read_to2_addresses(Reader& in) {
  std::vector<To2Address> out;
  std::size_t count = in.array_between(1, limits::rendezvous_addresses_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    To2Address address;
    in.array(4);
    if (!in.take_null()) address.ip = to_bytes(in.bytes(16));
    if (!in.take_null()) address.dns = in.text(253);
    address.port = static_cast<std::uint16_t>(in.uint_at_most(65535));
    address.protocol = static_cast<TransportProtocol>(in.uint_at_most(6));
    out.push_back(std::move(address));
  }
  return out;
}

Bytes encode_to2_addresses(const std::vector<To2Address>& addresses) {
  Writer out;
  out.array(addresses.size());
  for (const To2Address& address : addresses) {
    out.array(4);
    if (address.ip.empty())
      out.null();
    else
      out.bytes(address.ip);
    if (address.dns.empty())
      out.null();
    else
      out.text(address.dns);
    out.uint(address.port).uint(static_cast<std::uint64_t>(address.protocol));
  }
  return out.take();
}

Result<ErrorMessage> decode_error(View encoded) {
  Reader in(encoded);
  ErrorMessage out{};
  in.array(5);
  out.code = static_cast<ErrorCode>(in.uint_at_most(0xFFFF));
  out.previous_message = static_cast<std::uint8_t>(in.uint_at_most(255));
  out.text = in.text(1024);
  if (in.peek() == cbor::Kind::uint)
    out.timestamp = in.uint();
  else
    in.skip();
  if (in.peek() == cbor::Kind::uint)
    out.correlation = in.uint();
  else
    in.skip();
  return in.finish(std::move(out));
}

Bytes encode_error(const ErrorMessage& message) {
  Writer out;
  out.array(5)
      .uint(static_cast<std::uint64_t>(message.code))
      .uint(message.previous_message)
      .text(message.text);
  out.uint(message.timestamp).uint(message.correlation);
  return out.take();
}

Result<Bytes> sign1(crypto::Signer& key, View payload, View unprotected) {
  Bytes header = cose::protected_header(signature_alg(key.public_key().type()));
  TRY(auto signature, key.sign(cose::sign1_to_be_signed(header, payload)));
  return cose::encode_sign1(header, unprotected, payload, signature.raw);
}

}  // namespace fairlead::fdo
