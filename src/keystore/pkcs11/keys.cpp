// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/keys.h"

namespace fairlead::keystore::pkcs11 {

namespace {

constexpr std::uint8_t seal_version = 2;
constexpr std::size_t seal_head = 1 + seal_nonce_bytes, seal_tag = 16;
constexpr std::string_view seal_aad = "fairlead keystore seal 2";
constexpr std::size_t sealed_bytes_max = 1024 * 1024;

// The handle of an object, looked up once per connection.
class Handle {
 public:
  Handle(CK_OBJECT_CLASS kind, Bytes id) : kind_(kind), id_(std::move(id)) {}

  Result<CK_OBJECT_HANDLE> in(Session& session) {
    {
      std::lock_guard lock(mutex_);
      if (epoch_ == session.epoch()) return handle_;
    }
    TRY(CK_OBJECT_HANDLE found, find_by_id(session, kind_, id_));
    std::lock_guard lock(mutex_);
    handle_ = found;
    epoch_ = session.epoch();
    return found;
  }

 private:
  CK_OBJECT_CLASS kind_;
  Bytes id_;
  std::mutex mutex_;
  std::uint64_t epoch_ = 0;
  CK_OBJECT_HANDLE handle_ = 0;
};

Result<Bytes> sign(Session& session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism,
                   View message, std::size_t length, std::string_view what) {
  const CK_FUNCTION_LIST& p11 = session.p11();
  CK_MECHANISM how{mechanism, nullptr, 0};
  TRY_VOID(session.check(p11.C_SignInit(session.handle(), &how, key), what));
  Bytes out(length);
  CK_ULONG made = out.size();
  std::uint8_t none = 0;  // some modules take no null pointer for an empty message
  auto* data = message.empty() ? &none : const_cast<std::uint8_t*>(message.data());
  TRY_VOID(
      session.check(p11.C_Sign(session.handle(), data, message.size(), out.data(), &made), what));
  if (made != length) return fail(Errc::io, "the token's answer has the wrong length");
  return out;
}

class TokenSigner final : public crypto::Signer {
 public:
  TokenSigner(std::shared_ptr<Token> token, Bytes id, crypto::PublicKey public_key)
      : token_(std::move(token)),
        handle_(CKO_PRIVATE_KEY, std::move(id)),
        public_key_(std::move(public_key)) {}

  const crypto::PublicKey& public_key() const override { return public_key_; }

  Result<crypto::Signature> sign(View message) override {
    const crypto::KeyType type = public_key_.type();
    const Bytes digest = crypto::hash(crypto::hash_for(type), {message});
    return token_->run([&](Session& session) -> Result<crypto::Signature> {
      TRY(CK_OBJECT_HANDLE key, handle_.in(session));
      TRY(auto raw, pkcs11::sign(session, key, CKM_ECDSA, digest,
                                 2 * crypto::coordinate_bytes(type), "signing"));
      return crypto::Signature{std::move(raw)};
    });
  }

 private:
  std::shared_ptr<Token> token_;
  Handle handle_;
  crypto::PublicKey public_key_;
};

class TokenHmacKey final : public crypto::HmacKey {
 public:
  TokenHmacKey(std::shared_ptr<Token> token, Bytes id)
      : token_(std::move(token)), handle_(CKO_SECRET_KEY, std::move(id)) {}

  Result<Bytes> hmac(crypto::HashAlg alg, View message) override {
    return token_->run([&](Session& session) -> Result<Bytes> {
      TRY(CK_OBJECT_HANDLE key, handle_.in(session));
      return pkcs11::sign(session, key,
                          alg == crypto::HashAlg::sha384 ? CKM_SHA384_HMAC : CKM_SHA256_HMAC,
                          message, crypto::size_bytes(alg), "HMAC");
    });
  }

 private:
  std::shared_ptr<Token> token_;
  Handle handle_;
};

CK_GCM_PARAMS gcm_parameters(View nonce) {
  return {const_cast<std::uint8_t*>(nonce.data()),
          nonce.size(),
          nonce.size() * 8,
          const_cast<std::uint8_t*>(as_view(seal_aad).data()),
          seal_aad.size(),
          seal_tag * 8};
}

}  // namespace

std::unique_ptr<crypto::Signer> make_signer(std::shared_ptr<Token> token, Bytes id,
                                            crypto::PublicKey public_key) {
  return std::make_unique<TokenSigner>(std::move(token), std::move(id), std::move(public_key));
}

std::unique_ptr<crypto::HmacKey> make_hmac_handle(std::shared_ptr<Token> token, Bytes id) {
  return std::make_unique<TokenHmacKey>(std::move(token), std::move(id));
}

Result<Bytes> seal(Session& session, CK_OBJECT_HANDLE key, View plaintext, View nonce) {
  if (plaintext.size() > sealed_bytes_max) return fail(Errc::refused, "too much to be sealed");
  const CK_FUNCTION_LIST& p11 = session.p11();
  CK_GCM_PARAMS parameters = gcm_parameters(nonce);
  CK_MECHANISM how{CKM_AES_GCM, &parameters, sizeof parameters};
  TRY_VOID(session.check(p11.C_EncryptInit(session.handle(), &how, key), "sealing"));
  Bytes out{seal_version};
  append(out, nonce);
  out.resize(seal_head + plaintext.size() + seal_tag);
  CK_ULONG made = out.size() - seal_head;
  std::uint8_t none = 0;
  auto* data = plaintext.empty() ? &none : const_cast<std::uint8_t*>(plaintext.data());
  TRY_VOID(session.check(
      p11.C_Encrypt(session.handle(), data, plaintext.size(), out.data() + seal_head, &made),
      "sealing"));
  if (made != out.size() - seal_head)
    return fail(Errc::io, "the token's answer has the wrong length");
  return out;
}

Result<SecretBytes> unseal(Session& session, CK_OBJECT_HANDLE key, View sealed) {
  if (sealed.size() < seal_head + seal_tag || sealed[0] != seal_version ||
      sealed.size() > seal_head + sealed_bytes_max + seal_tag)
    return fail(Errc::malformed, "sealed secret is not of this keystore's form");
  const CK_FUNCTION_LIST& p11 = session.p11();
  CK_GCM_PARAMS parameters = gcm_parameters(sealed.subspan(1, seal_nonce_bytes));
  CK_MECHANISM how{CKM_AES_GCM, &parameters, sizeof parameters};
  TRY_VOID(session.check(p11.C_DecryptInit(session.handle(), &how, key), "unsealing"));
  View ciphertext = sealed.subspan(seal_head);
  SecretBytes buffer(ciphertext.size());
  CK_ULONG made = buffer.size();
  auto opened =
      session.check(p11.C_Decrypt(session.handle(), const_cast<std::uint8_t*>(ciphertext.data()),
                                  ciphertext.size(), buffer.writable().data(), &made),
                    "unsealing");
  // Modules answer a wrong tag with one of several codes.
  if (!opened && session.verdict() == Verdict::failed)
    return fail(Errc::untrusted, "sealed secret: it was changed, or sealed by another keystore");
  if (!opened) return std::unexpected(std::move(opened).error());
  if (made != ciphertext.size() - seal_tag)
    return fail(Errc::io, "the token's answer has the wrong length");
  return SecretBytes::copy_of(buffer.reveal().first(made));
}

}  // namespace fairlead::keystore::pkcs11
