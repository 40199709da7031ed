// SPDX-License-Identifier: Apache-2.0
// client::Transport over net::HttpClient: a loop on a thread of its own, and callers that wait.
#pragma once

#include <memory>
#include <string>

#include "client/operator/transport.h"
#include "net/tls.h"

namespace fairlead::tool {

class HttpTransport final : public client::Transport {
 public:
  // `server` as "https://host:8041", perhaps with a path. malformed if it is no URL; refused for
  // http:// to another machine unless `plain_http`.
  static Result<std::unique_ptr<HttpTransport>> open(const std::string& server, net::TlsTrust trust,
                                                     bool plain_http);
  ~HttpTransport() override;

  Result<client::ApiResponse> exchange(const client::ApiRequest& request) override;
  Awaited start(client::ApiRequest request) override;

  struct Impl;
  explicit HttpTransport(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::tool
