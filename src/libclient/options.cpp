// SPDX-License-Identifier: Apache-2.0
#include "libclient/options.h"

#include <boost/json.hpp>
#include <cstring>

#include "client/apply/run.h"
#include "crypto/hash.h"

namespace fairlead::libclient {

namespace json = boost::json;
using client::Answer;
using client::problem;
using client::ProblemKind;

namespace {

std::unexpected<client::Problem> bad(std::string_view member) {
  return problem(ProblemKind::usage,
                 "the option '" + std::string(member) + "' is not what it should be");
}

Answer<json::object> object_of(const char* text) {
  if (!text) return json::object{};
  std::string_view view(text);
  boost::system::error_code error;
  json::value value = view.size() > options_bytes_max ? json::value() : json::parse(view, error);
  if (error || !value.is_object())
    return problem(ProblemKind::usage, "the options are not a JSON object");
  return std::move(value.get_object());
}

// Members are taken out as they are read; what is left is not known.
class Members {
 public:
  explicit Members(json::object object) : object_(std::move(object)) {}

  std::optional<json::value> take(std::string_view name) {
    auto* found = object_.if_contains(name);
    if (!found) return std::nullopt;
    json::value out = std::move(*found);
    object_.erase(name);
    return out;
  }
  Answer<void> text(std::string_view name, std::string& into) {
    auto value = take(name);
    if (value && !value->is_string()) return bad(name);
    if (value) into = value->get_string();
    return {};
  }
  Answer<void> flag(std::string_view name, bool& into) {
    auto value = take(name);
    if (value && !value->is_bool()) return bad(name);
    if (value) into = value->get_bool();
    return {};
  }
  Answer<void> number(std::string_view name, std::int64_t min, std::int64_t max,
                      std::int64_t& into) {
    auto value = take(name);
    if (value && (!value->is_int64() || value->get_int64() < min || value->get_int64() > max))
      return bad(name);
    if (value) into = value->get_int64();
    return {};
  }
  Answer<void> texts(std::string_view name, std::vector<std::string>& into) {
    auto value = take(name);
    if (!value) return {};
    if (!value->is_array() || value->get_array().size() > client::range_addresses_max)
      return bad(name);
    for (const json::value& each : value->get_array()) {
      if (!each.is_string()) return bad(name);
      into.emplace_back(each.get_string());
    }
    return {};
  }
  Answer<void> nothing_left() const {
    if (object_.empty()) return {};
    return problem(ProblemKind::usage,
                   "there is no option '" + std::string(object_.begin()->key()) + "'");
  }

 private:
  json::object object_;
};

Answer<tool::ScanOptions> look_of(Members& members) {
  tool::ScanOptions out;
  TRY_VOID(members.flag("announcements", out.announcements));
  TRY_VOID(members.texts("interfaces", out.interfaces));
  std::string ranges;
  TRY_VOID(members.text("ranges", ranges));
  std::vector<std::string> addresses;
  TRY_VOID(members.texts("addresses", addresses));
  TRY(out.addresses, client::places_to_ask(ranges, addresses));
  std::int64_t seconds = 3;
  TRY_VOID(members.number("seconds", 1, 3600, seconds));
  out.duration = std::chrono::seconds(seconds);
  return out;
}

}  // namespace

Answer<ClientOptions> decode_client_options(const char* text) {
  TRY(auto object, object_of(text));
  Members members(std::move(object));
  ClientOptions out;
  TRY_VOID(members.text("server", out.server));
  TRY_VOID(members.text("token", out.token));
  TRY_VOID(members.text("ca_file", out.ca_file));
  TRY_VOID(members.flag("plain_http", out.plain_http));
  TRY_VOID(members.nothing_left());
  // A line break would end the header that it travels in.
  if (out.token.find_first_of("\r\n") != out.token.npos) return bad("token");
  return out;
}

Answer<tool::ScanOptions> decode_scan_options(const char* text) {
  TRY(auto object, object_of(text));
  Members members(std::move(object));
  TRY(auto out, look_of(members));
  TRY_VOID(members.nothing_left());
  return out;
}

Answer<ApplyOptions> decode_apply_options(const char* text) {
  TRY(auto object, object_of(text));
  Members members(std::move(object));
  ApplyOptions out;
  TRY(out.look, look_of(members));
  TRY_VOID(members.text("account", out.account));
  TRY_VOID(members.flag("button", out.button));
  std::int64_t at_once = client::apply_at_once_default;
  TRY_VOID(members.number("at_once", 1, client::apply_at_once_max, at_once));
  out.at_once = static_cast<std::size_t>(at_once);
  TRY_VOID(members.nothing_left());
  return out;
}

Answer<UpstreamOptions> decode_upstream_options(const char* text) {
  TRY(auto object, object_of(text));
  Members members(std::move(object));
  UpstreamOptions out;
  TRY_VOID(members.text("address", out.address));
  TRY_VOID(members.text("code", out.code));
  TRY_VOID(members.flag("button", out.button));
  TRY_VOID(members.text("choose", out.choose));
  TRY_VOID(members.text("give", out.give));
  TRY_VOID(members.text("key", out.key));
  TRY_VOID(members.flag("forget", out.forget));
  TRY_VOID(members.nothing_left());
  if (out.address.empty()) return bad("address");
  if (!out.choose.empty() + !out.give.empty() + out.forget > 1)
    return problem(ProblemKind::usage, "one of choose, give and forget, not several");
  auto key = from_hex(out.key);
  if (!key || (!key->empty() && key->size() != crypto::Sha256::size_bytes)) return bad("key");
  return out;
}

}  // namespace fairlead::libclient
