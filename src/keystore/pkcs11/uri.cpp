// SPDX-License-Identifier: Apache-2.0
#include "keystore/pkcs11/uri.h"

#include <algorithm>

#include "base/bytes.h"

namespace fairlead::keystore::pkcs11 {

namespace {

// RFC 7512 §2.3: pk11-res-avail, unreserved; "/" and "?" in queries too, which we take anywhere.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:[]@!$'()*+,=&/?|").find(c) != std::string_view::npos;
}

Result<std::string> decode_value(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t used = 1;
    if (text[0] == '%') {
      auto byte = text.size() < 3 ? std::nullopt : from_hex(text.substr(1, 2));
      if (!byte || byte->front() == 0)
        return fail(Errc::malformed, "PKCS#11 URI: '%' is followed by two hexadecimal digits");
      out += static_cast<char>(byte->front());
      used = 3;
    } else if (is_plain(text[0])) {
      out += text[0];
    } else {
      return fail(Errc::malformed, "PKCS#11 URI: a character has to be written as %XX");
    }
    text.remove_prefix(used);
  }
  return out;
}

struct Attribute {
  std::string_view name;
  std::string TokenUri::* member;
};
constexpr Attribute path_attributes[] = {{"token", &TokenUri::token},
                                         {"manufacturer", &TokenUri::manufacturer},
                                         {"model", &TokenUri::model},
                                         {"serial", &TokenUri::serial},
                                         {"object", &TokenUri::label_prefix}};
constexpr Attribute query_attributes[] = {{"module-path", &TokenUri::module_path},
                                          {"pin-source", &TokenUri::pin_file}};

Result<void> unknown(std::string_view name) {
  if (name == "pin-value")
    return fail(Errc::refused,
                "PKCS#11 URI: the PIN belongs into a file (pin-source=file:PATH, or "
                "the credential pkcs11-pin), not into the URI");
  if (name == "id" || name == "type")
    return fail(Errc::unsupported, "PKCS#11 URI: '" + std::string(name) +
                                       "' names one object; a keystore has many, by their labels");
  return fail(Errc::unsupported, "PKCS#11 URI: '" + std::string(name.substr(0, 32)) +
                                     "' is not known; token, manufacturer, model, serial, object, "
                                     "module-path and pin-source are");
}

Result<void> read_part(TokenUri& out, std::string_view part, char separator,
                       std::span<const Attribute> known) {
  while (!part.empty()) {
    std::string_view one = part.substr(0, part.find(separator));
    part.remove_prefix(std::min(part.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == one.npos)
      return fail(Errc::malformed, "PKCS#11 URI: NAME=VALUE is expected, parted by ';' or '&'");
    const std::string_view name = one.substr(0, equals);
    auto attribute = std::ranges::find(known, name, &Attribute::name);
    if (attribute == known.end()) return unknown(name);
    std::string& value = out.*attribute->member;
    if (!value.empty())
      return fail(Errc::malformed, "PKCS#11 URI: '" + std::string(name) + "' stands twice");
    TRY(value, decode_value(one.substr(equals + 1)));
    if (value.empty())
      return fail(Errc::malformed, "PKCS#11 URI: '" + std::string(name) + "' is empty");
  }
  return ok();
}

}  // namespace

Result<TokenUri> decode_token_uri(std::string_view text) {
  if (text.size() > uri_bytes_max) return fail(Errc::malformed, "PKCS#11 URI: it is too long");
  const std::size_t question = text.find('?');
  TokenUri out;
  TRY_VOID(read_part(out, text.substr(0, question), ';', path_attributes));
  if (question != text.npos)
    TRY_VOID(read_part(out, text.substr(question + 1), '&', query_attributes));
  if (out.label_prefix.size() > label_prefix_bytes_max)
    return fail(Errc::malformed, "PKCS#11 URI: 'object' is too long");
  constexpr std::string_view scheme = "file:";
  if (!out.pin_file.empty() && !out.pin_file.starts_with(scheme))
    return fail(Errc::unsupported, "PKCS#11 URI: pin-source is file:PATH");
  if (!out.pin_file.empty()) out.pin_file.erase(0, scheme.size());
  return out;
}

}  // namespace fairlead::keystore::pkcs11
