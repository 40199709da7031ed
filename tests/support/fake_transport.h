// SPDX-License-Identifier: Apache-2.0
// A server in a function: answers requests as a test says, and remembers them.
#pragma once

#include <functional>
#include <map>

#include "client/operator/transport.h"

namespace fairlead::test {

class FakeTransport final : public client::Transport {
 public:
  using Answer = Result<client::ApiResponse>;
  // By "METHOD target"; what is not there gets 404.
  std::map<std::string, Answer> answers;
  // Asked first, if set; status 0 passes the request on to `answers`.
  std::function<Answer(const client::ApiRequest&)> script;
  std::vector<client::ApiRequest> seen;

  Answer exchange(const client::ApiRequest& request) override {
    seen.push_back(request);
    if (script) {
      Answer scripted = script(request);
      if (!scripted || scripted->status != 0) return scripted;
    }
    auto found = answers.find(request.method + " " + request.target);
    if (found != answers.end()) return found->second;
    return client::ApiResponse{
        404, {}, R"({"error":{"code":"not_found","message":"there is nothing at this path"}})"};
  }
  void answer(const std::string& request, std::string body, unsigned status = 200,
              std::string etag = {}) {
    answers.insert_or_assign(request,
                             client::ApiResponse{status, std::move(etag), std::move(body)});
  }
};

}  // namespace fairlead::test
