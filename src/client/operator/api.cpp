// SPDX-License-Identifier: Apache-2.0
#include "client/operator/api.h"

#include <algorithm>

namespace fairlead::client {

namespace {

constexpr std::size_t matches_named_max = 5;

std::string encoded(std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (unreserved.contains(c)) {
      out += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string lower_hex_only(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '-') continue;
    out += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// 32 hexadecimal digits, with or without the dashes that people write.
bool looks_like_guid(std::string_view text) {
  std::string digits = lower_hex_only(text);
  return digits.size() == 32 && digits.find_first_not_of("0123456789abcdef") == digits.npos;
}

// Those whose `member` is the text as a whole: the server's search also finds prefixes.
std::vector<const json::value*> exact(const json::array& items, std::string_view member,
                                      const std::string& wanted) {
  std::vector<const json::value*> out;
  for (const auto& item : items)
    if (text_at(item, member) == wanted) out.push_back(&item);
  return out;
}

std::unexpected<Problem> several(std::string what, const std::vector<const json::value*>& matches,
                                 std::string_view id_member) {
  std::string ids;
  for (std::size_t i = 0; i < std::min(matches.size(), matches_named_max); ++i)
    ids += (i ? ", " : "") + text_at(*matches[i], id_member);
  if (matches.size() > matches_named_max) ids += ", …";
  return problem(ProblemKind::conflict, what + ": " + ids, "Name one of them by its id.");
}

}  // namespace

std::string api_path(std::initializer_list<std::string_view> segments) {
  std::string out = "/api/v1";
  for (auto segment : segments) out += "/" + encoded(segment);
  return out;
}

std::string with_query(std::string path,
                       const std::vector<std::pair<std::string_view, std::string>>& query) {
  char before = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += before + std::string(name) + "=" + encoded(value);
    before = '&';
  }
  return path;
}

Answer<Document> Api::send(ApiRequest request) {
  if (!token_.empty()) request.authorization = "Bearer " + token_;
  auto response = transport_.exchange(request);
  if (!response) return std::unexpected(problem_of(response.error()));
  if (response->status < 200 || response->status > 299)
    return std::unexpected(problem_of(*response));
  Document out{nullptr, std::move(response->body), std::move(response->etag)};
  boost::system::error_code error;
  json::value parsed = json::parse(out.text, error);
  if (!error) out.value = std::move(parsed);
  return out;
}

Transport::Awaited Api::start(ApiRequest request) {
  if (!token_.empty()) request.authorization = "Bearer " + token_;
  return transport_.start(std::move(request));
}

Answer<Document> Api::get(std::string target) {
  return send({.method = "GET", .target = std::move(target)});
}
Answer<Document> Api::post(std::string target, const json::value& body) {
  return send({.method = "POST",
               .target = std::move(target),
               .content_type = "application/json",
               .body = json::serialize(body)});
}
Answer<Document> Api::patch(std::string target, const json::value& body) {
  return send({.method = "PATCH",
               .target = std::move(target),
               .content_type = "application/json",
               .body = json::serialize(body)});
}
Answer<Document> Api::put(std::string target, std::string json_text, std::string if_match) {
  return send({.method = "PUT",
               .target = std::move(target),
               .content_type = "application/json",
               .if_match = std::move(if_match),
               .body = std::move(json_text)});
}
Answer<Document> Api::remove(std::string target) {
  return send({.method = "DELETE", .target = std::move(target)});
}

std::string text_at(const json::value& object, std::string_view name) {
  const json::object* members = object.if_object();
  const json::value* value = members ? members->if_contains(name) : nullptr;
  if (!value || value->is_null() || value->is_structured()) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

const json::array& items_of(const json::value& list) {
  static const json::array none;
  const json::object* members = list.if_object();
  const json::value* items = members ? members->if_contains("items") : nullptr;
  return items && items->is_array() ? items->get_array() : none;
}

Answer<json::value> find_device(Api& api, const std::string& wanted) {
  auto by_id = api.get(api_path({"devices", wanted}));
  if (by_id) return std::move(by_id->value);
  // An odd name need not be readable as an id; every other problem would come again.
  bool is_no_id = by_id.error().kind == ProblemKind::not_found ||
                  by_id.error().kind == ProblemKind::bad_request;
  if (!is_no_id) return std::unexpected(std::move(by_id).error());
  std::string search = looks_like_guid(wanted) ? lower_hex_only(wanted) : wanted;
  auto found = api.get(with_query(api_path({"devices"}), {{"search", search}, {"limit", "100"}}));
  if (!found) return std::unexpected(std::move(found).error());
  const auto& items = items_of(found->value);
  std::vector<const json::value*> matches;
  for (const auto& item : items)
    if (looks_like_guid(wanted) && lower_hex_only(text_at(item, "guid")) == search)
      matches.push_back(&item);
  if (matches.empty()) matches = exact(items, "serial", wanted);
  if (matches.empty()) matches = exact(items, "name", wanted);
  if (matches.size() > 1)
    return several("several devices are called '" + wanted + "'", matches, "id");
  if (matches.empty())
    return problem(ProblemKind::not_found, "there is no device '" + wanted + "'",
                   "`fairlead device list --search TEXT` finds devices by the beginning of name, "
                   "serial or GUID.");
  auto whole = api.get(api_path({"devices", text_at(*matches.front(), "id")}));
  if (!whole) return std::unexpected(std::move(whole).error());
  return std::move(whole->value);
}

Answer<std::string> find_voucher(Api& api, const std::string& wanted) {
  if (looks_like_guid(wanted)) return wanted;
  auto found = api.get(with_query(api_path({"vouchers"}), {{"serial", wanted}, {"limit", "100"}}));
  if (!found) return std::unexpected(std::move(found).error());
  auto matches = exact(items_of(found->value), "serial", wanted);
  std::erase_if(matches, [](const auto* each) { return text_at(*each, "state") == "replaced"; });
  if (matches.size() > 1)
    return several("several vouchers are for serial '" + wanted + "'", matches, "guid");
  if (matches.empty())
    return problem(ProblemKind::not_found, "there is no voucher for '" + wanted + "'",
                   "`fairlead voucher list` shows GUIDs and serials.");
  return text_at(*matches.front(), "guid");
}

}  // namespace fairlead::client
