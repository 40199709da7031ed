// SPDX-License-Identifier: Apache-2.0
// The port through which an operator's client reaches a server. The command line fills it with
// net::HttpClient; another program may use its own HTTP.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace fairlead::client {

struct ApiRequest {
  std::string method;           // "GET"
  std::string target;           // below the server's address: "/api/v1/devices?limit=10"
  std::string content_type{};   // empty without a body
  std::string authorization{};  // "Bearer …" or empty. A secret: never logged
  std::string cookie{};         // "session=17", as a device set it, or empty
  std::string if_match{};       // an ETag as it was received, or empty
  std::string body{};
  Duration limit = std::chrono::seconds(30);  // for the whole exchange
};

struct ApiResponse {
  unsigned status = 0;
  std::string etag{};
  std::string body{};
  std::string set_cookie{};
  std::string reason{};  // of a device that refuses: its header Fairlead-Reason
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Blocks until the answer is there, whatever its status. io, timed_out: no answer; untrusted: the
  // server's certificate is not accepted; malformed, refused: the answer is none, or is too large.
  virtual Result<ApiResponse> exchange(const ApiRequest& request) = 0;

  // Begins an exchange; the caller goes on meanwhile where the transport can. What is returned
  // blocks until the answer is there, and is called once. Any number may be under way.
  using Awaited = std::move_only_function<Result<ApiResponse>()>;
  virtual Awaited start(ApiRequest request) {
    return [this, request = std::move(request)] { return exchange(request); };
  }
};

}  // namespace fairlead::client
