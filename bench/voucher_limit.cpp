// SPDX-License-Identifier: Apache-2.0
#include "voucher_limit.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <map>
#include <memory>

#include "codec/cose.h"
#include "codec/der/reader.h"
#include "rate.h"

namespace fairlead::bench {

namespace {

template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* object) { Free(object); })>;

// One per key, however many signatures it has made.
class Verifiers {
 public:
  EVP_PKEY_CTX* of(const crypto::PublicKey& key) {
    Bytes spki = key.spki();
    auto& context = contexts_[spki];
    if (context) return context.get();
    const unsigned char* at = spki.data();
    Owned<EVP_PKEY, EVP_PKEY_free> decoded(
        d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    context.reset(EVP_PKEY_CTX_new(decoded.get(), nullptr));
    EVP_PKEY_verify_init(context.get());
    return context.get();
  }

 private:
  std::map<Bytes, Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>> contexts_;
};

struct Signed {
  EVP_PKEY_CTX* by;
  Bytes digest, signature;
  bool verify() const {
    return EVP_PKEY_verify(by, signature.data(), signature.size(), digest.data(), digest.size()) ==
           1;
  }
};

// Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, SEQUENCE, signature BIT STRING }
Result<Signed> certificate_of(const fdo::Voucher& voucher, Verifiers& verifiers) {
  if (voucher.device_chain.size() < 2) return fail(Errc::malformed, "no authority in the chain");
  const crypto::PublicKey& issuer = voucher.device_chain[1].public_key();
  der::Reader outer(voucher.device_chain.front().der());
  der::Reader in = outer.enter(der::sequence);
  View tbs = in.element(der::sequence);
  in.element(der::sequence);
  Bytes signature = to_bytes(in.bit_string_octets());
  TRY_VOID(in.finish());
  return Signed{verifiers.of(issuer), crypto::hash(crypto::hash_for(issuer.type()), {tbs}),
                std::move(signature)};
}

Result<Signed> entry_of(const fdo::VoucherEntry& entry, const crypto::PublicKey& signer,
                        Verifiers& verifiers) {
  TRY(Bytes signature, crypto::ecdsa_raw_to_der(signer.type(), entry.signature));
  Bytes message = cose::sign1_to_be_signed(entry.protected_bytes, entry.payload);
  return Signed{verifiers.of(signer), crypto::hash(crypto::hash_for(signer.type()), {message}),
                std::move(signature)};
}

}  // namespace

Result<double> voucher_limit(std::span<const fdo::Voucher> vouchers, double seconds) {
  Verifiers verifiers;
  std::vector<std::vector<Signed>> signatures;
  for (const fdo::Voucher& voucher : vouchers) {
    std::vector<Signed> its;
    TRY(auto certificate, certificate_of(voucher, verifiers));
    its.push_back(std::move(certificate));
    const crypto::PublicKey* signer = &voucher.header.manufacturer_key.key;
    for (const fdo::VoucherEntry& entry : voucher.entries) {
      TRY(auto one, entry_of(entry, *signer, verifiers));
      its.push_back(std::move(one));
      signer = &entry.key.key;
    }
    if (std::ranges::all_of(its, &Signed::verify)) signatures.push_back(std::move(its));
  }
  if (signatures.empty()) return fail(Errc::malformed, "no voucher with good signatures");
  Rate rate;
  std::size_t next = 0;
  const bool good = rate.run_for(seconds, [&] {
    const auto& its = signatures[next++ % signatures.size()];
    return std::ranges::all_of(its, &Signed::verify);
  });
  if (!good) return fail(Errc::refused, "a signature is wrong");
  return rate.per_second();
}

}  // namespace fairlead::bench
