// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/key_file.h"

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "codec/pem.h"

namespace fairlead::keystore::tpm2 {

namespace {

constexpr std::string_view label = "TSS2 PRIVATE KEY";
constexpr std::string_view loadable_oid = "2.23.133.10.1.3", sealed_oid = "2.23.133.10.1.5";
constexpr std::string_view storage_magic = "fairlead tpm storage key ";
constexpr std::size_t name_bytes = 34;

// Persistent objects have handles of this form (TPM 2.0 Part 2, "Handles").
constexpr bool is_persistent(std::uint64_t handle) { return handle >> 24 == 0x81; }

Bytes big_endian(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

// The element without its head: what a reader's value() gives.
Bytes oid_content(std::string_view dotted) {
  Bytes whole = der::object_identifier(dotted);
  return Bytes(whole.begin() + 2, whole.end());
}

Result<Wrapped> kind_of(View oid) {
  if (equal(oid, oid_content(loadable_oid))) return Wrapped::key;
  if (equal(oid, oid_content(sealed_oid))) return Wrapped::sealed_data;
  return fail(Errc::unsupported, "TPM key file: only loadable keys and sealed data are known");
}

// A TPM2B begins with its own length.
bool is_tpm2b(View part) {
  return part.size() > 2 && part.size() <= wrapped_part_bytes_max &&
         static_cast<std::size_t>(part[0] << 8 | part[1]) == part.size() - 2;
}

}  // namespace

std::string encode_key_file(const KeyFile& file) {
  const std::uint8_t yes = 0xFF;
  Bytes content = der::object_identifier(file.kind == Wrapped::key ? loadable_oid : sealed_oid);
  if (file.empty_auth)
    append(content,
           der::element(der::context_constructed(0), der::element(der::boolean, View(&yes, 1))));
  append(content, der::unsigned_integer(big_endian(file.parent)));
  append(content, der::element(der::octet_string, file.wrapped.public_area));
  append(content, der::element(der::octet_string, file.wrapped.private_area));
  return pem::encode(label, der::element(der::sequence, content));
}

Result<KeyFile> decode_key_file(std::string_view text) {
  TRY(auto blocks, pem::decode(text));
  if (blocks.size() != 1 || blocks[0].label != label)
    return fail(Errc::malformed, "TPM key file: one block 'TSS2 PRIVATE KEY' is expected");
  der::Reader outer(blocks[0].content);
  der::Reader in = outer.enter(der::sequence);
  KeyFile out;
  View oid = in.value(der::oid);
  TRY_VOID(in.status());
  TRY(out.kind, kind_of(oid));
  out.empty_auth = false;
  if (in.peek_tag() == der::context_constructed(0)) {
    der::Reader flag = in.enter(der::context_constructed(0));
    View value = flag.value(der::boolean);
    out.empty_auth = value.size() == 1 && value[0] == 0xFF;
    TRY_VOID(flag.finish());
  }
  for (std::uint8_t tag = 1; tag <= 3; ++tag)
    if (in.peek_tag() == der::context_constructed(tag))
      return fail(Errc::unsupported, "TPM key file: keys with a policy are not supported");
  const std::uint64_t parent = in.small_integer();
  View public_area = in.value(der::octet_string), private_area = in.value(der::octet_string);
  TRY_VOID(in.finish());
  TRY_VOID(outer.finish());
  if (!is_persistent(parent))
    return fail(Errc::malformed, "TPM key file: the parent is no persistent storage key");
  if (!is_tpm2b(public_area) || !is_tpm2b(private_area))
    return fail(Errc::malformed, "TPM key file: a part of the key has the wrong length");
  out.parent = static_cast<std::uint32_t>(parent);
  out.wrapped = {to_bytes(public_area), to_bytes(private_area)};
  return out;
}

std::string encode_storage_key(const StorageKeyId& id) {
  return std::string(storage_magic) + to_hex(big_endian(id.handle)) + " " + to_hex(id.name) + "\n";
}

Result<StorageKeyId> decode_storage_key(std::string_view text) {
  const std::size_t expected = storage_magic.size() + 8 + 1 + 2 * name_bytes + 1;
  const auto wrong = [] {
    return fail(Errc::malformed, "the record of the TPM's storage key is damaged");
  };
  if (text.size() != expected || !text.starts_with(storage_magic) || text.back() != '\n')
    return wrong();
  auto handle = from_hex(text.substr(storage_magic.size(), 8));
  auto name = from_hex(text.substr(storage_magic.size() + 9, 2 * name_bytes));
  if (!handle || !name || text[storage_magic.size() + 8] != ' ') return wrong();
  StorageKeyId out;
  for (std::uint8_t byte : *handle) out.handle = out.handle << 8 | byte;
  if (!is_persistent(out.handle)) return wrong();
  out.name = std::move(*name);
  return out;
}

}  // namespace fairlead::keystore::tpm2
