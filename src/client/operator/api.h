// SPDX-License-Identifier: Apache-2.0
// The REST API of a server (docs/api/openapi.yaml) as calls: documents in, documents or problems
// out.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/operator/problem.h"

namespace fairlead::client {

namespace json = boost::json;

// "/api/v1" + segments, each percent-encoded (RFC 3986 §2.1).
std::string api_path(std::initializer_list<std::string_view> segments);
// With "?name=value&…"; empty values are left out.
std::string with_query(std::string path,
                       const std::vector<std::pair<std::string_view, std::string>>& query);

struct Document {
  json::value value;   // null where the answer has no body, or isn't JSON (PEM)
  std::string text{};  // as received
  std::string etag{};
};

class Api {
 public:
  // `token` may be empty: then only login() gets an answer.
  Api(Transport& transport, std::string token) : transport_(transport), token_(std::move(token)) {}

  Answer<Document> get(std::string target);
  Answer<Document> post(std::string target, const json::value& body);
  Answer<Document> patch(std::string target, const json::value& body);
  Answer<Document> put(std::string target, std::string json_text, std::string if_match = {});
  Answer<Document> remove(std::string target);

  // Fills in the token.
  Answer<Document> send(ApiRequest request);
  Transport::Awaited start(ApiRequest request);

 private:
  Transport& transport_;
  std::string token_;
};

// Members for people: "" when missing or of another type; numbers and flags as text.
std::string text_at(const json::value& object, std::string_view name);
// The "items" of a list, or an empty array.
const json::array& items_of(const json::value& list);

// A device by what people have at hand: id, GUID, serial or name (in this order, as a whole;
// letters of a GUID in either case). not_found, or conflict when several have that name or serial,
// naming their ids.
Answer<json::value> find_device(Api& api, const std::string& wanted);
// The GUID of a voucher, by GUID or serial.
Answer<std::string> find_voucher(Api& api, const std::string& wanted);

}  // namespace fairlead::client
