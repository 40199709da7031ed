// SPDX-License-Identifier: Apache-2.0
#include "device/captive_portal.h"

#include "net/http.h"

namespace fairlead::device {

namespace {

constexpr Duration portal_deadline = std::chrono::seconds(5);
constexpr std::size_t page_bytes_max = 64 * 1024;

}  // namespace

std::optional<std::string> portal_in(const std::string& host, unsigned status,
                                     std::optional<std::string_view> location) {
  if (status == 511) return "a page of its own";
  if (status < 300 || status > 399 || !location) return std::nullopt;
  auto url = net::parse_url(*location);
  // From http to https of the same host, as is usual, is no portal.
  if (!url || url->host == host) return std::nullopt;
  return url->host;
}

net::Task<std::optional<std::string>> portal_before(net::Loop& loop, std::string upstream_uri) {
  const std::size_t scheme = upstream_uri.find("://");
  std::optional<std::string> none;
  if (scheme == upstream_uri.npos) co_return none;
  auto url = net::parse_url("http" + upstream_uri.substr(scheme));
  if (!url) co_return none;
  url->port = 80;
  url->target = "/";
  net::HttpClient client(loop, {});
  net::HttpRequest request;
  request.method = "GET";
  const std::string host = url->host;
  auto asking = client.send(std::move(*url), std::move(request), portal_deadline, page_bytes_max);
  auto answer = co_await std::move(asking);
  if (!answer) co_return none;
  co_return portal_in(host, answer->status, net::find_header(answer->headers, "Location"));
}

}  // namespace fairlead::device
