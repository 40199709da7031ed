// SPDX-License-Identifier: Apache-2.0
#include "server/identity.h"

namespace fairlead::server {

namespace {

using keystore::KeyName;

Result<std::shared_ptr<crypto::Signer>> open_or_create(keystore::Keystore& keys,
                                                       const KeyName& name, crypto::KeyType type) {
  auto opened = keys.open_key(name);
  if (opened) return std::shared_ptr<crypto::Signer>(std::move(*opened));
  if (opened.error().code != Errc::not_found) return std::unexpected(opened.error());
  TRY(auto created, keys.create_key(name, type));
  return std::shared_ptr<crypto::Signer>(std::move(created));
}

// The setting is written only if nobody else did: two servers starting at once end up with one
// certificate.
Result<crypto::Certificate> self_signed(Store& store, crypto::Signer& key, const std::string& name,
                                        const std::string& title, Time end, Random& random,
                                        Time now) {
  const std::string setting = name + ".certificate";
  TRY(auto stored, store.read().find_setting(setting));
  if (!stored) {
    TRY(auto root, pki::create_root(key, title + " " + to_hex(random.bytes(4)),
                                    now - std::chrono::hours(1), end, random));
    auto written = store.commit({registry::InsertSetting{setting, root.der()}});
    if (!written && written.error().code != Errc::conflict) return std::unexpected(written.error());
    TRY(stored, store.read().find_setting(setting));
    if (!stored) return fail(Errc::internal, setting + " vanished");
  }
  return crypto::Certificate::from_der(*stored);
}

Result<OwnAuthority> open_root(keystore::Keystore& keys, Store& store, const std::string& name,
                               const std::string& title, crypto::KeyType type, Time end,
                               Random& random, Time now, const pki::RevocationUrls& urls) {
  const std::string setting = name + ".certificate";
  TRY(auto stored, store.read().find_setting(setting));
  if (!stored) {
    TRY(auto key, open_or_create(keys, KeyName(name), type));
    TRY(auto made, self_signed(store, *key, name, title, end, random, now));
    stored = made.der();
  }
  TRY(auto certificate, crypto::Certificate::from_der(*stored));
  auto key = keys.open_key(KeyName(name));
  if (!key)
    return fail(key.error().code, "the certificate '" + certificate.subject() +
                                      "' is in the registry, but its key '" + name +
                                      "' can't be opened: " + key.error().context +
                                      "; restore the keystore, devices out there trust this key");
  if (!((*key)->public_key() == certificate.public_key()))
    return fail(
        Errc::conflict,
        "key '" + name + "' in the keystore is not the one that the registry's certificate is for");
  std::shared_ptr<crypto::Signer> signer = std::move(*key);
  TRY(auto authority, pki::Authority::open({std::move(certificate)}, *signer, urls));
  return OwnAuthority{std::move(signer), std::move(authority)};
}

}  // namespace

Result<std::shared_ptr<crypto::Signer>> open_kept_key(keystore::Keystore& keys, Store& store,
                                                      const std::string& name, crypto::KeyType type,
                                                      std::string_view because) {
  const std::string setting = name + ".key";
  TRY(auto known, store.read().find_setting(setting));
  if (!known) {
    TRY(auto key, open_or_create(keys, KeyName(name), type));
    auto written = store.commit({registry::InsertSetting{setting, key->public_key().spki()}});
    if (!written && written.error().code != Errc::conflict) return std::unexpected(written.error());
    TRY(known, store.read().find_setting(setting));
    if (!known) return fail(Errc::internal, setting + " vanished");
  }
  auto key = keys.open_key(KeyName(name));
  if (!key)
    return fail(key.error().code, "this server has used its key '" + name +
                                      "', and now it can't be opened: " + key.error().context +
                                      "; restore the keystore, " + std::string(because));
  if ((*key)->public_key().spki() != *known)
    return fail(Errc::conflict,
                "key '" + name +
                    "' in the keystore is not the one that this server has used before; restore "
                    "the keystore, " +
                    std::string(because));
  return std::shared_ptr<crypto::Signer>(std::move(*key));
}

Result<Identity> open_identity(keystore::Keystore& keys, Store& store, crypto::KeyType type,
                               Random& random, Time now, const pki::RevocationUrls& urls) {
  constexpr std::string_view because = "vouchers name this key";
  TRY(auto manufacturer, open_kept_key(keys, store, "manufacturer", type, because));
  TRY(auto owner, open_kept_key(keys, store, "owner", type, because));
  TRY(auto device_ca, open_root(keys, store, "device-ca", "Fairlead Device CA", type,
                                pki::no_expiry, random, now, {}));
  Time end = now + std::chrono::days(20 * 365);
  TRY(auto operational_ca, open_root(keys, store, "operational-ca", "Fairlead Operational CA", type,
                                     end, random, now, urls));
  TRY(auto manufacturer_certificate,
      self_signed(store, *manufacturer, "manufacturer", "Fairlead Manufacturer", pki::no_expiry,
                  random, now));
  TRY(auto owner_certificate,
      self_signed(store, *owner, "owner", "Fairlead Owner", pki::no_expiry, random, now));
  return Identity{
      std::move(manufacturer),      std::move(owner),     std::move(manufacturer_certificate),
      std::move(owner_certificate), std::move(device_ca), std::move(operational_ca)};
}

}  // namespace fairlead::server
