// SPDX-License-Identifier: Apache-2.0
// The names and identifiers are those of IDTA 02006-3-0-1.
#include "client/operator/api.h"
#include "client/report/report.h"
#include "crypto/hash.h"

namespace fairlead::client {

namespace json = boost::json;

namespace {

constexpr std::string_view nameplate_id = "https://admin-shell.io/idta/nameplate/3/0/Nameplate";
constexpr std::string_view address_id =
    "https://admin-shell.io/zvei/nameplate/1/0/ContactInformations/AddressInformation";

json::object reference(std::string_view id) {
  return {{"type", "ExternalReference"},
          {"keys", json::array{{{"type", "GlobalReference"}, {"value", id}}}}};
}

json::object element(std::string_view type, std::string_view name, std::string_view semantic_id) {
  return {{"modelType", type}, {"idShort", name}, {"semanticId", reference(semantic_id)}};
}

json::object property(std::string_view name, std::string_view semantic_id, const std::string& value,
                      std::string_view value_type = "xs:string") {
  json::object out = element("Property", name, semantic_id);
  out["valueType"] = value_type;
  out["value"] = value;
  return out;
}

json::object in_english(std::string_view name, std::string_view semantic_id,
                        const std::string& value) {
  json::object out = element("MultiLanguageProperty", name, semantic_id);
  out["value"] = json::array{{{"language", "en"}, {"text", value}}};
  return out;
}

json::object address_of(const VendorAddress& vendor) {
  json::object out = element("SubmodelElementCollection", "AddressInformation", address_id);
  out["value"] = json::array{in_english("Street", "0173-1#02-AAO128#002", vendor.street),
                             in_english("Zipcode", "0173-1#02-AAO129#002", vendor.postcode),
                             in_english("CityTown", "0173-1#02-AAO132#002", vendor.town),
                             in_english("NationalCode", "0173-1#02-AAO134#002", vendor.country)};
  return out;
}

json::object submodel_of(const Row& row, const VendorAddress& vendor) {
  json::array elements{
      property("URIOfTheProduct", "0112/2///61987#ABN590#002", row[Field::product_uri],
               "xs:anyURI"),
      in_english("ManufacturerName", "0112/2///61987#ABA565#009", row[Field::vendor]),
      in_english("ManufacturerProductDesignation", "0112/2///61987#ABA567#009", row[Field::type]),
      address_of(vendor),
      property("OrderCodeOfManufacturer", "0112/2///61987#ABA950#008", row[Field::order_number])};
  if (!row[Field::serial].empty())
    elements.push_back(property("SerialNumber", "0112/2///61987#ABA951#009", row[Field::serial]));
  if (!row[Field::firmware].empty())
    elements.push_back(
        property("FirmwareVersion", "0112/2///61987#ABA302#006", row[Field::firmware]));
  return {{"modelType", "Submodel"},
          {"id", "urn:uuid:" + row.id},
          {"idShort", "Nameplate"},
          {"kind", "Instance"},
          {"semanticId", reference(nameplate_id)},
          {"submodelElements", std::move(elements)}};
}

std::string lacks(const Row& row, bool address_known) {
  std::string out;
  const auto lack = [&](bool missing, const std::string& what) {
    if (missing) out += (out.empty() ? "" : ", ") + what;
  };
  lack(row[Field::product_uri].empty(), "no product URI");
  lack(row[Field::vendor].empty(), "no vendor");
  lack(row[Field::type].empty(), "no type");
  lack(row[Field::order_number].empty(), "no order number");
  lack(!address_known, "no address of vendor '" + row[Field::vendor] + "'");
  return out;
}

}  // namespace

Result<std::unordered_map<std::string, VendorAddress>> decode_vendors(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 3;
  json::value value;
  if (text.size() <= vendors_bytes_max) value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return fail(Errc::malformed, "not a JSON object of vendors");
  std::unordered_map<std::string, VendorAddress> out;
  for (const auto& vendor : value.get_object()) {
    const auto of = [&](std::string_view name) { return text_at(vendor.value(), name); };
    VendorAddress address{of("street"), of("postcode"), of("town"), of("country")};
    if (address.street.empty() || address.postcode.empty() || address.town.empty() ||
        address.country.empty())
      return fail(Errc::malformed, "vendor '" + std::string(vendor.key()) +
                                       "' lacks street, postcode, town or country");
    out.emplace(vendor.key(), std::move(address));
  }
  return out;
}

Nameplates nameplates_of(const Plan& plan,
                         const std::unordered_map<std::string, VendorAddress>& vendors) {
  Nameplates out;
  json::array submodels, shells;
  for (const Row& row : plan.rows) {
    if (row.removed) continue;
    auto vendor = vendors.find(row[Field::vendor]);
    if (std::string why = lacks(row, vendor != vendors.end()); !why.empty()) {
      out.missing.push_back((row[Field::name].empty() ? row.id : row[Field::name]) + ": " + why);
      continue;
    }
    submodels.push_back(submodel_of(row, vendor->second));
    json::object model{
        {"type", "ModelReference"},
        {"keys", json::array{{{"type", "Submodel"}, {"value", "urn:uuid:" + row.id}}}}};
    shells.push_back({{"modelType", "AssetAdministrationShell"},
                      {"id", row[Field::product_uri] + "#aas"},
                      {"assetInformation",
                       {{"assetKind", "Instance"}, {"globalAssetId", row[Field::product_uri]}}},
                      {"submodels", json::array{std::move(model)}}});
    ++out.count;
  }
  // The metamodel knows no empty lists.
  if (out.count)
    out.environment = {{"assetAdministrationShells", std::move(shells)},
                       {"submodels", std::move(submodels)}};
  return out;
}

}  // namespace fairlead::client
