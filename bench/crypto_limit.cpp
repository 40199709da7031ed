// SPDX-License-Identifier: Apache-2.0
#include "crypto_limit.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

namespace fairlead::bench {

namespace {
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;
using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using Context = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// EC_POINT_mul is the quickest way that OpenSSL 3.0 has to a key pair and to ECDH: as the server
// does it.
struct Curve {
  explicit Curve(int nid) : group(EC_GROUP_new_by_curve_name(nid)) {
    BN_rand_range(scalar.get(), EC_GROUP_get0_order(group.get()));
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  }
  Owned<EC_GROUP, EC_GROUP_free> group;
  Owned<BN_CTX, BN_CTX_free> context{BN_CTX_new()};
  Owned<BIGNUM, BN_free> scalar{BN_new()}, x{BN_new()}, y{BN_new()};
  Owned<EC_POINT, EC_POINT_free> made{EC_POINT_new(group.get())}, theirs{EC_POINT_new(group.get())},
      shared{EC_POINT_new(group.get())};
};
}  // namespace

struct CryptoLimit::Impl {
  Impl(crypto::KeyType type, const OwnerOperations& counts, unsigned requests)
      : operations(counts),
        sealed_messages(requests > 2 ? requests - 2 : 0),
        strong(type == crypto::KeyType::p384),
        curve(strong ? NID_secp384r1 : NID_X9_62_prime256v1),
        key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", strong ? "P-384" : "P-256")),
        signing(EVP_PKEY_CTX_new(key.get(), nullptr)),
        verifying(EVP_PKEY_CTX_new(key.get(), nullptr)),
        md(EVP_MD_fetch(nullptr, strong ? "SHA2-384" : "SHA2-256", nullptr)),
        cipher(EVP_CIPHER_fetch(nullptr, strong ? "AES-256-GCM" : "AES-128-GCM", nullptr)) {
    EVP_PKEY_sign_init(signing.get());
    EVP_PKEY_verify_init(verifying.get());
    EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                    &point_length);
  }

  bool sign() {
    signature_length = signature.size();
    return EVP_PKEY_sign(signing.get(), signature.data(), &signature_length, digest.data(),
                         strong ? 48 : 32) == 1;
  }
  bool verify() {
    return EVP_PKEY_verify(verifying.get(), signature.data(), signature_length, digest.data(),
                           strong ? 48 : 32) == 1;
  }
  bool make_key_pair() {
    return EC_POINT_mul(curve.group.get(), curve.made.get(), curve.scalar.get(), nullptr, nullptr,
                        curve.context.get()) == 1 &&
           EC_POINT_get_affine_coordinates(curve.group.get(), curve.made.get(), curve.x.get(),
                                           curve.y.get(), curve.context.get()) == 1;
  }
  bool agree() {
    return EC_POINT_oct2point(curve.group.get(), curve.theirs.get(), point.data(), point_length,
                              curve.context.get()) == 1 &&
           EC_POINT_mul(curve.group.get(), curve.shared.get(), nullptr, curve.theirs.get(),
                        curve.scalar.get(), curve.context.get()) == 1 &&
           EC_POINT_get_affine_coordinates(curve.group.get(), curve.shared.get(), curve.x.get(),
                                           nullptr, curve.context.get()) == 1;
  }
  bool import_key() {
    Pkey imported(EVP_PKEY_new());
    return EVP_PKEY_copy_parameters(imported.get(), key.get()) == 1 &&
           EVP_PKEY_set1_encoded_public_key(imported.get(), point.data(), point_length) == 1;
  }
  bool hash() {
    unsigned length = 0;
    return EVP_DigestInit_ex2(hashing.get(), md.get(), nullptr) == 1 &&
           EVP_DigestUpdate(hashing.get(), message.data(), message.size()) == 1 &&
           EVP_DigestFinal_ex(hashing.get(), digest.data(), &length) == 1;
  }
  bool seal() {
    int length = 0;
    return EVP_CipherInit_ex2(sealing.get(), cipher.get(), message.data(), message.data(), 1,
                              nullptr) == 1 &&
           EVP_CipherUpdate(sealing.get(), sealed.data(), &length, message.data(),
                            static_cast<int>(message.size())) == 1 &&
           EVP_CipherFinal_ex(sealing.get(), sealed.data() + length, &length) == 1;
  }

  bool draw() { return RAND_bytes(random.data(), static_cast<int>(random.size())) == 1; }

  OwnerOperations operations;
  unsigned sealed_messages;  // those opened are one less: 65 answers nothing sealed
  bool strong;
  Curve curve;
  Pkey key;
  Context signing, verifying;
  Owned<EVP_MD, EVP_MD_free> md;
  Owned<EVP_CIPHER, EVP_CIPHER_free> cipher;
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> hashing{EVP_MD_CTX_new()};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> sealing{EVP_CIPHER_CTX_new()};
  std::array<unsigned char, 512> message{};
  std::array<unsigned char, 544> sealed{};
  std::array<unsigned char, 128> signature{}, point{};
  std::array<unsigned char, 16> random{};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t signature_length = 0, point_length = 0;
};

CryptoLimit::CryptoLimit(crypto::KeyType type, const OwnerOperations& operations, unsigned requests)
    : impl_(std::make_unique<Impl>(type, operations, requests)) {}
CryptoLimit::~CryptoLimit() = default;

bool CryptoLimit::onboarding() {
  Impl& i = *impl_;
  bool good = true;
  auto times = [&](unsigned count, bool (Impl::*operation)()) {
    for (unsigned n = 0; n < count; ++n) good = (i.*operation)() && good;
  };
  const auto& o = i.operations;
  times(static_cast<unsigned>(o.hashes), &Impl::hash);
  times(static_cast<unsigned>(o.signs), &Impl::sign);
  times(static_cast<unsigned>(o.verifies), &Impl::verify);
  times(static_cast<unsigned>(o.key_pairs), &Impl::make_key_pair);
  times(static_cast<unsigned>(o.agreements), &Impl::agree);
  times(static_cast<unsigned>(o.imports), &Impl::import_key);
  times(static_cast<unsigned>(o.draws) + i.sealed_messages, &Impl::draw);
  times(i.sealed_messages + (i.sealed_messages > 0 ? i.sealed_messages - 1 : 0), &Impl::seal);
  return good;
}

}  // namespace fairlead::bench
