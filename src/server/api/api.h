// SPDX-License-Identifier: Apache-2.0
// The REST API: one table of routes, each with the scope that it takes. Nothing is reachable
// without a token but login and health. Described by docs/api/openapi.yaml, which the tests hold
// this to.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "fdo/rendezvous.h"
#include "server/dpp/controller.h"
#include "server/enroller.h"
#include "server/identity.h"
#include "server/login_guard.h"
#include "server/metrics.h"
#include "server/one_time_passwords.h"
#include "server/store.h"
#include "server/vouchers.h"

namespace fairlead::server::api {

struct Request {
  std::string method, path;  // "/api/v1/devices"; as it came: a parameter may hold an encoded slash
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  std::string authorization, content_type, if_match;
  Bytes body;
  std::string peer;
  Time now{};
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json", etag;
  std::string body;
  Duration come_again{};  // not zero: Retry-After
};

// Who asks, once the token is good.
struct Principal {
  registry::User user;
  std::vector<std::string> scopes;  // "devices:read"; "*" is everything that the role may do
  bool sees(const AccountId& account) const {
    return user.account.empty() || user.account == account;
  }
};

struct Services {
  Store& store;
  const Identity& identity;
  Vouchers& vouchers;
  Enroller& enroller;
  OneTimePasswords& passwords;
  WifiNetworks& wifi;
  Random& random;
  Log& log;
  const Metrics* metrics = nullptr;               // none: /metrics is 404
  const DppController* dpp = nullptr;             // none: this server is no Controller
  std::function<std::string()> broker = nullptr;  // "connected", "not connected"; null: "none"
};

class Api {
 public:
  explicit Api(Services services) : services_(services) {}

  Response handle(const Request& request);  // may block

  // At the first start: account "default", user "admin" without a password, and a token for it.
  // `keep` is given the token before anything is stored, since nobody could get in without it; an
  // error of it ends the start, and the next start is the first again. Nothing when there are users
  // already.
  using KeepToken = std::function<Result<void>(std::string_view token)>;
  Result<void> bootstrap(const KeepToken& keep, Time now);

 private:
  Services services_;
  LoginGuard logins_;
};

// For tests that hold the server to the OpenAPI document: "GET /api/v1/devices/{id}" and its scope
// ("" = public).
struct RouteName {
  std::string method, path, scope;
};
std::vector<RouteName> routes();

}  // namespace fairlead::server::api
