// SPDX-License-Identifier: Apache-2.0
// FDO 1.1 §3: the types that several messages share.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace fairlead::fdo {

inline constexpr std::uint64_t protocol_version = 101;

using Guid = FixedBytes<16, struct GuidTag>;
using Nonce = FixedBytes<16, struct NonceTag>;

std::string to_text(const Guid& guid);                      // 8-4-4-4-12, as people write it
std::optional<Guid> guid_from_text(std::string_view text);  // with or without hyphens

// FDO 1.1 "Error - Type 255". The number is what travels.
enum class ErrorCode : std::uint16_t {
  invalid_token = 1,
  invalid_voucher = 2,
  invalid_owner_signature = 3,
  invalid_ip_address = 4,
  invalid_guid = 5,
  not_found = 6,
  body = 100,             // can't decode or decrypt
  invalid_message = 101,  // decoded, but a check failed or out of order
  credential_reuse = 102,
  internal = 500
};

// Why a message was not accepted: the code for the peer, the sentence for the log.
struct Refusal {
  ErrorCode code;
  std::string why;
  bool for_peer = false;  // the sentence is meant for the peer, also where the code alone is told

  Refusal(ErrorCode error_code, std::string reason) : code(error_code), why(std::move(reason)) {}
  // The one table from kinds of error to FDO's codes. What is busy says so to the peer: somebody
  // has to decide, or it is to come again.
  Refusal(const Error& error);  // NOLINT(google-explicit-constructor): TRY hands errors on
};

template <class T>
using Outcome = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(ErrorCode code, std::string why) {
  return std::unexpected<Refusal>(Refusal(code, std::move(why)));
}

// Hash = [int, bstr], HMac = [int, bstr]. The type stored in the value decides, not a rule about
// keys.
struct Hash {
  crypto::HashAlg alg = crypto::HashAlg::sha256;
  Bytes value;
  friend bool operator==(const Hash&, const Hash&) = default;
};
Hash read_hash(cbor::Reader& in);  // -16, -43
void write_hash(cbor::Writer& out, const Hash& hash);
Hash read_hmac(cbor::Reader& in);  // 5, 6
void write_hmac(cbor::Writer& out, const Hash& hmac);
Hash hash_of(crypto::HashAlg alg, std::initializer_list<View> parts);

enum class KeyEncoding : std::uint8_t { crypto = 0, x509 = 1, x5chain = 2, cosekey = 3 };

// PublicKey = [pkType, pkEnc, body], with the bytes as received: hashes are made of those.
struct PublicKey {
  Bytes encoded;
  KeyEncoding encoding = KeyEncoding::x509;
  crypto::PublicKey key;
};
std::optional<PublicKey> read_public_key(
    cbor::Reader& in);  // empty after an error, which `in` holds
Result<PublicKey> decode_public_key(View encoded);
PublicKey make_public_key(const crypto::PublicKey& key, KeyEncoding encoding);  // x509 or cosekey
PublicKey make_public_key(std::span<const crypto::Certificate> chain);          // x5chain

// A key as its holder showed it: bare, or with certificates for it, leaf first.
struct ShownKey {
  ShownKey(crypto::PublicKey bare) : key(std::move(bare)) {}
  // Not empty.
  explicit ShownKey(std::vector<crypto::Certificate> certificates)
      : key(certificates.front().public_key()), chain(std::move(certificates)) {}

  crypto::PublicKey key;
  std::vector<crypto::Certificate> chain;
};
// Crypto, which nobody serves, becomes X509. refused: X5CHAIN of a bare key.
Result<PublicKey> make_public_key_in(KeyEncoding encoding, const ShownKey& shown);
std::uint8_t key_type_number(crypto::KeyType type);  // pkType; 0 for what FDO does not know

// COSE algorithm and SigInfo.sgType of a key: -7, -35, -257, -258; 0 if none.
std::int64_t signature_alg(crypto::KeyType type);

// SigInfo = [sgType, bstr]. EPID's types (90, 91) go with no key that we know: callers, who compare
// with the key, refuse them.
std::int64_t read_sig_info(cbor::Reader& in);
void write_sig_info(cbor::Writer& out, std::int64_t sg_type);

// One entry of RVTO2Addr = [+ [ip, dns, port, protocol]].
enum class TransportProtocol : std::uint8_t {
  tcp = 1,
  tls = 2,
  http = 3,
  coap = 4,
  https = 5,
  coaps = 6
};
struct To2Address {
  Bytes ip;         // 4 or 16 bytes, or empty
  std::string dns;  // or empty; one of the two is there
  std::uint16_t port = 0;
  TransportProtocol protocol = TransportProtocol::http;
  friend bool operator==(const To2Address&, const To2Address&) = default;
};
std::vector<To2Address> read_to2_addresses(cbor::Reader& in);
Bytes encode_to2_addresses(const std::vector<To2Address>& addresses);
std::string ip_text(View ip);  // "127.0.0.1", "fe80::1"
std::optional<Bytes> ip_from_text(std::string_view text);

// Message 255 = [code, previous message, text, timestamp, correlation].
struct ErrorMessage {
  ErrorCode code;
  std::uint8_t previous_message = 0;
  std::string text;
  std::uint64_t timestamp = 0;  // seconds since 1970; 0 when the peer sent something else
  std::uint64_t correlation = 0;
};
Result<ErrorMessage> decode_error(View in);
Bytes encode_error(const ErrorMessage& message);

// A COSE_Sign1 by `key`, {1: alg} protected.
Result<Bytes> sign1(crypto::Signer& key, View payload, View unprotected);

}  // namespace fairlead::fdo
