// SPDX-License-Identifier: Apache-2.0
#include "local/channel.h"

#include "crypto/aead.h"
#include "crypto/hash.h"

namespace fairlead::local {

namespace {

constexpr std::size_t key_bytes = 32, k_bytes = 64, nonce_bytes = 12, counter_at = 8;

Bytes binding_of(View key) {
  return crypto::hash(crypto::HashAlg::sha256, {as_view("fairlead offer"), key});
}

}  // namespace

Channel Channel::plain() { return Channel(Plain{}, {}); }

Channel Channel::security1(crypto::KeyStream stream, View key) {
  return Channel(std::move(stream), binding_of(key));
}

Result<Channel> Channel::security2(View k, View nonce, NonceRule rule) {
  if (k.size() != k_bytes || nonce.size() != nonce_bytes)
    return fail(Errc::malformed, "session key or nonce has the wrong length");
  return Channel(Gcm{SecretBytes::copy_of(k.first(key_bytes)), to_bytes(nonce), rule},
                 binding_of(k));
}

// "counter 0 or wrapped": 0 is what comes after the last.
Result<void> Channel::usable(const Gcm& gcm) {
  if (equal(View(gcm.nonce).subspan(counter_at), Bytes(nonce_bytes - counter_at)))
    return fail(Errc::expired, "the session is used up");
  return ok();
}

void Channel::count(Gcm& gcm) {
  if (gcm.rule == NonceRule::fixed) return;
  for (std::size_t at = nonce_bytes; at-- > counter_at;)
    if (++gcm.nonce[at] != 0) break;
}

Result<Bytes> Channel::open(View message) {
  if (auto* stream = std::get_if<crypto::KeyStream>(&cipher_)) return stream->apply(message);
  auto* gcm = std::get_if<Gcm>(&cipher_);
  if (!gcm) return to_bytes(message);
  TRY_VOID(usable(*gcm));
  TRY(auto out, crypto::open(crypto::Aead::aes256_gcm, gcm->key.reveal(), gcm->nonce, {}, message));
  count(*gcm);
  return out;
}

Result<Bytes> Channel::seal(View message) {
  if (auto* stream = std::get_if<crypto::KeyStream>(&cipher_)) return stream->apply(message);
  auto* gcm = std::get_if<Gcm>(&cipher_);
  if (!gcm) return to_bytes(message);
  TRY_VOID(usable(*gcm));
  TRY(auto out, crypto::seal(crypto::Aead::aes256_gcm, gcm->key.reveal(), gcm->nonce, {}, message));
  count(*gcm);
  return out;
}

Security Channel::security() const { return static_cast<Security>(cipher_.index()); }

}  // namespace fairlead::local
