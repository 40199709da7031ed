// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/tpm2_keystore.h"

#include <cstdlib>

#include "crypto/system_random.h"
#include "keystore/envelope.h"
#include "keystore/key_files.h"
#include "keystore/tpm2/areas.h"
#include "keystore/tpm2/connection.h"
#include "keystore/tpm2/tpm.h"

namespace fairlead::keystore {

struct Tpm2Keystore::Impl {
  KeyFiles files;
  std::shared_ptr<tpm2::Tpm> tpm;  // shared with keys in use, which outlive the keystore
};

namespace {

using tpm2::KeyFile;
using tpm2::StorageKeyId;
using tpm2::Tpm;

constexpr char default_tcti[] = "device:/dev/tpmrm0";
constexpr char storage_file[] = "storage-key", seal_file[] = "seal.secret",
               attestation_file[] = "attestation.secret";

class TpmSigner final : public crypto::Signer {
 public:
  TpmSigner(std::shared_ptr<Tpm> tpm, KeyFile key, crypto::PublicKey public_key)
      : tpm_(std::move(tpm)), key_(std::move(key)), public_key_(std::move(public_key)) {}

  const crypto::PublicKey& public_key() const override { return public_key_; }
  Result<crypto::Signature> sign(View message) override {
    const crypto::KeyType type = public_key_.type();
    return tpm_->sign(key_, type, crypto::hash(crypto::hash_for(type), {message}));
  }

 private:
  std::shared_ptr<Tpm> tpm_;
  KeyFile key_;
  crypto::PublicKey public_key_;
};

class TpmHmacKey final : public crypto::HmacKey {
 public:
  TpmHmacKey(std::shared_ptr<Tpm> tpm, KeyFile key) : tpm_(std::move(tpm)), key_(std::move(key)) {}

  Result<Bytes> hmac(crypto::HashAlg alg, View message) override {
    return tpm_->hmac(key_, alg, message);
  }

 private:
  std::shared_ptr<Tpm> tpm_;
  KeyFile key_;
};

SecretBytes file_content(const KeyFile& key) {
  return SecretBytes::copy_of(as_view(encode_key_file(key)));
}

Result<SecretBytes> credential(const Credentials& credentials, std::string_view name) {
  TRY(auto found, credentials.find(name, tpm2::auth_bytes_max));
  return found ? std::move(*found) : SecretBytes();
}

Result<std::optional<StorageKeyId>> known_storage_key(const KeyFiles& files) {
  auto found = files.read_file(storage_file);
  if (!found && found.error().code == Errc::not_found) return std::nullopt;
  TRY(auto text, std::move(found));
  TRY(auto id, tpm2::decode_storage_key(as_text(text.reveal())));
  return std::optional<StorageKeyId>(std::move(id));
}

// The record comes before the first key, so that no key is without.
Result<void> remember_storage_key(const KeyFiles& files, const StorageKeyId& id) {
  TRY(auto kept, files.read_or_create(storage_file, [&]() -> Result<SecretBytes> {
    return SecretBytes::copy_of(as_view(encode_storage_key(id)));
  }));
  TRY(auto recorded, tpm2::decode_storage_key(as_text(kept.reveal())));
  if (recorded == id) return ok();
  return fail(Errc::conflict, "another program has set up this keystore with another TPM just now");
}

Result<std::pair<KeyFile, tpm2::Description>> read_key(const KeyFiles& files, Tpm& tpm,
                                                       const KeyName& name) {
  TRY(auto content, files.read(name));
  TRY(auto key, tpm2::decode_key_file(as_text(content.reveal())).in("key '" + name.str() + "'"));
  TRY(auto description, tpm2::describe(key.wrapped).in("key '" + name.str() + "'"));
  TRY_VOID(tpm.try_out(key).in("key '" + name.str() + "'"));
  return std::pair(std::move(key), std::move(description));
}

}  // namespace

Tpm2Keystore::Tpm2Keystore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tpm2Keystore::~Tpm2Keystore() = default;

Result<std::unique_ptr<Keystore>> Tpm2Keystore::open(const Place& place) {
  // The stack prints its own view of every error to the terminal; ours goes to the caller.
  ::setenv("TSS2_LOG", "all+none", 0);
  TRY(auto files, KeyFiles::open(place.directory, place.checkpoint));
  tpm2::Authorisation authorisation;
  TRY(authorisation.owner, credential(place.credentials, "tpm2-owner-auth"));
  TRY(authorisation.endorsement, credential(place.credentials, "tpm2-endorsement-auth"));
  TRY(authorisation.key, credential(place.credentials, "tpm2-key-auth"));
  TRY(auto known, known_storage_key(files).in(place.directory.string()));
  TRY(auto tpm, Tpm::open(place.address.empty() ? default_tcti : place.address,
                          std::move(authorisation), known));
  if (!known) TRY_VOID(remember_storage_key(files, tpm->storage_key()));
  return std::unique_ptr<Keystore>(
      new Tpm2Keystore(std::make_unique<Impl>(Impl{std::move(files), std::move(tpm)})));
}

Result<std::unique_ptr<crypto::Signer>> Tpm2Keystore::create_key(const KeyName& name,
                                                                 crypto::KeyType type) {
  TRY_VOID(check_name(name));
  TRY(auto key, impl_->tpm->create_signing_key(type));
  TRY(auto description, tpm2::describe(key.wrapped));
  if (!description.signing) return fail(Errc::internal, "the TPM made another kind of key");
  TRY_VOID(impl_->files.create(name, file_content(key).reveal()));
  return std::make_unique<TpmSigner>(impl_->tpm, std::move(key), std::move(*description.signing));
}

Result<std::unique_ptr<crypto::Signer>> Tpm2Keystore::open_key(const KeyName& name) {
  TRY(auto found, read_key(impl_->files, *impl_->tpm, name));
  auto& [key, description] = found;
  if (!description.signing)
    return fail(Errc::conflict, "key '" + name.str() + "' is not a signing key");
  return std::make_unique<TpmSigner>(impl_->tpm, std::move(key), std::move(*description.signing));
}

Result<std::unique_ptr<crypto::HmacKey>> Tpm2Keystore::create_hmac_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  TRY(auto key, impl_->tpm->create_hmac_key());
  TRY_VOID(impl_->files.create(name, file_content(key).reveal()));
  return std::make_unique<TpmHmacKey>(impl_->tpm, std::move(key));
}

Result<std::unique_ptr<crypto::HmacKey>> Tpm2Keystore::open_hmac_key(const KeyName& name) {
  TRY(auto found, read_key(impl_->files, *impl_->tpm, name));
  if (!found.second.hmac)
    return fail(Errc::conflict, "key '" + name.str() + "' is not an HMAC key");
  return std::make_unique<TpmHmacKey>(impl_->tpm, std::move(found.first));
}

Result<Bytes> Tpm2Keystore::seal(View plaintext) {
  crypto::SystemRandom random;
  TRY(auto file, impl_->files.read_or_create(seal_file, [&]() -> Result<SecretBytes> {
    SecretBytes fresh(envelope_key_bytes);
    random.fill(fresh.writable());
    TRY(auto wrapped, impl_->tpm->seal(fresh.reveal()));
    return file_content(wrapped);
  }));
  TRY(auto wrapped, tpm2::decode_key_file(as_text(file.reveal())));
  TRY(auto key, impl_->tpm->unseal(wrapped));
  return seal_envelope(key, plaintext, random);
}

Result<SecretBytes> Tpm2Keystore::unseal(View sealed) {
  auto file = impl_->files.read_file(seal_file);
  if (!file && file.error().code == Errc::not_found)
    return fail(Errc::untrusted, "sealed secret: this keystore has sealed nothing yet");
  TRY(auto content, std::move(file));
  TRY(auto wrapped, tpm2::decode_key_file(as_text(content.reveal())));
  TRY(auto key, impl_->tpm->unseal(wrapped));
  return open_envelope(key, sealed);
}

Result<crypto::TpmAttestation> Tpm2Keystore::attest(const KeyName& name, View qualifying_data) {
  crypto::TpmAttestation out;
  TRY(auto endorsement, impl_->tpm->endorsement_certificate());
  out.endorsement = {std::move(endorsement)};
  TRY(auto found, read_key(impl_->files, *impl_->tpm, name));
  TRY(auto made, impl_->files.read_or_create(attestation_file, [&]() -> Result<SecretBytes> {
    TRY(auto fresh, impl_->tpm->create_attestation_key());
    return file_content(fresh);
  }));
  TRY(auto attestation_key, tpm2::decode_key_file(as_text(made.reveal())).in("attestation key"));
  TRY(out.attestation_key, tpm2::bare_public_area(attestation_key.wrapped));
  TRY(out.key, tpm2::bare_public_area(found.first.wrapped));
  TRY(auto said, impl_->tpm->certify(found.first, attestation_key, qualifying_data));
  out.statement = std::move(said.statement);
  out.signature = std::move(said.signature.raw);
  return out;
}

Result<SecretBytes> Tpm2Keystore::open_credential(const crypto::TpmCredential& credential) {
  auto content = impl_->files.read_file(attestation_file);
  if (!content && content.error().code == Errc::not_found)
    return fail(Errc::untrusted, "this keystore has attested nothing yet");
  TRY(auto file, std::move(content));
  TRY(auto attestation_key, tpm2::decode_key_file(as_text(file.reveal())).in("attestation key"));
  TRY(auto endorsement, impl_->tpm->endorsement_certificate());
  return impl_->tpm->activate(endorsement, attestation_key, credential);
}

Result<void> Tpm2Keystore::rename(const KeyName& from, const KeyName& to) {
  return impl_->files.rename(from, to);
}

Result<void> Tpm2Keystore::remove(const KeyName& name) { return impl_->files.remove(name); }

Result<std::vector<KeyName>> Tpm2Keystore::list() { return impl_->files.list(); }

}  // namespace fairlead::keystore
