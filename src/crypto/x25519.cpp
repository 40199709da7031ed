// SPDX-License-Identifier: Apache-2.0
#include "crypto/x25519.h"

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

namespace {

PkeyPtr private_key(const SecretBytes& secret) {
  View bytes = secret.reveal();
  PkeyPtr out(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()));
  ASSERT(out);  // every 32 bytes are a private key
  return out;
}

}  // namespace

X25519Key generate_x25519(Random& random) {
  X25519Key out{SecretBytes(x25519_bytes), Bytes(x25519_bytes)};
  random.fill(out.secret.writable());
  PkeyPtr key = private_key(out.secret);
  std::size_t length = out.public_value.size();
  ASSERT(EVP_PKEY_get_raw_public_key(key.get(), out.public_value.data(), &length) == 1);
  return out;
}

Result<SecretBytes> x25519(const X25519Key& ours, View peer_public) {
  if (peer_public.size() != x25519_bytes)
    return fail(Errc::untrusted, "X25519 public value is not 32 bytes");
  PkeyPtr key = private_key(ours.secret);
  PkeyPtr peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer_public.data(),
                                           peer_public.size()));
  PkeyContextPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
  SecretBytes out(x25519_bytes);
  std::size_t length = out.size();
  // OpenSSL refuses an all-zero result, as RFC 7748 §6.1 permits and we require.
  if (!peer || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), out.writable().data(), &length) != 1) {
    ERR_clear_error();
    return fail(Errc::untrusted, "X25519 public value is not usable");
  }
  return out;
}

}  // namespace fairlead::crypto
