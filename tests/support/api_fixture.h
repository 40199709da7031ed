// SPDX-License-Identifier: Apache-2.0
// An API over a plant without sockets, held to docs/api/openapi.yaml. For the tests beside it in
// src/server/api.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/api/api.h"
#include "server/api/auth.h"
#include "support/openapi_document.h"
#include "support/server_plant.h"
#include "support/vectors.h"

namespace fairlead::server::api {

namespace json = boost::json;
using registry::Role;
using test::must;
using test::OpenApiDocument;
using test::PlantDevice;
using test::ServerPlant;

inline const OpenApiDocument& document() {
  static const OpenApiDocument read =
      OpenApiDocument::parse(test::read_project_file("docs/api/openapi.yaml"));
  return read;
}

struct ApiTest : testing::Test {
  ServerPlant plant;
  Api api{{plant.store, plant.identity, plant.vouchers, plant.enroller, plant.passwords, plant.wifi,
           plant.random, plant.log}};
  std::string admin = first_start();

  std::string first_start() {
    std::string kept;
    auto keep = [&](std::string_view token) -> Result<void> {
      kept = token;
      return ok();
    };
    must(api.bootstrap(keep, plant.now));
    return kept;
  }

  // A token of a new user.
  std::string user(const std::string& id, Role role, const std::string& account,
                   std::vector<std::string> scopes = {"*"}) {
    auto token = make_token(UserId(id), std::move(scopes), "test", plant.now, std::chrono::hours(1),
                            plant.random);
    plant.commit({registry::PutUser{{UserId(id), AccountId(account), role, {}, false, plant.now}},
                  registry::PutToken{token.record}});
    return token.secret;
  }
  Response send(const std::string& method, const std::string& target, const std::string& token,
                const std::string& body = {}, const std::string& if_match = {},
                const std::string& content_type = "application/json") {
    Request request;
    request.method = method;
    auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) {
      auto equals = target.find('=', question);
      request.query.emplace_back(target.substr(question + 1, equals - question - 1),
                                 target.substr(equals + 1));
    }
    if (!token.empty()) request.authorization = "Bearer " + token;
    request.content_type = content_type;
    request.if_match = if_match;
    request.body = to_bytes(body);
    request.peer = "192.0.2.7";
    request.now = plant.now;
    return api.handle(request);
  }
  // Sends, expects the documented success of `route`, and that the answer is as described.
  json::value good(const std::string& route, const std::string& target, const std::string& token,
                   const std::string& body = {}) {
    auto operation = document().operations.find(route);
    if (operation == document().operations.end())
      throw std::runtime_error(route + " is not documented");
    auto response = send(route.substr(0, route.find(' ')), target, token, body);
    EXPECT_EQ(static_cast<int>(response.status), operation->second.status)
        << route << " " << response.body;
    if (operation->second.schema.empty() || response.status >= 300) return nullptr;
    json::value value = json::parse(response.body);
    EXPECT_EQ(document().complaint(operation->second.schema, value), "")
        << route << " " << response.body;
    return value;
  }
  unsigned status(const std::string& method, const std::string& target, const std::string& token,
                  const std::string& body = {}) {
    auto response = send(method, target, token, body);
    if (response.status < 400) return response.status;
    json::value error = json::parse(response.body);
    EXPECT_EQ(document().complaint("Error", error), "") << response.body;
    std::string code(error.at("error").at("code").as_string());
    EXPECT_THAT(document().schemas.at("ErrorBody").members.at("code"), testing::HasSubstr(code));
    return response.status;
  }
  DeviceId onboarded(const std::string& serial) {
    PlantDevice device{plant, serial};
    device.initialize();
    DeviceId id = device.hand_to_owner();
    EXPECT_TRUE(device.onboard().complete);
    return id;
  }
};

}  // namespace fairlead::server::api
