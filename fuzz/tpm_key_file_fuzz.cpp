// SPDX-License-Identifier: Apache-2.0
// What a TPM keystore finds in its directory: what is accepted is written and read as the same
// again, and its areas are decoded or refused.
#include "base/assert.h"
#include "keystore/tpm2/areas.h"
#include "keystore/tpm2/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  using namespace fairlead::keystore::tpm2;
  const View input(data, size);

  if (auto file = decode_key_file(as_text(input))) {
    ASSERT(decode_key_file(encode_key_file(*file)).value() == *file);
    ignore(describe(file->wrapped), "any answer is good");
  }
  if (auto id = decode_storage_key(as_text(input)))
    ASSERT(decode_storage_key(encode_storage_key(*id)).value() == *id);

  if (size == 0) return 0;
  const std::size_t half = data[0] % size;
  const WrappedKey wrapped{to_bytes(input.first(half)), to_bytes(input.subspan(half))};
  ignore(describe(wrapped), "any answer is good");
  ignore(private_area(wrapped), "any answer is good");
  return 0;
}
