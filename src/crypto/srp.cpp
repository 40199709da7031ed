// SPDX-License-Identifier: Apache-2.0
#include "crypto/srp.h"

#include "base/assert.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace fairlead::crypto::srp {

namespace {

using BnPtr = Owned<BIGNUM, BN_clear_free>;

constexpr int draws_max = 64;  // two thirds of a percent need a second one

Bytes h(std::initializer_list<View> parts) { return hash(HashAlg::sha512, parts); }

BN_CTX* scratch() {
  thread_local Owned<BN_CTX, BN_CTX_free> context(BN_CTX_secure_new());
  return context.get();
}

BnPtr number(View bytes) {
  BnPtr out(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  ASSERT(out);
  return out;
}

Bytes padded(const BIGNUM* value) {
  Bytes out(group_bytes);
  ASSERT(BN_bn2binpad(value, out.data(), static_cast<int>(out.size())) >= 0);
  return out;
}

Bytes padded(View value) { return padded(number(value).get()); }

struct Group {
  BnPtr n, g, k;
  Bytes proof_begin;  // H(N) xor H(PAD(g))
};

const Group& group() {
  static const Group made = [] {
    Group out{BnPtr(BN_get_rfc3526_prime_3072(nullptr)), BnPtr(BN_new()), nullptr, {}};
    ASSERT(out.n && out.g && BN_set_word(out.g.get(), 5) == 1);
    Bytes n = padded(out.n.get()), g = padded(out.g.get());
    out.k = number(h({n, g}));
    out.proof_begin = h({n});
    Bytes hashed_g = h({g});
    for (std::size_t i = 0; i < hashed_g.size(); ++i) out.proof_begin[i] ^= hashed_g[i];
    return out;
  }();
  return made;
}

BnPtr times(const BIGNUM* a, const BIGNUM* b) {
  BnPtr out(BN_new());
  ASSERT(out && BN_mod_mul(out.get(), a, b, group().n.get(), scratch()) == 1);
  return out;
}

BnPtr power(const BIGNUM* base, BIGNUM* exponent) {
  BnPtr out(BN_new());
  BN_set_flags(exponent, BN_FLG_CONSTTIME);
  ASSERT(out && BN_mod_exp(out.get(), base, exponent, group().n.get(), scratch()) == 1);
  return out;
}

// The peer's A or B. RFC 5054 §2.5.3, §2.5.4: "MUST abort ... if A % N is zero".
Result<BnPtr> public_value(View value, std::string_view whose) {
  BnPtr out = number(value.first(std::min(value.size(), group_bytes)));
  BnPtr rest(BN_new());
  ASSERT(rest && BN_nnmod(rest.get(), out.get(), group().n.get(), scratch()) == 1);
  if (value.size() > group_bytes || BN_is_zero(rest.get()))
    return fail(Errc::untrusted, std::string(whose) + " public value is not usable");
  return out;
}

BnPtr private_x(std::string_view username, View code, View salt) {
  Bytes inner = h({as_view(username), as_view(":"), code});
  Bytes outer = h({salt, inner});
  BnPtr out = number(outer);
  OPENSSL_cleanse(inner.data(), inner.size());
  OPENSSL_cleanse(outer.data(), outer.size());
  return out;
}

struct Proven {
  SecretBytes key;
  Bytes client_proof, device_proof;
  bool zero_begins = false;  // S, K or M1 begins with a zero byte
};

Proven prove(const BIGNUM* secret, std::string_view username, View salt, View a, View b) {
  SecretBytes s(padded(secret));
  View without_zeros = s.reveal();
  while (!without_zeros.empty() && without_zeros[0] == 0) without_zeros = without_zeros.subspan(1);
  Proven out;
  out.zero_begins = s.reveal()[0] == 0;
  out.key = SecretBytes(h({without_zeros}));
  View key = out.key.reveal();
  Bytes name = h({as_view(username)});
  out.client_proof = h({group().proof_begin, name, salt, a, b, key});
  out.device_proof = h({a, out.client_proof, key});
  out.zero_begins = out.zero_begins || key[0] == 0 || out.client_proof[0] == 0;
  return out;
}

}  // namespace

Result<Verifier> make_verifier(std::string_view username, View code, Random& random) {
  if (username.empty()) return fail(Errc::refused, "the user name for the code is empty");
  if (h({as_view(username), as_view(":"), code})[0] == 0)
    return fail(Errc::refused, "some clients can't use this code: choose another");
  Verifier out{std::string(username), random.bytes(salt_bytes), {}};
  for (int draw = 0; out.salt[0] == 0; ++draw) {
    ASSERT(draw < draws_max);
    random.fill(out.salt);
  }
  BnPtr x = private_x(username, code, out.salt);
  out.value = SecretBytes(padded(power(group().g.get(), x.get()).get()));
  return out;
}

Result<DeviceKeys> answer(const Verifier& verifier, View client_public, Random& random) {
  if (verifier.username.empty() || verifier.value.size() != group_bytes)
    return fail(Errc::internal, "the stored verifier is not one");
  TRY(BnPtr a, public_value(client_public, "the client's"));
  Bytes a_padded = padded(client_public);
  BnPtr v = number(verifier.value.reveal());
  BnPtr kv = times(group().k.get(), v.get());
  for (int draw = 0; draw < draws_max; ++draw) {
    SecretBytes drawn(secret_bytes);
    random.fill(drawn.writable());
    BnPtr b = number(drawn.reveal()), sum(BN_new());
    BnPtr gb = power(group().g.get(), b.get());
    ASSERT(sum && BN_mod_add(sum.get(), kv.get(), gb.get(), group().n.get(), scratch()) == 1);
    Bytes b_public = padded(sum.get());
    BnPtr u = number(h({a_padded, b_public}));
    if (b_public[0] == 0 || BN_is_zero(u.get())) continue;
    BnPtr vu = power(v.get(), u.get());
    BnPtr base = times(a.get(), vu.get());
    BnPtr s = power(base.get(), b.get());
    Proven proven = prove(s.get(), verifier.username, verifier.salt, client_public, b_public);
    if (proven.zero_begins) continue;
    return DeviceKeys{std::move(b_public), std::move(proven.key), std::move(proven.client_proof),
                      std::move(proven.device_proof)};
  }
  return fail(Errc::internal, "the random generator gives no usable secret");
}

ClientShare start(Random& random) {
  for (int draw = 0;; ++draw) {
    ASSERT(draw < draws_max);
    ClientShare out{SecretBytes(secret_bytes), {}};
    random.fill(out.secret.writable());
    BnPtr a = number(out.secret.reveal());
    out.public_value = padded(power(group().g.get(), a.get()).get());
    if (out.public_value[0] != 0) return out;
  }
}

Result<ClientKeys> finish(const ClientShare& share, std::string_view username, View code, View salt,
                          View device_public) {
  TRY(BnPtr b, public_value(device_public, "the device's"));
  BnPtr u = number(h({share.public_value, padded(device_public)}));
  if (BN_is_zero(u.get())) return fail(Errc::untrusted, "the device's public value is not usable");
  BnPtr x = private_x(username, code, salt);
  BnPtr gx = power(group().g.get(), x.get());
  BnPtr kgx = times(group().k.get(), gx.get());
  BnPtr base(BN_new()), exponent(BN_new()), a = number(share.secret.reveal());
  ASSERT(base && BN_mod_sub(base.get(), b.get(), kgx.get(), group().n.get(), scratch()) == 1);
  ASSERT(exponent && BN_mul(exponent.get(), u.get(), x.get(), scratch()) == 1 &&
         BN_add(exponent.get(), exponent.get(), a.get()) == 1);
  BnPtr s = power(base.get(), exponent.get());
  Proven proven = prove(s.get(), username, salt, share.public_value, device_public);
  return ClientKeys{std::move(proven.key), std::move(proven.client_proof),
                    std::move(proven.device_proof)};
}

}  // namespace fairlead::crypto::srp
