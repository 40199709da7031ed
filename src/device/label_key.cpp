// SPDX-License-Identifier: Apache-2.0
#include "device/label_key.h"

#include <algorithm>

#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "codec/der/writer.h"
#include "dpp/uri.h"

namespace fairlead::device {

namespace {

constexpr std::size_t sealed_bytes_max = 1'024, information_bytes_max = 64;

// RFC 5915 §3:  ECPrivateKey = SEQUENCE { 1, privateKey OCTET STRING, [0] parameters,
//                                        [1] publicKey BIT STRING }
SecretBytes encode_private_key(const crypto::CurveKey& key) {
  const Bytes version = der::unsigned_integer(Bytes{1});
  const Bytes scalar = der::element(0x04, key.scalar.reveal());
  const Bytes curve = der::element(0xA0, der::object_identifier("1.2.840.10045.3.1.7"));
  const Bytes point = der::element(0xA1, der::bit_string_of(crypto::uncompressed(key.point)));
  return SecretBytes(der::sequence_of({version, scalar, curve, point}));
}

// What the URI may hold of it: printable, and no end of a field.
std::string information_of(const std::string& serial) {
  const bool good =
      serial.size() <= information_bytes_max &&
      std::ranges::all_of(serial, [](char c) { return c > ' ' && c <= '~' && c != ';'; });
  return good && !serial.empty() ? "SN:" + serial : "";
}

LabelKey label_of(const crypto::CurveKey& key, const std::string& serial) {
  dpp::BootstrapUri uri{{}, {}, information_of(serial), 2, dpp::bootstrap_key(key.point)};
  return {encode_private_key(key), encode_bootstrap_uri(uri)};
}

}  // namespace

Result<std::optional<LabelKey>> load_label_key(const StateDirectory& directory,
                                               keystore::Keystore& keys,
                                               const std::string& serial) {
  const std::string where(label_key_file);
  TRY(auto bytes, directory.read(where));
  if (!bytes) return std::optional<LabelKey>();
  cbor::Reader in(*bytes);
  in.array(2);
  if (in.uint() != 1) in.fail_here("the label's key is of another version");
  const Bytes sealed = to_bytes(in.bytes(sealed_bytes_max));
  TRY_VOID(in.finish().in(where));
  TRY(SecretBytes scalar, keys.unseal(sealed).in(where));
  TRY(auto key, curve_key_from_scalar(crypto::Curve::p256, scalar.reveal()).in(where));
  return std::optional(label_of(key, serial));
}

Result<LabelKey> make_label_key(const StateDirectory& directory, keystore::Keystore& keys,
                                const std::string& serial, Random& random) {
  TRY(auto there, load_label_key(directory, keys, serial));
  if (there) return std::move(*there);
  TRY(auto key, generate_curve_key(crypto::Curve::p256, random));
  TRY(Bytes sealed, keys.seal(key.scalar.reveal()));
  cbor::Writer out;
  out.array(2).uint(1).bytes(sealed);
  TRY_VOID(directory.write(std::string(label_key_file), out.take()));
  return label_of(key, serial);
}

}  // namespace fairlead::device
