// SPDX-License-Identifier: Apache-2.0
#include "tool/connect.h"

#include "crypto/certificate.h"
#include "disk/whole_file.h"
#include "tool/http_transport.h"

namespace fairlead::tool {

using client::Answer;
using client::problem;
using client::ProblemKind;

namespace {

constexpr std::size_t ca_bytes_max = 1024 * 1024;

Answer<net::TlsTrust> trust_of(const std::string& ca) {
  net::TlsTrust out;
  out.system_anchors = ca.empty();
  if (ca.empty()) return out;
  auto text = disk::read_file(ca, ca_bytes_max);
  if (!text) return problem(ProblemKind::failed, text.error().context);
  auto anchors = crypto::Certificate::from_pem(*text);
  if (!anchors || anchors->empty())
    return problem(ProblemKind::failed, ca + ": no certificate that can be read");
  out.anchors = std::move(*anchors);
  return out;
}

}  // namespace

Answer<std::unique_ptr<client::Transport>> connect_server(const ServerAddress& server) {
  TRY(auto trust, trust_of(server.ca));
  auto transport = HttpTransport::open(server.url, std::move(trust), server.plain_http);
  if (transport) return std::move(*transport);
  if (transport.error().code != Errc::refused)
    return problem(ProblemKind::usage, "'" + server.url + "': " + transport.error().context,
                   "Write http://ADDRESS:PORT or https://ADDRESS:PORT.");
  std::string advice = "Use https://";
  if (!server.plain_http_words.empty())
    advice += ", " + std::string(server.plain_http_words) + " if nobody else is on that network";
  return problem(ProblemKind::usage, transport.error().context, advice + ".");
}

std::string device_url(const std::string& address) {
  return address.find("://") == address.npos ? "http://" + address : address;
}

Answer<std::unique_ptr<client::Transport>> connect_device(const std::string& url) {
  return connect_server({device_url(url), {}, true});
}

}  // namespace fairlead::tool
