// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/pkcs11_keystore.h"

#include "crypto/system_random.h"
#include "keystore/pkcs11/keys.h"

namespace fairlead::keystore {

using pkcs11::KeyObject;
using pkcs11::Session;
using pkcs11::Token;

namespace {

constexpr char default_module[] = "p11-kit-proxy.so";
// No key name holds a '~'.
constexpr std::string_view seal_label = "~seal", replaced_suffix = "~replaced";

Bytes new_id() { return crypto::SystemRandom().bytes(16); }

Result<SecretBytes> find_pin(const pkcs11::TokenUri& uri, const Credentials& credentials) {
  if (!uri.pin_file.empty()) return read_credential(uri.pin_file, pkcs11::pin_bytes_max);
  TRY(auto pin, credentials.find("pkcs11-pin", pkcs11::pin_bytes_max));
  return pin ? std::move(*pin) : SecretBytes();
}

// Renaming replaces in three steps, since a token changes one object at a time: the old key gets
// the suffix, the new one the name, the old one goes. Whoever finds the suffix finishes that: if
// the name is there, forward, else back.
Result<void> settle(Session& session, const std::string& prefix) {
  TRY(auto keys, pkcs11::find_keys(session));
  for (const KeyObject& key : keys) {
    if (!key.label.starts_with(prefix) || !key.label.ends_with(replaced_suffix)) continue;
    const std::string label = key.label.substr(0, key.label.size() - replaced_suffix.size());
    TRY(auto successor, pkcs11::find_key(session, label));
    TRY_VOID(successor ? destroy(session, key) : relabel(session, key, label));
  }
  return ok();
}

}  // namespace

struct Pkcs11Keystore::Impl {
  std::shared_ptr<Token> token;  // shared with keys in use, which outlive the keystore
  std::string prefix;
  std::mutex changing;  // looking for a name and taking it are two calls

  std::string label(const KeyName& name) const { return prefix + name.str(); }

  Result<KeyObject> require(Session& session, const KeyName& name, CK_OBJECT_CLASS kind) const {
    TRY(auto found, pkcs11::find_key(session, label(name)));
    if (!found) return fail(Errc::not_found, "key '" + name.str() + "' is not in the token");
    if (found->kind != kind)
      return fail(Errc::conflict,
                  "key '" + name.str() + "' is " +
                      (kind == CKO_PRIVATE_KEY ? "not a signing key" : "not an HMAC key"));
    return std::move(*found);
  }

  // A key made, with its name, or conflict. `make` is make_pair or make_hmac_key.
  template <class Make>
  Result<Bytes> create(const KeyName& name, Make make) {
    TRY_VOID(check_name(name));
    std::lock_guard lock(changing);
    const Bytes id = new_id();
    return token->run([&](Session& session) -> Result<Bytes> {
      TRY(auto taken, pkcs11::find_key(session, label(name)));
      // Made by us just before the connection was lost.
      if (taken && taken->id == id) return id;
      if (taken) return fail(Errc::conflict, "key '" + name.str() + "' is there already");
      TRY_VOID(make(session, label(name), id));
      return id;
    });
  }

  Result<CK_OBJECT_HANDLE> seal_key(Session& session) const {
    const std::string label = prefix + std::string(seal_label);
    TRY(auto found, pkcs11::find_key(session, label));
    if (found) return found->handle;
    return fail(Errc::not_found, "this keystore has sealed nothing yet");
  }
  // Of several threads that find none, one makes it.
  Result<CK_OBJECT_HANDLE> make_seal_key(Session& session) {
    std::lock_guard lock(changing);
    auto there = seal_key(session);
    if (there || there.error().code != Errc::not_found) return there;
    TRY_VOID(pkcs11::make_seal_key(session, prefix + std::string(seal_label), new_id()));
    return seal_key(session);
  }
};

Pkcs11Keystore::Pkcs11Keystore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pkcs11Keystore::~Pkcs11Keystore() = default;

Result<std::unique_ptr<Keystore>> Pkcs11Keystore::open(const Place& place) {
  TRY(auto uri, pkcs11::decode_token_uri(place.address));
  TRY(auto pin, find_pin(uri, place.credentials));
  TRY(auto module,
      pkcs11::Module::load(uri.module_path.empty() ? default_module : uri.module_path));
  auto impl = std::make_unique<Impl>();
  impl->prefix = uri.label_prefix;
  TRY(impl->token, Token::open(std::move(module), std::move(uri), std::move(pin)));
  TRY_VOID(impl->token->run([&](Session& session) { return settle(session, impl->prefix); }));
  return std::unique_ptr<Keystore>(new Pkcs11Keystore(std::move(impl)));
}

Result<std::unique_ptr<crypto::Signer>> Pkcs11Keystore::create_key(const KeyName& name,
                                                                   crypto::KeyType type) {
  TRY(auto id, impl_->create(name, [type](Session& session, const std::string& label, View fresh) {
    return pkcs11::make_pair(session, type, label, fresh);
  }));
  TRY(auto public_key,
      impl_->token->run([&](Session& session) { return pkcs11::public_key_of(session, id); }));
  return pkcs11::make_signer(impl_->token, std::move(id), std::move(public_key));
}

Result<std::unique_ptr<crypto::Signer>> Pkcs11Keystore::open_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  return impl_->token->run([&](Session& session) -> Result<std::unique_ptr<crypto::Signer>> {
    TRY(auto key, impl_->require(session, name, CKO_PRIVATE_KEY));
    TRY(auto public_key, pkcs11::public_key_of(session, key.id).in("key '" + name.str() + "'"));
    return pkcs11::make_signer(impl_->token, std::move(key.id), std::move(public_key));
  });
}

Result<std::unique_ptr<crypto::HmacKey>> Pkcs11Keystore::create_hmac_key(const KeyName& name) {
  TRY(auto id, impl_->create(name, pkcs11::make_hmac_key));
  return pkcs11::make_hmac_handle(impl_->token, std::move(id));
}

Result<std::unique_ptr<crypto::HmacKey>> Pkcs11Keystore::open_hmac_key(const KeyName& name) {
  TRY_VOID(check_name(name));
  TRY(auto key, impl_->token->run([&](Session& session) {
    return impl_->require(session, name, CKO_SECRET_KEY);
  }));
  return pkcs11::make_hmac_handle(impl_->token, std::move(key.id));
}

Result<Bytes> Pkcs11Keystore::seal(View plaintext) {
  const Bytes nonce = crypto::SystemRandom().bytes(pkcs11::seal_nonce_bytes);
  return impl_->token->run([&](Session& session) -> Result<Bytes> {
    auto key = impl_->seal_key(session);
    if (!key && key.error().code == Errc::not_found) key = impl_->make_seal_key(session);
    TRY(CK_OBJECT_HANDLE handle, std::move(key));
    return pkcs11::seal(session, handle, plaintext, nonce);
  });
}

Result<SecretBytes> Pkcs11Keystore::unseal(View sealed) {
  return impl_->token->run([&](Session& session) -> Result<SecretBytes> {
    auto key = impl_->seal_key(session);
    if (!key && key.error().code == Errc::not_found)
      return fail(Errc::untrusted, "sealed secret: " + key.error().context);
    TRY(CK_OBJECT_HANDLE handle, std::move(key));
    return pkcs11::unseal(session, handle, sealed);
  });
}

Result<void> Pkcs11Keystore::rename(const KeyName& from, const KeyName& to) {
  TRY_VOID(check_name(from));
  TRY_VOID(check_name(to));
  std::lock_guard lock(impl_->changing);
  std::optional<Bytes> moving;  // the key's id, once its renaming was begun
  return impl_->token->run([&](Session& session) -> Result<void> {
    TRY_VOID(settle(session, impl_->prefix));  // where the connection was lost in between
    TRY(auto old, pkcs11::find_key(session, impl_->label(to)));
    if (moving && old && old->id == *moving) return ok();
    TRY(auto source, pkcs11::find_key(session, impl_->label(from)));
    if (!source) return fail(Errc::not_found, "key '" + from.str() + "' is not in the token");
    if (from == to) return ok();
    moving = source->id;
    if (old) TRY_VOID(relabel(session, *old, impl_->label(to) + std::string(replaced_suffix)));
    TRY_VOID(relabel(session, *source, impl_->label(to)));
    return old ? destroy(session, *old) : ok();
  });
}

Result<void> Pkcs11Keystore::remove(const KeyName& name) {
  TRY_VOID(check_name(name));
  std::lock_guard lock(impl_->changing);
  return impl_->token->run([&](Session& session) -> Result<void> {
    TRY(auto found, pkcs11::find_key(session, impl_->label(name)));
    return found ? destroy(session, *found) : ok();
  });
}

Result<std::vector<KeyName>> Pkcs11Keystore::list() {
  TRY(auto keys, impl_->token->run([](Session& session) { return pkcs11::find_keys(session); }));
  std::vector<KeyName> out;
  for (const KeyObject& key : keys) {
    if (!key.label.starts_with(impl_->prefix)) continue;
    KeyName name(key.label.substr(impl_->prefix.size()));
    if (check_name(name)) out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace fairlead::keystore
