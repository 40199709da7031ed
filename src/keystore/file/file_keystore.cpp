// SPDX-License-Identifier: Apache-2.0
#include "keystore/file/file_keystore.h"

#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "keystore/envelope.h"
#include "keystore/key_files.h"

namespace fairlead::keystore {

struct FileKeystore::Impl {
  KeyFiles files;
  SecretBytes seal_secret;
};

namespace {

// A key file is this line, a letter for what follows, and the PKCS#8 DER or the bare HMAC secret.
constexpr std::string_view file_magic = "fairlead key 1\n";
constexpr std::uint8_t kind_signing = 's', kind_hmac = 'h';
constexpr char seal_file[] = "seal.secret";  // no key name holds a dot, so it collides with none

// As long as SHA-384's output, so that it is no weaker than either hash it is used with (RFC 2104
// §3).
constexpr std::size_t hmac_secret_bytes = 48;

SecretBytes key_file(std::uint8_t kind, View key) {
  SecretBytes out(file_magic.size() + 1 + key.size());
  auto at = std::ranges::copy(file_magic, out.writable().begin()).out;
  *at++ = kind;
  std::ranges::copy(key, at);
  return out;
}

// The part of `file` after its head, if it is a key file of this kind.
Result<View> key_in(View file, std::uint8_t kind, const KeyName& name) {
  if (file.size() <= file_magic.size() || as_text(file.first(file_magic.size())) != file_magic)
    return fail(Errc::malformed,
                "key '" + name.str() + "': the file is damaged or not a key of ours");
  std::uint8_t found = file[file_magic.size()];
  if (found != kind && (found == kind_signing || found == kind_hmac))
    return fail(Errc::conflict, "key '" + name.str() + "' is " +
                                    (found == kind_hmac ? "an HMAC key" : "a signing key"));
  if (found != kind)
    return fail(Errc::malformed, "key '" + name.str() + "' is of a kind unknown here");
  return file.subspan(file_magic.size() + 1);
}

Result<SecretBytes> open_seal_secret(const KeyFiles& files) {
  auto found = files.read_or_create(seal_file, []() -> Result<SecretBytes> {
    SecretBytes fresh(envelope_key_bytes);
    crypto::SystemRandom().fill(fresh.writable());
    return fresh;
  });
  if (found && found->size() != envelope_key_bytes)
    return fail(Errc::malformed, std::string(seal_file) + " of the keystore is damaged");
  return found;
}

}  // namespace

FileKeystore::FileKeystore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileKeystore::~FileKeystore() = default;

Result<std::unique_ptr<Keystore>> FileKeystore::open_place(const Place& place) {
  const std::filesystem::path elsewhere = place.address;
  TRY(auto opened, open(elsewhere.empty() ? place.directory : elsewhere, place.checkpoint));
  return opened;
}

Result<std::unique_ptr<FileKeystore>> FileKeystore::open(const std::filesystem::path& path,
                                                         Checkpoint checkpoint) {
  TRY(auto files, KeyFiles::open(path, std::move(checkpoint)));
  TRY(auto secret, open_seal_secret(files));
  return std::make_unique<FileKeystore>(
      std::make_unique<Impl>(Impl{std::move(files), std::move(secret)}));
}

Result<std::unique_ptr<crypto::Signer>> FileKeystore::create_key(const KeyName& name,
                                                                 crypto::KeyType type) {
  TRY_VOID(check_name(name));
  TRY(auto key, crypto::SoftwareKey::generate(type));
  TRY_VOID(impl_->files.create(name, key_file(kind_signing, key->pkcs8().reveal()).reveal()));
  return key;
}

Result<std::unique_ptr<crypto::Signer>> FileKeystore::open_key(const KeyName& name) {
  TRY(auto file, impl_->files.read(name));
  TRY(View key, key_in(file.reveal(), kind_signing, name));
  TRY(auto opened, crypto::SoftwareKey::from_pkcs8(key).in("key '" + name.str() + "'"));
  return opened;
}

Result<std::unique_ptr<crypto::HmacKey>> FileKeystore::create_hmac_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  crypto::SystemRandom random;
  SecretBytes secret(hmac_secret_bytes);
  random.fill(secret.writable());
  TRY_VOID(impl_->files.create(name, key_file(kind_hmac, secret.reveal()).reveal()));
  return std::make_unique<crypto::SoftwareHmacKey>(std::move(secret));
}

Result<std::unique_ptr<crypto::HmacKey>> FileKeystore::open_hmac_key(const KeyName& name) {
  TRY(auto file, impl_->files.read(name));
  TRY(View key, key_in(file.reveal(), kind_hmac, name));
  if (key.size() != hmac_secret_bytes)
    return fail(Errc::malformed, "key '" + name.str() + "': the HMAC secret has the wrong length");
  return std::make_unique<crypto::SoftwareHmacKey>(SecretBytes::copy_of(key));
}

Result<Bytes> FileKeystore::seal(View plaintext) {
  crypto::SystemRandom random;
  return seal_envelope(impl_->seal_secret, plaintext, random);
}

Result<SecretBytes> FileKeystore::unseal(View sealed) {
  return open_envelope(impl_->seal_secret, sealed);
}

Result<void> FileKeystore::rename(const KeyName& from, const KeyName& to) {
  return impl_->files.rename(from, to);
}

Result<void> FileKeystore::remove(const KeyName& name) { return impl_->files.remove(name); }

Result<std::vector<KeyName>> FileKeystore::list() { return impl_->files.list(); }

}  // namespace fairlead::keystore
