// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "codec/pem.h"

namespace fairlead::keystore::tpm2 {
namespace {

using testing::HasSubstr;

const Bytes public_area{0, 3, 1, 2, 3}, private_area{0, 2, 4, 5};
const KeyFile sample{Wrapped::key, true, 0x81000001, {public_area, private_area}};

Bytes tpm2b(std::size_t content) {
  Bytes out{static_cast<std::uint8_t>(content >> 8), static_cast<std::uint8_t>(content)};
  out.resize(2 + content, 7);
  return out;
}

std::string with(View content) {
  return pem::encode("TSS2 PRIVATE KEY", der::element(der::sequence, content));
}
void expect_refused(const std::string& text, Errc code, const std::string& words) {
  auto decoded = decode_key_file(text);
  ASSERT_FALSE(decoded) << text;
  EXPECT_EQ(decoded.error().code, code);
  EXPECT_THAT(decoded.error().context, HasSubstr(words));
}

TEST(TpmKeyFile, IsReadAsItWasWritten) {
  for (Wrapped kind : {Wrapped::key, Wrapped::sealed_data})
    for (bool empty_auth : {true, false}) {
      KeyFile file = sample;
      file.kind = kind;
      file.empty_auth = empty_auth;
      EXPECT_EQ(decode_key_file(encode_key_file(file)).value(), file);
    }
}

TEST(TpmKeyFile, CutAnywhereItIsRefused) {
  const std::string whole = encode_key_file(sample);
  for (std::size_t length = 0; length + 1 < whole.size(); ++length)
    EXPECT_FALSE(decode_key_file(whole.substr(0, length))) << length;
}

TEST(TpmKeyFile, APartAtItsLimitIsReadAndOneBeyondIsRefused) {
  KeyFile file = sample;
  file.wrapped.private_area = tpm2b(wrapped_part_bytes_max - 2);
  EXPECT_TRUE(decode_key_file(encode_key_file(file)));
  file.wrapped.private_area = tpm2b(wrapped_part_bytes_max - 1);
  expect_refused(encode_key_file(file), Errc::malformed, "wrong length");
  file.wrapped.private_area = {0, 9, 1};
  expect_refused(encode_key_file(file), Errc::malformed, "wrong length");
}

TEST(TpmKeyFile, AnotherKindOfFileIsRefused) {
  expect_refused("fairlead key 1\ns...", Errc::malformed, "TSS2 PRIVATE KEY");
  expect_refused(pem::encode("PRIVATE KEY", public_area), Errc::malformed, "TSS2 PRIVATE KEY");
  expect_refused(encode_key_file(sample) + encode_key_file(sample), Errc::malformed, "one block");
}

TEST(TpmKeyFile, APolicyOrAnUnknownKindIsNotSupported) {
  const Bytes empty_sequence = der::sequence_of({});
  Bytes content = der::object_identifier("2.23.133.10.1.3");
  append(content, der::element(der::context_constructed(1), empty_sequence));
  expect_refused(with(content), Errc::unsupported, "policy");
  expect_refused(with(der::object_identifier("2.23.133.10.1.4")), Errc::unsupported, "loadable");
}

TEST(TpmKeyFile, AParentThatIsNoPersistentHandleIsRefused) {
  for (std::uint32_t parent : {0x40000001u, 0x80000000u, 0x82000001u}) {
    KeyFile file = sample;
    file.parent = parent;
    expect_refused(encode_key_file(file), Errc::malformed, "parent");
  }
}

TEST(StorageKeyRecord, IsReadAsItWasWrittenAndRefusedWhenChanged) {
  const StorageKeyId id{0x8100F1D0, Bytes(34, 0xAB)};
  const std::string text = encode_storage_key(id);
  EXPECT_EQ(decode_storage_key(text).value(), id);
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(decode_storage_key(text.substr(0, length))) << length;
  EXPECT_FALSE(decode_storage_key(text + "\n"));
  for (char wrong : {'x', ' ', '\0'})
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed = text;
      if (changed[i] == wrong) continue;
      changed[i] = wrong;
      EXPECT_FALSE(decode_storage_key(changed)) << i;
    }
}

}  // namespace
}  // namespace fairlead::keystore::tpm2
