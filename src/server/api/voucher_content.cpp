// SPDX-License-Identifier: Apache-2.0
#include "server/api/voucher_content.h"

#include <boost/json.hpp>

#include "server/api/directives.h"

namespace fairlead::server::api {

namespace json = boost::json;

namespace {

std::string_view name_of(fdo::KeyEncoding encoding) {
  switch (encoding) {
    case fdo::KeyEncoding::crypto:
      return "crypto";
    case fdo::KeyEncoding::x509:
      return "x509";
    case fdo::KeyEncoding::x5chain:
      return "x5chain";
    case fdo::KeyEncoding::cosekey:
      return "cosekey";
  }
  return "unknown";
}

std::string_view name_of(crypto::HashAlg alg) {
  return alg == crypto::HashAlg::sha256 ? "SHA-256" : "SHA-384";
}

json::object key_json(const crypto::PublicKey& key, const NameKey& name) {
  return {{"type", crypto::to_string(key.type())},
          {"fingerprint", key.fingerprint().hex()},
          {"whose", name(key)}};
}

json::object key_json(const fdo::PublicKey& key, const NameKey& name) {
  json::object out = key_json(key.key, name);
  out["encoding"] = name_of(key.encoding);
  return out;
}

json::object certificate_json(const crypto::Certificate& certificate, const NameKey& name) {
  return {{"subject", certificate.subject()},
          {"issuer", certificate.issuer()},
          {"serial_number", to_hex(certificate.serial())},
          {"not_before", to_rfc3339(certificate.not_before())},
          {"not_after", to_rfc3339(certificate.not_after())},
          {"fingerprint", certificate.fingerprint().hex()},
          {"key", key_json(certificate.public_key(), name)}};
}

}  // namespace

json::object content_of(const fdo::Voucher& voucher, const NameKey& name) {
  const fdo::VoucherHeader& header = voucher.header;
  json::array directives, chain, entries;
  for (const auto& each : header.rendezvous.directives) directives.push_back(to_json(each));
  for (const auto& each : voucher.device_chain) chain.push_back(certificate_json(each, name));
  for (const auto& each : voucher.entries)
    entries.push_back(json::object{{"owner", key_json(each.key, name)}});
  auto verified = fdo::verify_voucher(voucher);
  return {{"guid", fdo::to_text(header.guid)},
          {"device_info", header.device_info},
          {"manufacturer", key_json(header.manufacturer_key, name)},
          {"rendezvous", std::move(directives)},
          {"hmac", "HMAC-" + std::string(name_of(voucher.hmac.alg))},
          {"device_chain", std::move(chain)},
          {"entries", std::move(entries)},
          {"owner", key_json(voucher.owner_key(), name)},
          {"fault", verified ? "" : verified.error().context}};
}

}  // namespace fairlead::server::api
