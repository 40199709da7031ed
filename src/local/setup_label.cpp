// SPDX-License-Identifier: Apache-2.0
#include "local/setup_label.h"

#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "base/limits.h"
#include "crypto/hash.h"

namespace fairlead::local {

namespace json = boost::json;

namespace {

constexpr int security_max = 2;

struct TextMember {
  std::string_view name;
  std::string SetupLabel::* member;
};
// In the order of Espressif's own tools, as far as they have them.
constexpr TextMember proofs[] = {{"username", &SetupLabel::username}, {"pop", &SetupLabel::code}};
constexpr TextMember others[] = {{"password", &SetupLabel::network_password},
                                 {"dpp", &SetupLabel::dpp},
                                 {"id", &SetupLabel::product_uri}};

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
}

// "" where there is none.
Result<std::string> text_in(const json::object& object, std::string_view name,
                            std::size_t bytes_max = limits::label_member_bytes_max) {
  const json::value* value = object.if_contains(name);
  if (!value) return std::string();
  const json::string* text = value->if_string();
  if (!text || text->size() > bytes_max || has_control_characters(*text))
    return fail(Errc::malformed,
                "the label's \"" + std::string(name) + "\" is no text, or too long");
  return std::string(*text);
}

Result<void> read_transport(const json::object& object, SetupLabel& out) {
  TRY(std::string transport, text_in(object, "transport"));
  TRY(std::string network, text_in(object, "network"));
  out.transport = transport == "softap" ? LabelTransport::softap : LabelTransport::ble;
  if (transport.empty())
    return fail(Errc::malformed, "the label does not say how to reach the device (transport)");
  if (transport != to_string(out.transport))
    return fail(Errc::unsupported, "the label's device is reached in a way that we don't know");
  if (!network.empty() && network != "wifi" && network != "thread")
    return fail(Errc::unsupported, "the label's device joins a network that we don't know");
  out.thread = network == "thread";
  return ok();
}

Result<std::uint8_t> security_in(const json::object& object) {
  const json::value* value = object.if_contains("security");
  if (!value) return std::uint8_t{2};
  const std::int64_t* number = value->if_int64();
  if (!number || *number < 0 || *number > security_max)
    return fail(Errc::unsupported, "the label asks for a security that we don't know");
  return static_cast<std::uint8_t>(*number);
}

void put_texts(json::object& to, const SetupLabel& label, std::span<const TextMember> members) {
  for (const auto& [name, member] : members)
    if (!(label.*member).empty()) to[name] = label.*member;
}

Result<json::object> parse_object(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return fail(Errc::malformed, "this is too long for a label");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 4;
  json::value value = json::parse(json::string_view(text), error, {}, options);
  if (error || !value.is_object())
    return fail(Errc::malformed, "this is no label: its JSON can't be read");
  return std::move(value.get_object());
}

struct FactMember {
  std::string_view name;
  std::string LabelFacts::* member;
};
constexpr FactMember fact_members[] = {{"serial", &LabelFacts::serial},
                                       {"model", &LabelFacts::model},
                                       {"vendor", &LabelFacts::vendor},
                                       {"id", &LabelFacts::product_uri},
                                       {"dpp", &LabelFacts::dpp}};
// Every member at its longest, and the signs that JSON puts before quotes.
constexpr std::size_t facts_bytes_max =
    2 * (limits::label_text_bytes_max + std::size(fact_members) * limits::label_member_bytes_max);

}  // namespace

std::string_view to_string(LabelTransport transport) {
  return transport == LabelTransport::ble ? "ble" : "softap";
}

Result<SetupLabel> decode_setup_label(std::string_view text) {
  TRY(auto object, parse_object(text, limits::label_text_bytes_max));
  SetupLabel out;
  TRY(std::string version, text_in(object, "ver"));
  if (!version.empty() && version != "v1")
    return fail(Errc::unsupported, "the label is of a version that we don't know");
  TRY(out.name, text_in(object, "name"));
  if (out.name.empty()) return fail(Errc::malformed, "the label does not say the device's name");
  TRY_VOID(read_transport(object, out));
  TRY(out.security, security_in(object));
  for (const auto& [name, member] : proofs) {
    TRY(out.*member, text_in(object, name));
  }
  for (const auto& [name, member] : others) {
    TRY(out.*member, text_in(object, name));
  }
  return out;
}

std::string encode_setup_label(const SetupLabel& label) {
  json::object out{{"ver", "v1"}, {"name", label.name}};
  put_texts(out, label, proofs);
  out["transport"] = to_string(label.transport);
  out["security"] = label.security;
  if (label.thread) out["network"] = "thread";
  put_texts(out, label, others);
  return json::serialize(out);
}

Result<LabelFacts> decode_label_facts(std::string_view line) {
  TRY(auto object, parse_object(line, facts_bytes_max));
  LabelFacts out;
  for (const auto& [name, member] : fact_members) {
    TRY(out.*member, text_in(object, name));
  }
  if (out.serial.empty()) return fail(Errc::malformed, "the device's serial is missing");
  TRY(std::string qr, text_in(object, "qr", limits::label_text_bytes_max));
  if (qr.empty()) return out;
  TRY(auto setup, decode_setup_label(qr).in("qr"));
  out.setup = std::move(setup);
  return out;
}

std::string encode_label_facts(const LabelFacts& facts) {
  json::object out;
  for (const auto& [name, member] : fact_members)
    if (!(facts.*member).empty()) out[name] = facts.*member;
  if (facts.setup) out["qr"] = encode_setup_label(*facts.setup);
  return json::serialize(out);
}

std::string setup_name(std::string_view serial) {
  auto digest = crypto::sha256(as_view(serial));
  return "PROV_" + to_hex(View(digest).first(3));
}

}  // namespace fairlead::local
