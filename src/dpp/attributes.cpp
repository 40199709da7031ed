// SPDX-License-Identifier: Apache-2.0
#include "dpp/attributes.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "crypto/siv.h"

namespace fairlead::dpp {

namespace {

std::uint16_t u16(View in) { return static_cast<std::uint16_t>(in[0] | in[1] << 8); }

void append_u16(Bytes& out, std::size_t number) {
  out.push_back(static_cast<std::uint8_t>(number));
  out.push_back(static_cast<std::uint8_t>(number >> 8));
}

std::string name_of(Attribute id) {
  const auto number = static_cast<std::uint16_t>(id);
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(number >> 8),
                                          static_cast<std::uint8_t>(number)};
  return "attribute " + to_hex(bytes);
}

}  // namespace

std::string to_string(Status status) {
  static constexpr std::string_view texts[] = {"all is well",
                                               "the two sides' roles do not go together",
                                               "authentication failed",
                                               "a message could not be unsealed",
                                               "the key is on a curve that is not supported",
                                               "there is no configuration for this device",
                                               "somebody has to scan the other side's code first",
                                               "the Connector is not valid",
                                               "no Connector matches this network",
                                               "the configuration was rejected",
                                               "no such network in reach",
                                               "the configuration takes longer",
                                               "a certificate request is needed",
                                               "the certificate request is bad",
                                               "another protocol key is needed"};
  return std::string(texts[static_cast<std::size_t>(status)]);
}

const Bytes* Attributes::find(Attribute id) const {
  auto at = std::ranges::find(list_, id, &std::pair<Attribute, Bytes>::first);
  return at == list_.end() ? nullptr : &at->second;
}

Result<View> Attributes::require(Attribute id) const {
  const Bytes* found = find(id);
  if (!found) return fail(Errc::malformed, name_of(id) + " is missing");
  return View(*found);
}

Result<View> Attributes::require(Attribute id, std::size_t size_bytes) const {
  TRY(View value, require(id));
  if (value.size() != size_bytes)
    return fail(Errc::malformed, name_of(id) + " has " + std::to_string(value.size()) +
                                     " bytes, not " + std::to_string(size_bytes));
  return value;
}

Result<KeyHash> Attributes::key_hash(Attribute id) const {
  TRY(View value, require(id, KeyHash::size_bytes));
  return *KeyHash::from(value);
}

Result<Status> Attributes::status() const {
  TRY(View value, require(Attribute::status, 1));
  if (value[0] > static_cast<std::uint8_t>(Status::new_key_needed))
    return fail(Errc::malformed, "status " + std::to_string(value[0]) + " means nothing");
  return static_cast<Status>(value[0]);
}

std::vector<Bytes> Attributes::all(Attribute id) const {
  std::vector<Bytes> out;
  for (const auto& [each, value] : list_)
    if (each == id) out.push_back(value);
  return out;
}

Result<Attributes> decode_attributes(View in) {
  Attributes out;
  View rest = in;
  while (!rest.empty()) {
    if (out.list_.size() == limits::dpp_attributes_max)
      return fail(Errc::malformed, "too many attributes");
    if (rest.size() < 4 || rest.size() - 4 < u16(rest.subspan(2)))
      return fail(Errc::malformed, "an attribute runs over the end");
    const auto id = static_cast<Attribute>(u16(rest));
    const std::size_t length = u16(rest.subspan(2));
    if (out.find(Attribute::wrapped_data))
      return fail(Errc::malformed, "an attribute stands after Wrapped Data");
    if (id != Attribute::configuration_object && out.find(id))
      return fail(Errc::malformed, name_of(id) + " appears twice");
    if (id == Attribute::wrapped_data) out.clear_ = to_bytes(in.first(in.size() - rest.size()));
    out.list_.emplace_back(id, to_bytes(rest.subspan(4, length)));
    rest = rest.subspan(4 + length);
  }
  return out;
}

void append_attribute(Bytes& out, Attribute id, View value) {
  append_u16(out, static_cast<std::uint16_t>(id));
  append_u16(out, value.size());
  append(out, value);
}

Result<Bytes> wrap(View key, std::initializer_list<View> ads, Bytes clear, View plain) {
  TRY(Bytes sealed, crypto::siv_seal(key, ads, plain));
  append_attribute(clear, Attribute::wrapped_data, sealed);
  return clear;
}

Result<Attributes> unwrap(View key, std::initializer_list<View> ads, const Attributes& outer) {
  TRY(View sealed, outer.require(Attribute::wrapped_data));
  TRY(Bytes plain, crypto::siv_open(key, ads, sealed));
  return decode_attributes(plain);
}

}  // namespace fairlead::dpp
