// SPDX-License-Identifier: Apache-2.0
// line = {"by": "announcement" | "address", "interface": text, "addresses": [text, 1 to 16],
//         "port": 1..65535, "instance": text, "said": {member of Said: text},
//         "gone": true?, "foreign_source": true?}
#include "client/scan/sighting.h"

#include <boost/json.hpp>

#include "client/operator/problem.h"

namespace fairlead::client {

namespace json = boost::json;

namespace {

constexpr std::size_t addresses_max = 16;

struct SaidMember {
  std::string_view name;
  std::string Said::* member;
};
constexpr SaidMember said_members[] = {
    {"product_uri", &Said::product_uri},
    {"product_hash", &Said::product_hash},
    {"vendor", &Said::vendor},
    {"model", &Said::model},
    {"serial", &Said::serial},
    {"firmware", &Said::firmware},
    {"state", &Said::state},
    {"provisioning", &Said::provisioning},
    {"fingerprint", &Said::fingerprint},
    {"tag", &Said::tag},
};

std::unexpected<Error> bad(std::string_view member) {
  return fail(Errc::malformed,
              "'" + std::string(member) + "' of a line of the scanner is not what it should be");
}

Result<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) return std::string();
  if (!value->is_string() || value->get_string().size() > said_bytes_max) return bad(name);
  return plain_text(value->get_string(), said_bytes_max);
}

bool flag_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

Result<std::vector<std::string>> addresses_of(const json::object& object) {
  const json::value* list = object.if_contains("addresses");
  if (!list || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > addresses_max)
    return bad("addresses");
  std::vector<std::string> out;
  for (const json::value& each : list->get_array()) {
    // Whatever is said here is connected to: digits, letters of IPv6, nothing else.
    if (!each.is_string() || each.get_string().size() > 45 ||
        each.get_string().find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos)
      return bad("addresses");
    out.emplace_back(each.get_string());
  }
  return out;
}

Result<Said> said_of(const json::object& object) {
  Said out;
  const json::value* said = object.if_contains("said");
  if (!said) return out;
  if (!said->is_object()) return bad("said");
  for (const auto& [name, member] : said_members) {
    TRY(out.*member, text_of(said->get_object(), name));
  }
  return out;
}

}  // namespace

std::string_view to_string(SeenBy by) {
  return by == SeenBy::announcement ? "announcement" : "address";
}

std::string to_line(const Sighting& sighting) {
  json::array addresses;
  for (const std::string& each : sighting.addresses) addresses.emplace_back(each);
  json::object said;
  for (const auto& [name, member] : said_members)
    if (!(sighting.said.*member).empty()) said[name] = sighting.said.*member;
  json::object out{{"by", to_string(sighting.by)},      {"interface", sighting.interface},
                   {"addresses", std::move(addresses)}, {"port", sighting.port},
                   {"instance", sighting.instance},     {"said", std::move(said)}};
  if (sighting.gone) out["gone"] = true;
  if (sighting.foreign_source) out["foreign_source"] = true;
  return json::serialize(out);
}

Result<Sighting> decode_sighting(std::string_view line) {
  if (line.size() > sighting_line_bytes_max)
    return fail(Errc::malformed, "a line of the scanner is too long");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 4;
  json::value value = json::parse(line, error, {}, options);
  if (error || !value.is_object())
    return fail(Errc::malformed, "a line of the scanner is not a JSON object");
  const json::object& object = value.get_object();
  Sighting out;
  TRY(auto by, text_of(object, "by"));
  if (by != "announcement" && by != "address") return bad("by");
  out.by = by == "address" ? SeenBy::address : SeenBy::announcement;
  TRY(out.interface, text_of(object, "interface"));
  if (out.interface.find_first_of("%]/ ") != std::string::npos) return bad("interface");
  TRY(out.instance, text_of(object, "instance"));
  TRY(out.addresses, addresses_of(object));
  const json::value* port = object.if_contains("port");
  if (!port || !port->is_int64() || port->get_int64() < 0 || port->get_int64() > 65'535)
    return bad("port");
  out.port = static_cast<std::uint16_t>(port->get_int64());
  TRY(out.said, said_of(object));
  out.gone = flag_of(object, "gone");
  out.foreign_source = flag_of(object, "foreign_source");
  return out;
}

}  // namespace fairlead::client
