// SPDX-License-Identifier: Apache-2.0
#include "client/plan/shown.h"

#include <boost/json.hpp>

namespace fairlead::client {

namespace json = boost::json;

json::object to_json(const SeenDevice& device) {
  json::array places;
  for (const Place& each : device.places)
    places.push_back(
        {{"url", each.url()}, {"interface", each.interface}, {"by", to_string(each.by)}});
  const Said& said = device.said;
  json::object out{{"key", device.key},
                   {"serial", said.serial},
                   {"product_uri", said.product_uri},
                   {"vendor", said.vendor},
                   {"model", said.model},
                   {"firmware", said.firmware},
                   {"state", said.state},
                   {"provisioning", said.provisioning},
                   {"fingerprint", said.fingerprint},
                   {"tag", said.tag},
                   {"present", device.present},
                   {"places", std::move(places)},
                   {"last_seen", to_rfc3339(device.last)}};
  if (device.oddity != Oddity::none) out["odd"] = device.why_odd;
  return out;
}

json::object to_json(const Line& line) {
  json::object out{{"state", to_string(line.state)},
                   {"ready", line.ready},
                   {"reason", line.reason},
                   {"next", line.next}};
  if (line.row) {
    out["row"] = line.row->id;
    for (const FieldInfo& each : fields())
      if (each.field != Field::code && !(*line.row)[each.field].empty())
        out[each.key] = (*line.row)[each.field];
  }
  if (line.device) out["found"] = to_json(*line.device);
  json::array differences;
  for (const Difference& each : line.differences)
    differences.push_back(
        {{"field", info_of(each.field).key}, {"planned", each.planned}, {"found", each.found}});
  if (!differences.empty()) out["differences"] = std::move(differences);
  return out;
}

json::object to_json(const Row& row, const Outcome& outcome) {
  return {{"row", row.id},
          {"name", row[Field::name]},
          {"serial", row[Field::serial]},
          {"result", to_string(outcome.kind)},
          {"device", outcome.device},
          {"reason", outcome.why.message},
          {"advice", outcome.why.advice}};
}

}  // namespace fairlead::client
