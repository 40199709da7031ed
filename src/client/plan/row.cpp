// SPDX-License-Identifier: Apache-2.0
#include "client/plan/row.h"

#include <algorithm>

#include "client/plan/network_wish.h"
#include "client/scan/address_range.h"
#include "codec/utf8.h"

namespace fairlead::client {

namespace {

constexpr std::array<FieldInfo, field_count> table{{
    {Field::name, "name", "Name", "device name;bezeichnung;tag;kennzeichen;bmk"},
    {Field::type, "type", "Type", "model;typ;modell;device type"},
    {Field::vendor, "vendor", "Vendor", "manufacturer;hersteller;maker"},
    {Field::order_number, "order_number", "Order number",
     "order no;order code;mlfb;bestellnummer;article number;artikelnummer"},
    {Field::serial, "serial", "Serial", "serial number;serial no;sn;seriennummer;s/n"},
    {Field::product_uri, "product_uri", "Product URI",
     "product instance uri;uri;identification link;productinstanceuri;id link"},
    {Field::function, "function", "Function", "funktion"},
    {Field::location, "location", "Location", "place;ort;einbauort"},
    {Field::account, "account", "Account", "tenant;konto"},
    {Field::code, "code", "Code", "label code;pin;setup code;kode"},
    {Field::address, "address", "Address", "ip;ip address;host;adresse;ip-adresse"},
    {Field::new_address, "new_address", "New address",
     "new ip;neue adresse;neue ip;planned address"},
    {Field::gateway, "gateway", "Gateway", "router;new gateway"},
    {Field::name_servers, "name_servers", "Name servers", "dns;dns servers"},
    {Field::firmware, "firmware", "Firmware", "fw;firmware version;version"},
    {Field::comment, "comment", "Comment", "remark;notes;bemerkung;kommentar"},
}};

// "  Serial  No. " and "serial_no" are one header.
std::string folded(std::string_view header) {
  std::string out;
  for (char c : header) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (c == '_' || c == '\t' || c == '\n' || c == '\r') c = ' ';
    if (c == '.' || c == '*' || c == ':') continue;
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

bool among(std::string_view aliases, std::string_view wanted) {
  while (!aliases.empty()) {
    auto end = aliases.find(';');
    if (aliases.substr(0, end) == wanted) return true;
    aliases.remove_prefix(end == aliases.npos ? aliases.size() : end + 1);
  }
  return false;
}

}  // namespace

std::span<const FieldInfo, field_count> fields() { return table; }

const FieldInfo& info_of(Field field) { return table[static_cast<std::size_t>(field)]; }

std::optional<Field> field_from_key(std::string_view key) {
  auto found = std::ranges::find(table, key, &FieldInfo::key);
  return found == table.end() ? std::nullopt : std::optional(found->field);
}

std::optional<Field> field_from_header(std::string_view header) {
  std::string wanted = folded(header);
  for (const FieldInfo& each : table)
    if (wanted == folded(each.key) || wanted == folded(each.title) || among(each.aliases, wanted))
      return each.field;
  return std::nullopt;
}

std::optional<std::string> objection(Field field, std::string_view value) {
  if (value.size() > plan_value_bytes_max)
    return "is longer than " + std::to_string(plan_value_bytes_max) + " bytes";
  if (!is_utf8(value)) return "is not text";
  if (std::ranges::any_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return "holds a line break or another control character";
  if (value.empty()) return std::nullopt;
  if (field == Field::address) {
    if (!parse_host_port(value)) return "is no address, as 10.77.0.5:8080 or [fe80::1%eth0]:8080";
  }
  if (field == Field::new_address && !parse_prefix_address(value))
    return "is no address with the length of its network's prefix, as 10.77.0.5/24";
  if (field == Field::gateway && !is_numeric_address(value)) return "is no numeric address";
  if (field == Field::name_servers && !parse_addresses(value))
    return "is no list of numeric addresses, separated by spaces";
  if (field == Field::code && value.size() > 64) return "is longer than 64 characters";
  return std::nullopt;
}

Row* Plan::find(std::string_view id) {
  auto found = std::ranges::find(rows, id, &Row::id);
  return found == rows.end() ? nullptr : &*found;
}
const Row* Plan::find(std::string_view id) const { return const_cast<Plan*>(this)->find(id); }

}  // namespace fairlead::client
