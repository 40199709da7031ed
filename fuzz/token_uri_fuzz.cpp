// SPDX-License-Identifier: Apache-2.0
// What is accepted holds to its limits and shows no zero byte to a C interface.
#include "base/assert.h"
#include "base/bytes.h"
#include "keystore/pkcs11/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  using namespace fairlead::keystore::pkcs11;
  auto uri = decode_token_uri(as_text(View(data, size)));
  if (!uri) return 0;
  ASSERT(size <= uri_bytes_max);
  ASSERT(uri->label_prefix.size() <= label_prefix_bytes_max);
  for (const std::string* text : {&uri->token, &uri->module_path, &uri->pin_file})
    ASSERT(text->find('\0') == std::string::npos);
  return 0;
}
