// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/objects.h"

#include <array>

namespace fairlead::keystore::pkcs11 {

namespace {

// ECParameters as namedCurve (RFC 5480 §2.1.1), in DER.
constexpr std::uint8_t p256_parameters[] = {0x06, 0x08, 0x2A, 0x86, 0x48,
                                            0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::uint8_t p384_parameters[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22};

// As long as SHA-384's output, so that it is no weaker than either hash (RFC 2104 §3).
constexpr CK_ULONG hmac_secret_bytes = 48, seal_key_bytes = 32;

// What attributes point to has to outlive the call that they are for.
const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

CK_ATTRIBUTE bytes_attribute(CK_ATTRIBUTE_TYPE type, View value) {
  return {type, const_cast<std::uint8_t*>(value.data()), value.size()};
}
template <class T>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const T& value) {
  return {type, const_cast<T*>(&value), sizeof value};
}
CK_ATTRIBUTE label_attribute(const std::string& label) {
  return bytes_attribute(CKA_LABEL, as_view(label));
}

// Handles of all objects that have these attributes.
Result<std::vector<CK_OBJECT_HANDLE>> find(Session& session, std::span<CK_ATTRIBUTE> wanted) {
  constexpr std::string_view what = "looking for keys";
  const CK_FUNCTION_LIST& p11 = session.p11();
  TRY_VOID(
      session.check(p11.C_FindObjectsInit(session.handle(), wanted.data(), wanted.size()), what));
  std::vector<CK_OBJECT_HANDLE> out;
  Result<void> looked = ok();
  for (CK_ULONG found = 1; looked && found > 0 && out.size() <= keys_max;) {
    std::array<CK_OBJECT_HANDLE, 64> some{};
    looked =
        session.check(p11.C_FindObjects(session.handle(), some.data(), some.size(), &found), what);
    if (looked) out.insert(out.end(), some.begin(), some.begin() + found);
  }
  const CK_RV ended = p11.C_FindObjectsFinal(session.handle());
  if (looked) looked = session.check(ended, what);
  if (!looked) return std::unexpected(std::move(looked).error());
  if (out.size() > keys_max) return fail(Errc::busy, "the token holds too many keys");
  return out;
}

Result<Bytes> read_attribute(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                             std::string_view what) {
  constexpr CK_ULONG attribute_bytes_max = 4096;
  CK_ATTRIBUTE wanted{type, nullptr, 0};
  const CK_FUNCTION_LIST& p11 = session.p11();
  TRY_VOID(session.check(p11.C_GetAttributeValue(session.handle(), object, &wanted, 1), what));
  if (wanted.ulValueLen > attribute_bytes_max)
    return fail(Errc::unsupported, std::string(what) + ": the token's attribute is too long");
  Bytes out(wanted.ulValueLen);
  wanted.pValue = out.data();
  TRY_VOID(session.check(p11.C_GetAttributeValue(session.handle(), object, &wanted, 1), what));
  out.resize(wanted.ulValueLen);
  return out;
}

Result<std::vector<KeyObject>> find_kind(Session& session, CK_OBJECT_CLASS kind,
                                         const std::string* label) {
  std::vector<CK_ATTRIBUTE> wanted{attribute(CKA_CLASS, kind), attribute(CKA_TOKEN, yes)};
  if (label) wanted.push_back(label_attribute(*label));
  TRY(auto handles, find(session, wanted));
  std::vector<KeyObject> out;
  for (CK_OBJECT_HANDLE handle : handles) {
    TRY(auto id, read_attribute(session, handle, CKA_ID, "reading a key's id"));
    TRY(auto text, read_attribute(session, handle, CKA_LABEL, "reading a key's label"));
    out.push_back({handle, kind, std::move(id), std::string(as_text(text))});
  }
  return out;
}

Result<std::vector<KeyObject>> find_both(Session& session, const std::string* label) {
  TRY(auto out, find_kind(session, CKO_PRIVATE_KEY, label));
  TRY(auto secret, find_kind(session, CKO_SECRET_KEY, label));
  out.insert(out.end(), secret.begin(), secret.end());
  return out;
}

Result<void> make_secret(Session& session, CK_MECHANISM_TYPE mechanism, CK_KEY_TYPE key_type,
                         CK_ULONG length, std::span<const CK_ATTRIBUTE_TYPE> uses,
                         const std::string& label, View id) {
  CK_MECHANISM how{mechanism, nullptr, 0};
  std::vector<CK_ATTRIBUTE> made{attribute(CKA_KEY_TYPE, key_type),
                                 attribute(CKA_VALUE_LEN, length),
                                 attribute(CKA_TOKEN, yes),
                                 attribute(CKA_PRIVATE, yes),
                                 attribute(CKA_SENSITIVE, yes),
                                 attribute(CKA_EXTRACTABLE, no),
                                 label_attribute(label),
                                 bytes_attribute(CKA_ID, id)};
  for (CK_ATTRIBUTE_TYPE use : uses) made.push_back(attribute(use, yes));
  CK_OBJECT_HANDLE handle = 0;
  return session.check(
      session.p11().C_GenerateKey(session.handle(), &how, made.data(), made.size(), &handle),
      "making a key");
}

}  // namespace

Result<std::vector<KeyObject>> find_keys(Session& session) { return find_both(session, nullptr); }

Result<std::optional<KeyObject>> find_key(Session& session, const std::string& label) {
  TRY(auto found, find_both(session, &label));
  if (found.empty()) return std::nullopt;
  if (found.size() > 1)
    return fail(Errc::conflict, "the token holds several keys with the label '" + label +
                                    "': give the others another one (pkcs11-tool --list-objects)");
  return std::optional<KeyObject>(std::move(found.front()));
}

Result<CK_OBJECT_HANDLE> find_by_id(Session& session, CK_OBJECT_CLASS kind, View id) {
  std::array wanted{attribute(CKA_CLASS, kind), attribute(CKA_TOKEN, yes),
                    bytes_attribute(CKA_ID, id)};
  TRY(auto found, find(session, wanted));
  if (found.empty()) return fail(Errc::not_found, "the key is not in the token any more");
  return found.front();
}

Result<void> make_pair(Session& session, crypto::KeyType type, const std::string& label, View id) {
  if (!crypto::is_ec(type)) return fail(Errc::unsupported, "a key is P-256 or P-384");
  const View curve = type == crypto::KeyType::p384 ? View(p384_parameters) : View(p256_parameters);
  CK_MECHANISM how{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  std::array public_part{bytes_attribute(CKA_EC_PARAMS, curve),
                         attribute(CKA_TOKEN, yes),
                         attribute(CKA_PRIVATE, no),
                         attribute(CKA_VERIFY, yes),
                         label_attribute(label),
                         bytes_attribute(CKA_ID, id)};
  std::array private_part{attribute(CKA_TOKEN, yes),     attribute(CKA_PRIVATE, yes),
                          attribute(CKA_SENSITIVE, yes), attribute(CKA_EXTRACTABLE, no),
                          attribute(CKA_SIGN, yes),      label_attribute(label),
                          bytes_attribute(CKA_ID, id)};
  CK_OBJECT_HANDLE public_handle = 0, private_handle = 0;
  return session.check(
      session.p11().C_GenerateKeyPair(session.handle(), &how, public_part.data(),
                                      public_part.size(), private_part.data(), private_part.size(),
                                      &public_handle, &private_handle),
      "making a key");
}

Result<void> make_hmac_key(Session& session, const std::string& label, View id) {
  constexpr CK_ATTRIBUTE_TYPE uses[] = {CKA_SIGN, CKA_VERIFY};
  return make_secret(session, CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, hmac_secret_bytes,
                     uses, label, id);
}

Result<void> make_seal_key(Session& session, const std::string& label, View id) {
  constexpr CK_ATTRIBUTE_TYPE uses[] = {CKA_ENCRYPT, CKA_DECRYPT};
  return make_secret(session, CKM_AES_KEY_GEN, CKK_AES, seal_key_bytes, uses, label, id);
}

Result<crypto::PublicKey> public_key_of(Session& session, View id) {
  constexpr std::string_view what = "reading the public key";
  auto handle = find_by_id(session, CKO_PUBLIC_KEY, id);
  if (!handle && handle.error().code == Errc::not_found)
    return fail(Errc::not_found, "the token holds no public key with the id of the private one");
  TRY(CK_OBJECT_HANDLE object, std::move(handle));
  TRY(auto curve, read_attribute(session, object, CKA_EC_PARAMS, what));
  TRY(auto point, read_attribute(session, object, CKA_EC_POINT, what));
  const bool large = equal(curve, p384_parameters);
  if (!large && !equal(curve, p256_parameters))
    return fail(Errc::unsupported, "the key is neither P-256 nor P-384");
  const auto type = large ? crypto::KeyType::p384 : crypto::KeyType::p256;
  const std::size_t length = 1 + 2 * crypto::coordinate_bytes(type);
  // PKCS#11 2.40 §2.3.3: the point in a DER OCTET STRING. Some modules leave its head away.
  View bare = point;
  if (bare.size() == length + 2 && bare[0] == 0x04 && bare[1] == length) bare = bare.subspan(2);
  return crypto::PublicKey::from_uncompressed(type, bare).in(what);
}

Result<void> relabel(Session& session, const KeyObject& key, const std::string& label) {
  CK_ATTRIBUTE fresh = label_attribute(label);
  const CK_FUNCTION_LIST& p11 = session.p11();
  TRY_VOID(session.check(p11.C_SetAttributeValue(session.handle(), key.handle, &fresh, 1),
                         "renaming a key"));
  if (key.kind != CKO_PRIVATE_KEY) return ok();
  auto public_part = find_by_id(session, CKO_PUBLIC_KEY, key.id);
  if (public_part) p11.C_SetAttributeValue(session.handle(), *public_part, &fresh, 1);
  return ok();
}

// The public part second: without the private one nobody finds it.
Result<void> destroy(Session& session, const KeyObject& key) {
  const CK_FUNCTION_LIST& p11 = session.p11();
  TRY_VOID(session.check(p11.C_DestroyObject(session.handle(), key.handle), "removing a key"));
  if (key.kind != CKO_PRIVATE_KEY) return ok();
  auto public_part = find_by_id(session, CKO_PUBLIC_KEY, key.id);
  if (!public_part) return ok();
  return session.check(p11.C_DestroyObject(session.handle(), *public_part), "removing a key");
}

}  // namespace fairlead::keystore::pkcs11
