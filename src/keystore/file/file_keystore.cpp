// SPDX-License-Identifier: Apache-2.0
#include "keystore/file/file_keystore.h"

#include "crypto/aead.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "keystore/file/directory.h"

namespace fairlead::keystore {

struct FileKeystore::Impl {
  Directory directory;
  SecretBytes seal_secret;
};

namespace {

// A key file is this line, a letter for what follows, and the PKCS#8 DER or the bare HMAC secret.
constexpr std::string_view file_magic = "fairlead key 1\n";
constexpr std::uint8_t kind_signing = 's', kind_hmac = 'h';
constexpr std::string_view suffix = ".key";
constexpr char seal_file[] = "seal.secret";  // no key name holds a dot, so it collides with none

// As long as SHA-384's output, so that it is no weaker than either hash it is used with (RFC 2104
// §3).
constexpr std::size_t hmac_secret_bytes = 48;

// sealed = 01 ‖ nonce ‖ ciphertext ‖ tag
constexpr std::uint8_t seal_version = 1;
constexpr crypto::Aead seal_alg = crypto::Aead::aes256_gcm;
constexpr std::string_view seal_aad = "fairlead keystore seal 1";

std::string file_of(const KeyName& name) { return name.str() + std::string(suffix); }

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

Result<SecretBytes> open_seal_secret(const Directory& directory) {
  crypto::SystemRandom random;
  SecretBytes fresh(crypto::sizes(seal_alg).key);
  auto found = directory.read(seal_file);
  if (!found && found.error().code == Errc::not_found) {
    random.fill(fresh.writable());
    auto created = directory.create(seal_file, fresh.reveal());
    // conflict: another process was quicker, and its secret counts.
    if (!created && created.error().code != Errc::conflict) return std::unexpected(created.error());
    found = directory.read(seal_file);
  }
  if (found && found->size() != fresh.size())
    return fail(Errc::malformed, std::string(seal_file) + " of the keystore is damaged");
  return found;
}

}  // namespace

FileKeystore::FileKeystore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileKeystore::~FileKeystore() = default;

Result<std::unique_ptr<FileKeystore>> FileKeystore::open(const std::filesystem::path& path) {
  TRY(auto directory, Directory::open(path));
  TRY(auto secret, open_seal_secret(directory));
  return std::make_unique<FileKeystore>(
      std::make_unique<Impl>(Impl{std::move(directory), std::move(secret)}));
}

Result<std::unique_ptr<crypto::Signer>> FileKeystore::create_key(const KeyName& name,
                                                                 crypto::KeyType type) {
  TRY_VOID(check_name(name));
  TRY(auto key, crypto::SoftwareKey::generate(type));
  TRY_VOID(impl_->directory.create(file_of(name),
                                   key_file(kind_signing, key->pkcs8().reveal()).reveal()));
  return key;
}

Result<std::unique_ptr<crypto::Signer>> FileKeystore::open_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  TRY(auto file, impl_->directory.read(file_of(name)));
  TRY(View key, key_in(file.reveal(), kind_signing, name));
  TRY(auto opened, crypto::SoftwareKey::from_pkcs8(key).in("key '" + name.str() + "'"));
  return opened;
}

Result<std::unique_ptr<crypto::HmacKey>> FileKeystore::create_hmac_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  crypto::SystemRandom random;
  SecretBytes secret(hmac_secret_bytes);
  random.fill(secret.writable());
  TRY_VOID(impl_->directory.create(file_of(name), key_file(kind_hmac, secret.reveal()).reveal()));
  return std::make_unique<crypto::SoftwareHmacKey>(std::move(secret));
}

Result<std::unique_ptr<crypto::HmacKey>> FileKeystore::open_hmac_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  TRY(auto file, impl_->directory.read(file_of(name)));
  TRY(View key, key_in(file.reveal(), kind_hmac, name));
  if (key.size() != hmac_secret_bytes)
    return fail(Errc::malformed, "key '" + name.str() + "': the HMAC secret has the wrong length");
  return std::make_unique<crypto::SoftwareHmacKey>(SecretBytes::copy_of(key));
}

Result<Bytes> FileKeystore::seal(View plaintext) {
  crypto::SystemRandom random;
  Bytes nonce = random.bytes(crypto::sizes(seal_alg).nonce);
  TRY(auto ciphertext,
      crypto::seal(seal_alg, impl_->seal_secret.reveal(), nonce, as_view(seal_aad), plaintext));
  Bytes out{seal_version};
  append(out, nonce);
  append(out, ciphertext);
  return out;
}

Result<SecretBytes> FileKeystore::unseal(View sealed) {
  const std::size_t head = 1 + crypto::sizes(seal_alg).nonce;
  if (sealed.size() < head || sealed[0] != seal_version)
    return fail(Errc::malformed, "sealed secret is not of this keystore's form");
  TRY(auto plaintext,
      crypto::open(seal_alg, impl_->seal_secret.reveal(), sealed.subspan(1, head - 1),
                   as_view(seal_aad), sealed.subspan(head))
          .in("sealed secret"));
  return SecretBytes(std::move(plaintext));
}

Result<void> FileKeystore::rename(const KeyName& from, const KeyName& to) {
  TRY_VOID(check_name(from));
  TRY_VOID(check_name(to));
  return impl_->directory.rename(file_of(from), file_of(to));
}

Result<void> FileKeystore::remove(const KeyName& name) {
  TRY_VOID(check_name(name));
  return impl_->directory.remove(file_of(name));
}

Result<std::vector<KeyName>> FileKeystore::list() {
  TRY(auto files, impl_->directory.list());
  std::vector<KeyName> out;
  for (const std::string& file : files) {
    if (!file.ends_with(suffix)) continue;
    KeyName name(file.substr(0, file.size() - suffix.size()));
    if (check_name(name)) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace fairlead::keystore
