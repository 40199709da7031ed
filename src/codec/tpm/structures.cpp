// SPDX-License-Identifier: Apache-2.0
#include "codec/tpm/structures.h"

namespace fairlead::tpm {

namespace {

// TPM_ALG_ID (Part 2, 6.3) and TPM_ST (6.9).
constexpr std::uint16_t alg_sha256 = 0x000B, alg_sha384 = 0x000C, alg_null = 0x0010,
                        alg_ecdsa = 0x0018, alg_ecc = 0x0023, st_attest_certify = 0x8017;
constexpr std::uint32_t generated_value = 0xFF544347;  // TPM_GENERATED (6.2)
constexpr std::size_t name_bytes_max = 66, coordinate_bytes_max = 48;

// Reads from the front; the first error sticks, and what is read after it is empty.
class Reader {
 public:
  explicit Reader(View in) : in_(in) {
    if (in.size() > structure_bytes_max) refuse(Errc::malformed, "too long");
  }

  std::uint64_t number(std::size_t width) {
    std::uint64_t out = 0;
    for (std::uint8_t byte : take(width)) out = out << 8 | byte;
    return out;
  }
  std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t number32() { return static_cast<std::uint32_t>(number(4)); }
  Bytes sized(std::size_t max) {
    const std::size_t size = number16();
    if (size > max) refuse(Errc::malformed, "a part is longer than it may be");
    return to_bytes(take(size));
  }
  void expect16(std::uint16_t wanted, const char* why) {
    if (number16() != wanted) refuse(Errc::unsupported, why);
  }
  void refuse(Errc code, const char* why) {
    if (status_) status_ = fail(code, why);
  }
  Result<void> finish() {
    if (!in_.empty()) refuse(Errc::malformed, "something follows its end");
    return status_;
  }

 private:
  View take(std::size_t size) {
    if (status_ && size > in_.size()) refuse(Errc::malformed, "it ends too early");
    if (!status_) return {};
    View out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
  }

  View in_;
  Result<void> status_;
};

}  // namespace

Result<SigningKey> decode_signing_key(View area) {
  Reader in(area);
  SigningKey out;
  in.expect16(alg_ecc, "it is no elliptic-curve key");
  in.expect16(alg_sha256, "its name is not made with SHA-256");
  out.attributes = in.number32();
  in.sized(name_bytes_max);  // authPolicy: who may use the key is not our affair
  in.expect16(alg_null, "it has a symmetric algorithm, as keys have that store others");
  in.expect16(alg_ecdsa, "its scheme is not ECDSA");
  const std::uint16_t hash = in.number16(), curve = in.number16();
  const bool p256 = curve == static_cast<std::uint16_t>(Curve::p256) && hash == alg_sha256;
  const bool p384 = curve == static_cast<std::uint16_t>(Curve::p384) && hash == alg_sha384;
  if (!p256 && !p384)
    in.refuse(Errc::unsupported, "it is neither P-256 with SHA-256 nor P-384 with SHA-384");
  out.curve = p384 ? Curve::p384 : Curve::p256;
  in.expect16(alg_null, "it has a key derivation");
  out.x = in.sized(coordinate_bytes_max);
  out.y = in.sized(coordinate_bytes_max);
  TRY_VOID(in.finish().in("public area"));
  return out;
}

Result<Certified> decode_certify(View statement) {
  Reader in(statement);
  Certified out;
  if (in.number32() != generated_value)
    in.refuse(Errc::untrusted, "it does not begin as what a TPM says of its own accord");
  in.expect16(st_attest_certify, "it is not by TPM2_Certify");
  in.sized(name_bytes_max);  // qualifiedSigner
  out.qualifying = in.sized(qualifying_bytes_max);
  in.number(8);  // clockInfo: clock, ...
  in.number(8);  // ... resetCount, restartCount, ...
  if (in.number(1) > 1) in.refuse(Errc::malformed, "a flag is neither YES nor NO");  // ... safe
  in.number(8);                                                                      // firmware
  out.name = in.sized(name_bytes_max);
  in.sized(name_bytes_max);  // qualifiedName
  TRY_VOID(in.finish().in("statement"));
  return out;
}

}  // namespace fairlead::tpm
