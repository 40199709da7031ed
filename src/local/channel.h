// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/key_stream.h"
#include "local/session_messages.h"

namespace fairlead::local {

// How the nonce of AES-GCM goes on: `sec_patch_ver`. A device of ours counts; `fixed` reuses one
// nonce for every message, which gives away what is said, and is there for a client that has to
// talk to old stock devices.
enum class NonceRule { fixed = 0, counting = 1 };

// The cipher of one secured session, either end. Messages are opened and sealed in the order in
// which they travel. Move-only.
class Channel {
 public:
  static Channel plain();  // Security 0
  // Security 1: key is 32 bytes, first_block the device's 16 random bytes. `used` bytes of the key
  // stream went into the proofs before: the stream comes as it stands.
  static Channel security1(crypto::KeyStream stream, View key);
  // Security 2: K of 64 bytes; nonce of 12 bytes, whose last four are the counter. malformed if
  // not.
  static Result<Channel> security2(View k, View nonce, NonceRule rule);

  // untrusted: the message is not authentic. The session must end.
  Result<Bytes> open(View message);
  Result<Bytes> seal(View message);

  Security security() const;
  // 32 bytes that only the two ends of this session know, for an Offer to be tied to it:
  // SHA-256("fairlead offer" | key). Empty for Security 0.
  View binding() const { return binding_; }

 private:
  struct Plain {};
  struct Gcm {
    SecretBytes key;  // the first half of K
    Bytes nonce;
    NonceRule rule;
  };
  using Cipher = std::variant<Plain, crypto::KeyStream, Gcm>;
  Channel(Cipher cipher, Bytes binding)
      : cipher_(std::move(cipher)), binding_(std::move(binding)) {}
  static void count(Gcm& gcm);
  static Result<void> usable(const Gcm& gcm);

  Cipher cipher_;
  Bytes binding_;
};

}  // namespace fairlead::local
