// SPDX-License-Identifier: Apache-2.0
#include "fdo/key_exchange.h"

#include <array>

#include "base/limits.h"
#include "codec/cose.h"

namespace fairlead::fdo {

std::string_view to_string(KexSuite suite) {
  return suite == KexSuite::ecdh256 ? "ECDH256" : "ECDH384";
}

std::optional<KexSuite> parse_kex_suite(std::string_view name) {
  for (KexSuite suite : {KexSuite::ecdh256, KexSuite::ecdh384})
    if (name == to_string(suite)) return suite;
  return std::nullopt;
}

crypto::KeyType curve_of(KexSuite suite) {
  return suite == KexSuite::ecdh256 ? crypto::KeyType::p256 : crypto::KeyType::p384;
}

std::size_t random_bytes(KexSuite suite) { return suite == KexSuite::ecdh256 ? 16 : 48; }

KexSuite kex_for(crypto::KeyType owner_key) {
  return crypto::hash_for(owner_key) == crypto::HashAlg::sha384 ? KexSuite::ecdh384
                                                                : KexSuite::ecdh256;
}

namespace {
struct CipherRow {
  CipherSuite suite;
  std::string_view name;
  crypto::Aead aead;
};
constexpr std::array<CipherRow, 5> cipher_table{{
    {CipherSuite::a128gcm, "A128GCM", crypto::Aead::aes128_gcm},
    {CipherSuite::a192gcm, "A192GCM", crypto::Aead::aes192_gcm},
    {CipherSuite::a256gcm, "A256GCM", crypto::Aead::aes256_gcm},
    {CipherSuite::ccm_64_128_128, "AES-CCM-64-128-128", crypto::Aead::aes128_ccm_64},
    {CipherSuite::ccm_64_128_256, "AES-CCM-64-128-256", crypto::Aead::aes256_ccm_64},
}};

const CipherRow& row_of(CipherSuite suite) {
  return *std::ranges::find(cipher_table, suite, &CipherRow::suite);
}
}  // namespace

std::optional<CipherSuite> parse_cipher_suite(std::int64_t number) {
  for (const CipherRow& row : cipher_table)
    if (static_cast<std::int64_t>(row.suite) == number) return row.suite;
  return std::nullopt;
}

std::optional<CipherSuite> cipher_suite_from_text(std::string_view name) {
  for (const CipherRow& row : cipher_table)
    if (row.name == name) return row.suite;
  return std::nullopt;
}

std::string_view to_string(CipherSuite suite) { return row_of(suite).name; }
crypto::Aead aead_of(CipherSuite suite) { return row_of(suite).aead; }

namespace {
void append_field(Bytes& out, View field) {
  out.push_back(static_cast<std::uint8_t>(field.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(field.size()));
  append(out, field);
}

std::optional<View> take_field(View& in, std::size_t max) {
  if (in.size() < 2) return std::nullopt;
  std::size_t length = std::size_t{in[0]} << 8 | in[1];
  if (length == 0 || length > max || in.size() - 2 < length) return std::nullopt;
  View field = in.subspan(2, length);
  in = in.subspan(2 + length);
  return field;
}
}  // namespace

Bytes KexShare::parameter() const {
  Bytes out;
  append_field(out, key.x);
  append_field(out, key.y);
  append_field(out, random.reveal());
  return out;
}

Result<KexShare> make_share(KexSuite suite, Random& random) {
  TRY(auto key, crypto::generate_ecdh(curve_of(suite), random));
  SecretBytes part(random_bytes(suite));
  do random.fill(part.writable());
  while (part.reveal()[0] == 0);
  return KexShare{std::move(key), std::move(part)};
}

Result<KexParameter> decode_kex_parameter(KexSuite suite, View encoded) {
  const std::size_t width = crypto::coordinate_bytes(curve_of(suite));
  View in = encoded;
  auto x = take_field(in, width + 1), y = take_field(in, width + 1),
       rand = take_field(in, random_bytes(suite));
  if (!x || !y || !rand || !in.empty())
    return fail(Errc::malformed, "key exchange parameter can't be decoded");
  return KexParameter{to_bytes(*x), to_bytes(*y), to_bytes(*rand)};
}

Result<SecretBytes> shared_secret(KexRole role, const KexShare& ours, const KexParameter& theirs) {
  TRY(SecretBytes z, crypto::ecdh(ours.key, theirs.x, theirs.y));
  Bytes out = to_bytes(z.reveal());
  View device_random = role == KexRole::device ? ours.random.reveal() : View(theirs.random);
  View owner_random = role == KexRole::device ? View(theirs.random) : ours.random.reveal();
  append(out, device_random);
  append(out, owner_random);
  return SecretBytes(std::move(out));
}

// K(i) = HMAC(ShSe, byte(i) ‖ "FIDO-KDF" ‖ 00 ‖ "AutomaticOnboardTunnel" ‖ ContextRand ‖ u16be(L))
SecretBytes derive_key(View secret, View context_random, std::size_t bits) {
  const std::uint8_t zero[] = {0};
  const std::uint8_t length[] = {static_cast<std::uint8_t>(bits >> 8),
                                 static_cast<std::uint8_t>(bits)};
  Bytes out;
  for (std::uint8_t i = 1; out.size() * 8 < bits; ++i) {
    const std::uint8_t counter[] = {i};
    Bytes block = crypto::hmac(crypto::HashAlg::sha256, secret,
                               {counter, as_view("FIDO-KDF"), zero,
                                as_view("AutomaticOnboardTunnel"), context_random, length});
    append(out, block);
  }
  out.resize(bits / 8);
  return SecretBytes(std::move(out));
}

SecretBytes derive_session_key(CipherSuite suite, View secret) {
  return derive_key(secret, {}, crypto::sizes(aead_of(suite)).key * 8);
}

Result<Bytes> Tunnel::seal(View plaintext, Random& random) {
  const auto size = crypto::sizes(aead_of(suite_));
  Bytes iv(size.nonce);
  if (size.nonce == 12) {
    random.fill(iv);
  } else {
    std::uint64_t count = counter_++;
    for (std::size_t i = 0; i < iv.size(); ++i)
      iv[i] = static_cast<std::uint8_t>(count >> (8 * (iv.size() - 1 - i)));
    iv[0] = static_cast<std::uint8_t>((iv[0] & 0x7F) | (role_ == KexRole::owner ? 0x80 : 0));
  }
  Bytes header = cose::protected_header(static_cast<std::int64_t>(suite_));
  TRY(Bytes ciphertext,
      crypto::seal(aead_of(suite_), key_.reveal(), iv, cose::encrypt0_aad(header), plaintext));
  seen_.push_back(iv);
  return cose::encode_encrypt0(static_cast<std::int64_t>(suite_), iv, ciphertext);
}

Result<Bytes> Tunnel::open(View message) {
  TRY(auto box, cose::decode_encrypt0(message).in("encrypted message"));
  // The negotiated suite decides, never the peer's header.
  if (box.alg != static_cast<std::int64_t>(suite_))
    return fail(Errc::malformed, "encrypted message is not of the negotiated cipher suite");
  for (const Bytes& iv : seen_)
    if (equal(iv, box.iv))
      return fail(Errc::malformed, "encrypted message repeats a nonce: a replay");
  if (messages_left() == 0) return fail(Errc::refused, "too many messages in this run");
  auto plaintext = crypto::open(aead_of(suite_), key_.reveal(), box.iv,
                                cose::encrypt0_aad(box.protected_bytes), box.ciphertext);
  // FDO: what can't be decrypted is a message body error, like what can't be decoded.
  if (!plaintext) return fail(Errc::malformed, plaintext.error().context);
  seen_.push_back(to_bytes(box.iv));
  return plaintext;
}

void Tunnel::write(cbor::Writer& out) const {
  out.array(4)
      .integer(static_cast<std::int64_t>(suite_))
      .bytes(key_.reveal())
      .uint(counter_)
      .array(seen_.size());
  for (const Bytes& iv : seen_) out.bytes(iv);
}

std::optional<Tunnel> Tunnel::read(cbor::Reader& in, KexRole role) {
  in.array(4);
  auto suite = parse_cipher_suite(in.integer());
  SecretBytes key = SecretBytes::copy_of(in.bytes(64));
  std::uint64_t counter = in.uint();
  std::size_t count = in.array_between(0, 2 * tunnel_messages_max);
  std::vector<Bytes> seen;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) seen.push_back(to_bytes(in.bytes(32)));
  if (in.failed() || !suite || key.size() != crypto::sizes(aead_of(*suite)).key) {
    in.fail_here("stored tunnel is not whole");
    return std::nullopt;
  }
  Tunnel out(*suite, std::move(key), role, counter);
  out.seen_ = std::move(seen);
  return out;
}

}  // namespace fairlead::fdo
