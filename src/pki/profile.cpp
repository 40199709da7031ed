// SPDX-License-Identifier: Apache-2.0
#include "pki/profile.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/utf8.h"

namespace fairlead::pki {

namespace {

std::unexpected<Error> refuse(std::string_view what, std::string_view why) {
  return fail(Errc::refused, std::string(what) + " " + std::string(why));
}

// Of valid UTF-8, from the front.
char32_t take_code_point(std::string_view& text) {
  auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t out = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i)
    out = out << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(length);
  return out;
}

// Controls, and what shows nothing or turns the direction of the text: a name that a person reads
// in a list must be the name that is compared.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// RFC 5280 §4.2.1.6: "The name MUST NOT be a relative URI, and it MUST follow the URI syntax and
// encoding rules specified in [RFC3986]. The name MUST include both a scheme (e.g., "http" or
// "ftp") and a scheme-specific-part."
Result<void> check_uri(std::string_view uri) {
  constexpr std::string_view what = "subject alternative name (URI)";
  if (uri.size() > limits::subject_alternative_uri_bytes_max) return refuse(what, "is too long");
  std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == uri.size())
    return refuse(what, "is not an absolute URI");
  for (std::size_t i = 0; i < colon; ++i) {
    char c = uri[i];
    bool letter = is_alphanumeric(c) && !(c >= '0' && c <= '9');
    if (!letter && (i == 0 || !(is_alphanumeric(c) || c == '+' || c == '-' || c == '.')))
      return refuse(what, "has no valid scheme");
  }
  for (char c : uri)
    if (c <= ' ' || c >= 0x7F || std::string_view("\"<>\\^`{|}").contains(c))
      return refuse(what, "holds a character that must be percent-encoded");
  return ok();
}

// RFC 1123 §2.1 and RFC 9525 §6.3: letters, digits and hyphens; "*" only as the whole first label.
Result<void> check_dns_name(std::string_view name) {
  const std::string what = "DNS name";
  if (name.empty() || name.size() > 253) return refuse(what, "is empty or longer than 253 bytes");
  std::string_view rest = name;
  if (rest.starts_with("*.")) {
    rest.remove_prefix(2);
    if (!rest.contains('.')) return refuse(what, "is a wildcard over a top-level domain");
  }
  while (true) {
    std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > 63) return refuse(what, "has an empty or over-long label");
    if (label.front() == '-' || label.back() == '-')
      return refuse(what, "has a label that begins or ends in a hyphen");
    for (char c : label)
      if (!is_alphanumeric(c) && c != '-')
        return refuse(what, "holds something other than letters, digits, hyphens and dots");
    if (label.size() == rest.size()) {
      if (std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; }))
        return refuse(what, "ends in a number: is it an IP address?");
      return ok();
    }
    rest.remove_prefix(label.size() + 1);
  }
}

}  // namespace

Result<void> check_name_text(std::string_view text, std::string_view what) {
  if (text.empty()) return refuse(what, "is empty");
  if (text.size() > 4 * limits::name_characters_max || !is_utf8(text))
    return refuse(what, text.size() > 4 * limits::name_characters_max
                            ? "is longer than 64 characters"
                            : "is not UTF-8");
  if (text.front() == ' ' || text.back() == ' ') return refuse(what, "begins or ends in a space");
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count)
    if (is_invisible(take_code_point(rest)))
      return refuse(what, "holds a control or invisible character");
  if (count > limits::name_characters_max) return refuse(what, "is longer than 64 characters");
  return ok();
}

Result<void> check_profile(const LeafProfile& profile) {
  if (profile.lifetime < limits::certificate_lifetime_min ||
      profile.lifetime > limits::certificate_lifetime_max)
    return refuse("certificate lifetime", "is shorter than a minute or longer than 100 years");
  if (profile.backdate < Duration::zero() || profile.backdate > limits::certificate_backdate_max)
    return refuse("back-dating", "is negative or longer than 7 days");
  if (!profile.organization.empty())
    TRY_VOID(check_name_text(profile.organization, "organization"));
  if (!profile.organizational_unit.empty())
    TRY_VOID(check_name_text(profile.organizational_unit, "organizational unit"));
  return ok();
}

Result<void> check_subject(const LeafSubject& subject) {
  TRY_VOID(check_name_text(subject.common_name, "common name"));
  if (!subject.serial_number.empty())
    TRY_VOID(check_name_text(subject.serial_number, "serial number"));
  if (subject.san_uris.size() > limits::subject_alternative_names_max)
    return refuse("subject alternative names", "are too many");
  for (const std::string& uri : subject.san_uris) TRY_VOID(check_uri(uri));
  return ok();
}

Result<void> check_subject(const ServerSubject& subject) {
  TRY_VOID(check_name_text(subject.common_name, "common name"));
  const std::size_t names = subject.dns_names.size() + subject.ip_addresses.size();
  if (names == 0) return refuse("server certificate", "has neither a DNS name nor an IP address");
  if (names > limits::subject_alternative_names_max)
    return refuse("subject alternative names", "are too many");
  for (const std::string& name : subject.dns_names) TRY_VOID(check_dns_name(name));
  for (const Bytes& address : subject.ip_addresses)
    if (address.size() != 4 && address.size() != 16)
      return refuse("IP address", "has neither 4 nor 16 bytes");
  return ok();
}

}  // namespace fairlead::pki
