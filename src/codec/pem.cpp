// SPDX-License-Identifier: Apache-2.0
#include "codec/pem.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/base64.h"

namespace fairlead::pem {

namespace {

constexpr std::string_view begin = "-----BEGIN ", end = "-----END ", dashes = "-----";
constexpr std::size_t label_bytes_max = 64;

std::string_view take_line(std::string_view& text) {
  auto stop = text.find('\n');
  std::string_view line = text.substr(0, stop);
  text.remove_prefix(stop == std::string_view::npos ? text.size() : stop + 1);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  return line;
}

bool is_boundary(std::string_view line, std::string_view kind) {
  return line.starts_with(kind) && line.ends_with(dashes) &&
         line.size() >= kind.size() + dashes.size();
}

std::string_view label_of(std::string_view boundary, std::string_view kind) {
  return boundary.substr(kind.size(), boundary.size() - kind.size() - dashes.size());
}

// RFC 7468 §3: labelchar = %x21-2C / %x2E-7E ; any printable character, except hyphen-minus; a
// space or a hyphen may stand between two. Which of them is where is not worth a check; that it can
// be shown to a person is.
bool is_label(std::string_view label) {
  return label.size() <= label_bytes_max &&
         std::ranges::all_of(label, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// The lines up to the END of a block whose BEGIN has been taken, as its content.
Result<Bytes> take_content(std::string_view& text, std::string_view label) {
  std::string body;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (is_boundary(line, begin)) break;
    if (!is_boundary(line, end)) {
      body += line;
      continue;
    }
    if (label_of(line, end) != label) return fail(Errc::malformed, "ends under another name");
    // RFC 7468 §2: "textual encoding does *not* define or permit headers to be encoded alongside
    // the data."
    if (body.find(':') != std::string::npos) return fail(Errc::malformed, "has headers");
    auto content = from_base64_lenient(body);
    if (!content) return fail(Errc::malformed, "is not base64");
    return std::move(*content);
  }
  return fail(Errc::malformed, "has no end");
}

}  // namespace

Result<std::vector<Block>> decode(std::string_view text) {
  if (text.size() > limits::pem_bytes_max) return fail(Errc::malformed, "PEM text is too long");
  std::vector<Block> out;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (is_boundary(line, end)) return fail(Errc::malformed, "PEM block has no beginning");
    if (!is_boundary(line, begin)) continue;
    std::string label(label_of(line, begin));
    if (!is_label(label)) return fail(Errc::malformed, "PEM block has no proper label");
    TRY(Bytes content, take_content(text, label).in("PEM block '" + label + "'"));
    out.push_back({std::move(label), std::move(content)});
  }
  return out;
}

std::string encode(std::string_view label, View content) {
  std::string out = std::string(begin) + std::string(label) + "-----\n";
  std::string body = to_base64(content);
  for (std::size_t i = 0; i < body.size(); i += 64) out += body.substr(i, 64) + "\n";
  return out + std::string(end) + std::string(label) + "-----\n";
}

}  // namespace fairlead::pem
