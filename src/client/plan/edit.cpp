// SPDX-License-Identifier: Apache-2.0
#include "client/plan/edit.h"

namespace fairlead::client {

Answer<Row*> find_row(Plan& plan, const std::string& wanted) {
  Row* out = nullptr;
  for (Row& row : plan.rows) {
    if (row.id == wanted) return &row;
    if (row.removed || (row[Field::name] != wanted && row[Field::serial] != wanted)) continue;
    if (out)
      return problem(ProblemKind::conflict, "several rows are called '" + wanted + "'",
                     "Name it by its id: `fairlead --json plan compare` shows them.");
    out = &row;
  }
  if (!out) return problem(ProblemKind::not_found, "no row is called '" + wanted + "'");
  return out;
}

Answer<void> bind(Row& row, const RowIdentity& identity) {
  Row bound = row;
  bound[Field::serial] = identity.serial;
  bound[Field::product_uri] = identity.product_uri;
  if (identity.code) bound[Field::code] = *identity.code;
  for (Field each : {Field::serial, Field::product_uri, Field::code})
    if (auto why = objection(each, bound[each]))
      return problem(ProblemKind::usage, std::string(info_of(each).key) + " " + *why);
  row = std::move(bound);
  return {};
}

std::string new_row_id(Random& random) {
  Bytes bytes = random.bytes(16);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // RFC 4122 §4.4: version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string hex = to_hex(bytes);
  for (std::size_t at : {8, 13, 18, 23}) hex.insert(at, 1, '-');
  return hex;
}

Row row_for(const Said& said, const std::string& name, const std::string& code, Random& random) {
  Row out;
  out.id = new_row_id(random);
  out[Field::name] = name;
  out[Field::type] = said.model;
  out[Field::vendor] = said.vendor;
  out[Field::serial] = said.serial;
  out[Field::product_uri] = said.product_uri;
  out[Field::code] = code;
  return out;
}

void set_attention(Plan& plan, const std::string& device, Attention attention) {
  std::erase(plan.ignored, device);
  if (attention == Attention::ignored) plan.ignored.push_back(device);
}

}  // namespace fairlead::client
