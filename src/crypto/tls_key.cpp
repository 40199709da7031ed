// SPDX-License-Identifier: Apache-2.0
// A small OpenSSL provider that lives in this file: key management that holds a Signer instead of a
// scalar, and the one signature operation that libssl asks of it.
//
// It is loaded into a library context of its own. In the default one, its "EC" would compete with
// OpenSSL's for every key of the process; and nothing there needs it, since libssl takes a key's
// operations from the key's own provider once the default provider finds that it can't have the key
// exported.
#include "crypto/tls_key.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <strings.h>

#include <cstring>

#include "base/assert.h"
#include "crypto/openssl.h"

namespace fairlead::crypto {

void TlsKeyFree::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

namespace {

constexpr char provider_name[] = "fairlead-signer";
constexpr char signer_param[] =
    "fairlead-signer";  // address of a shared_ptr<Signer>; read by import() at once

// What the provider calls a key. Without `signer` it is somebody's public key, to be compared with.
struct Key {
  KeyType curve = KeyType::other;
  Bytes point;  // 04‖x‖y, or 02/03‖x as OpenSSL's own provider exports it
  std::shared_ptr<Signer> signer;
};

const char* group_name(KeyType curve) {
  return curve == KeyType::p384 ? "secp384r1" : "prime256v1";
}
const char* digest_name(KeyType curve) { return curve == KeyType::p384 ? "SHA2-384" : "SHA2-256"; }
// ECDSA-Sig-Value: a head of 2 bytes, and two integers with 2 bytes of head and maybe a leading
// zero each.
std::size_t der_signature_max(KeyType curve) { return 2 + 2 * (2 + 1 + coordinate_bytes(curve)); }

// --- key management ---

void* key_new(void*) { return new Key; }
void key_free(void* key) { delete static_cast<Key*>(key); }

int key_import(void* data, int, const OSSL_PARAM params[]) {
  Key& key = *static_cast<Key*>(data);
  if (const OSSL_PARAM* p = OSSL_PARAM_locate_const(params, signer_param)) {
    const void* address = nullptr;
    std::size_t length = 0;
    if (OSSL_PARAM_get_octet_ptr(p, &address, &length) != 1 || !address) return 0;
    key.signer = *static_cast<const std::shared_ptr<Signer>*>(address);
    key.curve = key.signer->public_key().type();
    key.point = key.signer->public_key().point();
    return 1;
  }
  const OSSL_PARAM* group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
  const OSSL_PARAM* pub = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
  const char* name = nullptr;
  const void* point = nullptr;
  std::size_t length = 0;
  if (!group || OSSL_PARAM_get_utf8_string_ptr(group, &name) != 1) return 0;
  for (KeyType curve : {KeyType::p256, KeyType::p384})
    if (std::strcmp(name, group_name(curve)) == 0) key.curve = curve;
  if (key.curve == KeyType::other || !pub ||
      OSSL_PARAM_get_octet_string_ptr(pub, &point, &length) != 1)
    return 0;
  key.point = to_bytes(View(static_cast<const std::uint8_t*>(point), length));
  return 1;
}

const OSSL_PARAM* key_import_types(int) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                     OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
                                     OSSL_PARAM_octet_ptr(signer_param, nullptr, 0),
                                     OSSL_PARAM_END};
  return types;
}

int key_has(const void* data, int selection) {
  const Key& key = *static_cast<const Key*>(data);
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && !key.signer) return 0;
  return key.point.empty() ? 0 : 1;
}

// By x and the parity of y, which is what a compressed point holds.
bool same_point(View a, View b, std::size_t width) {
  auto parity = [width](View p) { return p.size() == 1 + 2 * width ? p.back() & 1 : p[0] & 1; };
  auto shaped = [width](View p) {
    return (p.size() == 1 + 2 * width && p[0] == 0x04) ||
           (p.size() == 1 + width && (p[0] & 0xFE) == 0x02);
  };
  return shaped(a) && shaped(b) && equal(a.subspan(1, width), b.subspan(1, width)) &&
         parity(a) == parity(b);
}

int key_match(const void* left, const void* right, int) {
  const Key &a = *static_cast<const Key*>(left), &b = *static_cast<const Key*>(right);
  return a.curve == b.curve && same_point(a.point, b.point, coordinate_bytes(a.curve)) ? 1 : 0;
}

int key_get_params(void* data, OSSL_PARAM params[]) {
  const Key& key = *static_cast<const Key*>(data);
  const bool large = key.curve == KeyType::p384;
  auto number = [params](const char* name, int value) {
    OSSL_PARAM* p = OSSL_PARAM_locate(params, name);
    return !p || OSSL_PARAM_set_int(p, value) == 1;
  };
  auto text = [params](const char* name, const char* value) {
    OSSL_PARAM* p = OSSL_PARAM_locate(params, name);
    return !p || OSSL_PARAM_set_utf8_string(p, value) == 1;
  };
  return number(OSSL_PKEY_PARAM_BITS, large ? 384 : 256) &&
                 number(OSSL_PKEY_PARAM_SECURITY_BITS, large ? 192 : 128) &&
                 number(OSSL_PKEY_PARAM_MAX_SIZE, static_cast<int>(der_signature_max(key.curve))) &&
                 text(OSSL_PKEY_PARAM_GROUP_NAME, group_name(key.curve)) &&
                 text(OSSL_PKEY_PARAM_DEFAULT_DIGEST, digest_name(key.curve))
             ? 1
             : 0;
}

const OSSL_PARAM* key_gettable_params(void*) {
  static const OSSL_PARAM gettable[] = {
      OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
      OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
      OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
      OSSL_PARAM_END};
  return gettable;
}

const char* key_operation_name(int operation) {
  return operation == OSSL_OP_SIGNATURE ? "ECDSA" : nullptr;
}

// --- signature ---

struct Signing {
  const Key* key = nullptr;  // OpenSSL keeps it alive while an operation uses it
};

void* signing_new(void*, const char*) { return new Signing; }
void signing_free(void* context) { delete static_cast<Signing*>(context); }
void* signing_dup(void* context) { return new Signing(*static_cast<Signing*>(context)); }

int signing_init(void* context, const char* digest, void* key, const OSSL_PARAM[]) {
  Signing& signing = *static_cast<Signing*>(context);
  if (key) signing.key = static_cast<const Key*>(key);
  if (!signing.key || !signing.key->signer) return 0;
  if (!digest || !*digest) return 1;
  const bool large = signing.key->curve == KeyType::p384;
  for (const char* name : {large ? "SHA2-384" : "SHA2-256", large ? "SHA384" : "SHA256",
                           large ? "SHA-384" : "SHA-256"})
    if (::strcasecmp(digest, name) == 0) return 1;
  return 0;
}

int signing_once(void* context, unsigned char* out, std::size_t* out_length, std::size_t out_size,
                 const unsigned char* message, std::size_t length) {
  const Key& key = *static_cast<Signing*>(context)->key;
  if (!out) {
    *out_length = der_signature_max(key.curve);
    return 1;
  }
  auto signature = key.signer->sign(View(message, length));
  Result<Bytes> der =
      signature ? ecdsa_raw_to_der(key.curve, signature->raw) : fail(signature.error());
  if (der && der->size() > out_size) der = fail(Errc::internal, "signature does not fit");
  if (!der) {
    ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "keystore: %s",
                   to_string(der.error()).c_str());
    return 0;
  }
  std::ranges::copy(*der, out);
  *out_length = der->size();
  return 1;
}

// --- the provider ---

template <class F>
OSSL_DISPATCH entry(int id, F* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* query_operation(void*, int operation, int* no_cache) {
  static const OSSL_DISPATCH key_functions[] = {
      entry(OSSL_FUNC_KEYMGMT_NEW, key_new),
      entry(OSSL_FUNC_KEYMGMT_FREE, key_free),
      entry(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
      entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
      entry(OSSL_FUNC_KEYMGMT_HAS, key_has),
      entry(OSSL_FUNC_KEYMGMT_MATCH, key_match),
      entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
      entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params),
      entry(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation_name),
      {0, nullptr}};
  static const OSSL_DISPATCH signature_functions[] = {
      entry(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
      entry(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
      entry(OSSL_FUNC_SIGNATURE_DUPCTX, signing_dup),
      entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_init),
      entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_once),
      {0, nullptr}};
  // All three names, since libssl asks a key whether it is an "id-ecPublicKey".
  static const OSSL_ALGORITHM key_management[] = {
      {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=fairlead-signer", key_functions,
       "EC key held by a keystore"},
      {nullptr, nullptr, nullptr, nullptr}};
  static const OSSL_ALGORITHM signature[] = {
      {"ECDSA", "provider=fairlead-signer", signature_functions, "ECDSA by a keystore"},
      {nullptr, nullptr, nullptr, nullptr}};
  *no_cache = 0;
  if (operation == OSSL_OP_KEYMGMT) return key_management;
  return operation == OSSL_OP_SIGNATURE ? signature : nullptr;
}

int start_provider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
                   void** context) {
  static const OSSL_DISPATCH functions[] = {
      entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_operation), {0, nullptr}};
  *out = functions;
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

// Never freed: keys may outlive any order in which statics go.
OSSL_LIB_CTX* library() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    ASSERT(made && OSSL_PROVIDER_add_builtin(made, provider_name, start_provider) == 1);
    ASSERT(OSSL_PROVIDER_load(made, provider_name));
    return made;
  }();
  return context;
}

}  // namespace

Result<TlsKey> make_tls_key(std::shared_ptr<Signer> signer) {
  ASSERT(signer);
  if (!is_ec(signer->public_key().type()))
    return fail(Errc::unsupported,
                "TLS key: " + std::string(to_string(signer->public_key().type())) +
                    " keys are not used for TLS here, P-256 and P-384 are");
  void* address = &signer;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_ptr(signer_param, &address, sizeof signer),
                         OSSL_PARAM_construct_end()};
  PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(library(), "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, params) != 1)
    return fail(Errc::internal, "TLS key: " + openssl_error());
  return TlsKey(made);
}

}  // namespace fairlead::crypto
