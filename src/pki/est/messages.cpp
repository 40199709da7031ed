// SPDX-License-Identifier: Apache-2.0
#include "pki/est/messages.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "codec/base64.h"
#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "codec/utf8.h"

namespace fairlead::est {

namespace {

constexpr std::string_view well_known = "/.well-known/est/";
constexpr std::array<std::pair<Operation, std::string_view>, 6> operations{{
    {Operation::cacerts, "cacerts"},
    {Operation::simpleenroll, "simpleenroll"},
    {Operation::simplereenroll, "simplereenroll"},
    {Operation::csrattrs, "csrattrs"},
    {Operation::serverkeygen, "serverkeygen"},
    {Operation::fullcmc, "fullcmc"},
}};
constexpr std::size_t label_bytes_max = 64;

std::optional<Operation> operation_from(std::string_view name) {
  auto row = std::ranges::find(operations, name, [](const auto& each) { return each.second; });
  return row == operations.end() ? std::nullopt : std::optional(row->first);
}

// RFC 7030 §3.2.2: a label "SHOULD NOT be the same as any of the operation paths"; one that was
// would make two readings of one path.
bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= label_bytes_max && !operation_from(text) &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-' || c == '_' || c == '.';
         });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// Name ::= SEQUENCE OF SET OF SEQUENCE { OID, text }, as "OID, length, text" one after the other
// and a mark where each SET ends: equal for equal names, and for no others.
Result<Bytes> comparable(View name) {
  Bytes out;
  der::Reader outer(name);
  der::Reader rdns = outer.enter(der::sequence);
  while (!rdns.failed() && !rdns.at_end()) {
    der::Reader set = rdns.enter(der::set);
    while (!set.failed() && !set.at_end()) {
      der::Reader pair = set.enter(der::sequence);
      append(out, pair.element(der::oid));
      std::uint8_t tag = pair.peek_tag();
      if (tag != der::utf8_string && tag != der::printable_string && tag != der::ia5_string)
        pair.fail_here("an attribute that is no text");
      View text = pair.value(tag);
      if (!is_utf8(as_text(text))) pair.fail_here("text is not UTF-8");
      append(out, der::element(der::utf8_string, text));
      TRY_VOID(pair.finish().in("name"));
    }
    TRY_VOID(set.finish().in("name"));
    append(out, der::element(der::null, {}));
  }
  TRY_VOID(rdns.finish().in("name"));
  TRY_VOID(outer.finish().in("name"));
  return out;
}

}  // namespace

std::string_view to_string(Operation operation) {
  return std::ranges::find(operations, operation, [](const auto& each) { return each.first; })
      ->second;
}

std::optional<Target> parse_target(std::string_view target) {
  target = target.substr(0, target.find('?'));
  auto at = target.find(well_known);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view before = target.substr(0, at), rest = target.substr(at + well_known.size());
  std::string_view label;
  auto slash = rest.find('/');
  if (!before.empty()) {
    label = before.substr(1);
    if (!before.starts_with('/') || !is_label(label)) return std::nullopt;
  } else if (slash != std::string_view::npos) {
    label = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
    if (!is_label(label)) return std::nullopt;
  }
  auto operation = operation_from(rest);
  if (!operation) return std::nullopt;
  return Target{*operation, std::string(label)};
}

std::string target_of(Operation operation, std::string_view label) {
  std::string out(well_known);
  if (!label.empty()) out += std::string(label) + "/";
  return out += to_string(operation);
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  auto bare = [](std::string_view text) {
    text = text.substr(0, text.find(';'));
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
  };
  return equal_without_case(bare(content_type), bare(wanted));
}

std::string encode_body(View der) { return to_base64(der); }

Result<Bytes> decode_body(View body, std::size_t bytes_max) {
  auto der = from_base64_lenient(as_text(body));
  if (!der) return fail(Errc::malformed, "body is not base64 (RFC 8951, section 3.1)");
  if (der->empty()) return fail(Errc::malformed, "body is empty");
  if (der->size() > bytes_max)
    return fail(Errc::malformed, "body is longer than " + std::to_string(bytes_max) + " bytes");
  return std::move(*der);
}

Result<std::vector<crypto::Certificate>> decode_certificates(View body) {
  TRY(auto der, decode_body(body, limits::est_answer_bytes_max));
  return crypto::decode_certs_only(der);
}

Bytes encode_csr_attributes(crypto::KeyType key_type) {
  bool p384 = key_type == crypto::KeyType::p384;
  Bytes curve = der::object_identifier(p384 ? "1.3.132.0.34" : "1.2.840.10045.3.1.7");
  Bytes key = der::sequence_of(
      {der::object_identifier("1.2.840.10045.2.1"), der::element(der::set, curve)});
  Bytes signature = der::object_identifier(p384 ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2");
  return der::sequence_of({key, signature});
}

std::optional<Duration> parse_retry_after(std::string_view text) {
  std::int64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  constexpr auto longest = std::chrono::seconds(limits::est_retry_after_max);
  if (seconds > longest.count()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::optional<Time> parse_date(std::string_view text) {
  constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT",
                             months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != form.size() || !text.ends_with(" GMT")) return std::nullopt;
  auto month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  auto two = [](auto number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return from_rfc3339(std::string(text.substr(12, 4)) + "-" + two(month / 3 + 1) + "-" +
                      std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z");
}

std::optional<Credentials> parse_basic(std::string_view authorization) {
  constexpr std::string_view scheme = "Basic ";
  if (authorization.size() > limits::est_credentials_bytes_max ||
      !equal_without_case(authorization.substr(0, scheme.size()), scheme))
    return std::nullopt;
  auto pair = from_base64_lenient(authorization.substr(scheme.size()));
  if (!pair) return std::nullopt;
  SecretBytes whole(std::move(*pair));
  std::string_view text = as_text(whole.reveal());
  auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_utf8(text)) return std::nullopt;
  return Credentials{std::string(text.substr(0, colon)),
                     SecretBytes::copy_of(as_view(text.substr(colon + 1)))};
}

Result<bool> same_name(View a, View b) {
  TRY(auto left, comparable(a));
  TRY(auto right, comparable(b));
  return left == right;
}

}  // namespace fairlead::est
