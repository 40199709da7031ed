// SPDX-License-Identifier: Apache-2.0
#include "codec/dhcp/redirect.h"

#include <algorithm>
#include <optional>

namespace fairlead::dhcp {

namespace {

constexpr std::size_t uris_max = 10, uri_bytes_max = 512;
constexpr std::string_view schemes[] = {"fairlead://", "https://"};
constexpr std::uint8_t pad = 0, end = 255, own_suboption = 1;

bool printable(View text) {
  return std::ranges::all_of(text, [](std::uint8_t c) { return c > ' ' && c < 0x7F; });
}

std::size_t number(View bytes) {
  std::size_t out = 0;
  for (std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

// *( length URI ), with lengths of so many bytes; none: the option does not have that form.
std::optional<std::vector<std::string>> uris_of(View in, std::size_t length_bytes) {
  std::vector<std::string> out;
  while (!in.empty()) {
    if (in.size() < length_bytes || out.size() == uris_max) return std::nullopt;
    std::size_t length = number(in.first(length_bytes));
    in = in.subspan(length_bytes);
    if (length == 0 || length > in.size() || !printable(in.first(length))) return std::nullopt;
    out.emplace_back(as_text(in.first(length)));
    in = in.subspan(length);
  }
  return out;
}

}  // namespace

bool is_upstream_uri(std::string_view text) {
  if (text.size() > uri_bytes_max || !printable(as_view(text))) return false;
  auto scheme = std::ranges::find_if(schemes, [&](auto each) { return text.starts_with(each); });
  if (scheme == std::end(schemes)) return false;
  auto authority = text.substr(scheme->size());
  authority = authority.substr(0, authority.find_first_of("/?#"));
  return !authority.empty() && authority.find('@') == authority.npos;
}

// redirect = 1*10( length:16 URI ) / 1*10( length:8 URI ) / URI
Result<Redirect> decode_redirect(View option) {
  Redirect out;
  auto found = option.empty() ? std::nullopt : uris_of(option, 2);
  if (!found) {
    out.form = RedirectForm::short_length;
    found = option.empty() ? std::nullopt : uris_of(option, 1);
  }
  if (!found && printable(option) && as_text(option).find("://") != std::string_view::npos) {
    out.form = RedirectForm::bare;
    found.emplace({std::string(as_text(option))});
  }
  if (!found) return fail(Errc::malformed, "the redirect option has none of the known forms");
  std::ranges::copy_if(*found, std::back_inserter(out.uris), is_upstream_uri);
  return out;
}

// vendor = *( 0 / code:8 length:8 value ) [255 ...]; dnsmasq ends it with 255, Kea doesn't.
std::string decode_vendor4(View option) {
  while (!option.empty() && option[0] != end) {
    if (option[0] == pad) {
      option = option.subspan(1);
      continue;
    }
    if (option.size() < 2 || option[1] > option.size() - 2) return "";
    auto value = option.subspan(2, option[1]);
    if (option[0] == own_suboption && is_upstream_uri(as_text(value)))
      return std::string(as_text(value));
    option = option.subspan(2 + value.size());
  }
  return "";
}

// vendor = enterprise:32 *( code:16 length:16 value )
std::string decode_vendor6(View option, std::uint32_t enterprise) {
  if (option.size() < 4 || number(option.first(4)) != enterprise) return "";
  option = option.subspan(4);
  while (option.size() >= 4) {
    std::size_t code = number(option.first(2)), length = number(option.subspan(2, 2));
    if (length > option.size() - 4) return "";
    auto value = option.subspan(4, length);
    if (code == own_suboption && is_upstream_uri(as_text(value)))
      return std::string(as_text(value));
    option = option.subspan(4 + length);
  }
  return "";
}

}  // namespace fairlead::dhcp
