// SPDX-License-Identifier: Apache-2.0
#include "client/label/label.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "codec/ndef.h"

namespace fairlead::client {

namespace {

struct Foreign {
  std::string_view prefix, what;
};
// What people have at hand, and scan by mistake.
constexpr Foreign foreign[] = {
    {"WIFI:", "this is the login of a Wi-Fi network, not a device's label"},
    {"MT:", "this is a Matter code; the device wants an app for Matter"},
    {"X-HM:", "this is a HomeKit code; the device wants an app for HomeKit"},
    {"Z:", "this is a code of another system for smart homes"},
    {"BEGIN:", "this is a contact or an appointment, not a device's label"},
    {"otpauth:", "this is the key of a one-time password: keep it to yourself"},
    {"LPA:", "this is the code of an eSIM, not a device's label"},
};

constexpr std::string_view article_number =
    "this is an article number; the label that is meant has a square code";
constexpr std::string_view something_else = "this is not the label of a device";

bool is_link(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

// nullopt: not percent-encoded as it should be.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>((*byte)[0]);
    i += 2;
  }
  return out;
}

// The value of `data` in a link's query, where it looks like a setup label.
std::optional<std::string> carried_setup(std::string_view link) {
  std::size_t at = link.find("?data=");
  if (at == link.npos) at = link.find("&data=");
  if (at == link.npos) return std::nullopt;
  std::string_view value = link.substr(at + std::string_view("?data=").size());
  // What is not percent-encoded may hold any of the query's own signs.
  if (!value.starts_with('{')) value = value.substr(0, value.find_first_of("&#"));
  auto decoded = percent_decoded(value);
  return decoded && decoded->starts_with('{') ? decoded : std::nullopt;
}

Result<Label> parse_setup(std::string_view text) {
  TRY(auto setup, local::decode_setup_label(text));
  if (!setup.dpp.empty()) {
    TRY(auto dpp, dpp::decode_bootstrap_uri(setup.dpp).in("the label's \"dpp\""));
    (void)dpp;  // whoever wants it decodes it
  }
  return Label(std::move(setup));
}

Result<Label> parse_link(std::string_view text) {
  if (auto setup = carried_setup(text)) return parse_setup(*setup);
  const std::size_t host = text.find("//") + 2;
  if (host == text.size() || text[host] == '/' || !is_visible(text))
    return fail(Errc::malformed, "this link can't be read");
  return Label(ProductLink{std::string(text)});
}

Error what_else(std::string_view text) {
  if (text.empty()) return {Errc::malformed, "nothing was scanned"};
  for (const auto& [prefix, what] : foreign)
    if (text.starts_with(prefix)) return {Errc::unsupported, std::string(what)};
  bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return {Errc::malformed, std::string(digits ? article_number : something_else)};
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

// not_found: a record of another kind.
Result<Label> parse_record(const ndef::Record& record) {
  if (record.kind == ndef::TypeName::media &&
      (record.type == setup_media_type || record.type == "application/json"))
    return parse_setup(as_text(record.payload));
  if (!ndef::is_uri(record)) return fail(Errc::not_found, "a record of another kind");
  TRY(std::string uri, ndef::uri_of(record));
  return parse_label(uri);
}

}  // namespace

Result<Label> parse_label(std::string_view text) {
  if (text.size() > limits::label_text_bytes_max)
    return fail(Errc::malformed, "this is too long for a label");
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.starts_with('{')) return parse_setup(text);
  if (is_link(text)) return parse_link(text);
  if (!text.starts_with("DPP:")) return fail(what_else(text));
  TRY(auto uri, dpp::decode_bootstrap_uri(text));
  return Label(std::move(uri));
}

std::string label_text(const Label& label) {
  return std::visit(
      Overloaded{[](const local::SetupLabel& setup) { return local::encode_setup_label(setup); },
                 [](const ProductLink& link) { return link.uri; },
                 [](const dpp::BootstrapUri& uri) { return dpp::encode_bootstrap_uri(uri); }},
      label);
}

Result<Label> parse_tag(View message) {
  TRY(auto records, ndef::decode_message(message).in("the tag"));
  for (const ndef::Record& record : records) {
    auto label = parse_record(record);
    if (label || label.error().code != Errc::not_found) return label;
  }
  return fail(Errc::malformed, "the tag holds no label of a device");
}

Bytes label_tag(const Label& label) {
  const std::string text = label_text(label);
  ndef::Record record = ndef::uri_record(text);
  if (std::holds_alternative<local::SetupLabel>(label))
    record = {ndef::TypeName::media, std::string(setup_media_type), {}, to_bytes(as_view(text))};
  return ndef::encode_message(std::span(&record, 1));
}

}  // namespace fairlead::client
