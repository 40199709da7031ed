// SPDX-License-Identifier: Apache-2.0
// Textual addresses. inet_pton and inet_ntop are pure text functions, no sockets.
#include <arpa/inet.h>

#include "fdo/types.h"

namespace fairlead::fdo {

std::string ip_text(View ip) {
  char text[INET6_ADDRSTRLEN] = "";
  if (ip.size() == 4) inet_ntop(AF_INET, ip.data(), text, sizeof text);
  if (ip.size() == 16) inet_ntop(AF_INET6, ip.data(), text, sizeof text);
  return text;
}

std::optional<Bytes> ip_from_text(std::string_view text) {
  std::string terminated(text);
  Bytes v4(4), v6(16);
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return v4;
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return v6;
  return std::nullopt;
}

}  // namespace fairlead::fdo
