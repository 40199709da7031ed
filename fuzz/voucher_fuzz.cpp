// SPDX-License-Identifier: Apache-2.0
// Vouchers and all that travels with them. What is accepted comes back byte for byte.
#include "base/assert.h"
#include "fdo/to01.h"

namespace {
using namespace fairlead;
using namespace fairlead::fdo;
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  if (auto voucher = decode_voucher(input)) {
    ASSERT(decode_voucher(voucher->encode()).has_value());
    ASSERT(decode_stored_voucher(input).has_value());  // what is stored was taken before
    if (verify_voucher(*voucher)) ASSERT(is_same_or_extension(*voucher, *voucher));
    (void)voucher->owner_key();
    ASSERT(decode_voucher_pem(encode_voucher_pem(*voucher)).has_value());
  }
  if (auto voucher = decode_stored_voucher(input)) (void)verify_voucher(*voucher);
  if (auto header = decode_voucher_header(input)) ASSERT(equal(header->encoded, input));
  if (auto entry = decode_voucher_entry(input)) ASSERT(equal(entry->encoded, input));
  if (auto key = decode_public_key(input)) ASSERT(equal(key->encoded, input));
  (void)decode_voucher_pem(as_text(input));
  (void)accept_owner_sign(input, Nonce{});
  return 0;
}
