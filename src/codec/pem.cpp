// SPDX-License-Identifier: Apache-2.0
#include "codec/pem.h"

#include "base/limits.h"
#include "codec/base64.h"

namespace fairlead::pem {

namespace {
constexpr std::string_view begin = "-----BEGIN ", end = "-----END ", dashes = "-----";

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
}  // namespace

Result<std::vector<Block>> decode(std::string_view text) {
  if (text.size() > limits::pem_bytes_max) return fail(Errc::malformed, "PEM text is too long");
  std::vector<Block> out;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!is_boundary(line, begin)) continue;
    std::string label(line.substr(begin.size(), line.size() - begin.size() - dashes.size()));
    std::string body;
    for (;;) {
      if (text.empty()) return fail(Errc::malformed, "PEM block '" + label + "' has no end");
      line = take_line(text);
      if (is_boundary(line, end)) break;
      if (is_boundary(line, begin))
        return fail(Errc::malformed, "PEM block '" + label + "' has no end");
      if (line.find(':') == std::string_view::npos)
        body += line;  // RFC 1421 headers in old key files
    }
    if (line.substr(end.size(), line.size() - end.size() - dashes.size()) != label)
      return fail(Errc::malformed, "PEM block '" + label + "' ends under another name");
    auto content = from_base64_lenient(body);
    if (!content) return fail(Errc::malformed, "PEM block '" + label + "' is not base64");
    out.push_back({std::move(label), std::move(*content)});
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
