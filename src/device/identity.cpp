// SPDX-License-Identifier: Apache-2.0
#include "device/identity.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace fairlead::device {

using cbor::Reader;
using cbor::Writer;
using keystore::KeyName;

namespace {

constexpr std::uint64_t identity_version = 2;
constexpr std::size_t text_max = 256, endpoints_max = 8, anchors_max = 8;

void write_certificates(Writer& out, const std::vector<crypto::Certificate>& certificates) {
  out.array(certificates.size());
  for (const auto& each : certificates) out.bytes(each.der());
}

Result<std::vector<crypto::Certificate>> read_certificates(Reader& in, std::size_t max) {
  std::size_t count = in.array_between(0, max);
  std::vector<crypto::Certificate> out;
  for (std::size_t i = 0; i < count; ++i) {
    View der = in.bytes(limits::certificate_bytes_max);
    TRY_VOID(in.status());
    TRY(auto certificate, crypto::Certificate::from_der(der));
    out.push_back(std::move(certificate));
  }
  return out;
}

void write_operational(Writer& out, const Operational& operational) {
  out.array(8).text(operational.key.str()).text(operational.device.str());
  write_certificates(out, operational.chain);
  out.array(operational.endpoints.size());
  for (const auto& each : operational.endpoints)
    out.array(3).text(each.uri).text(each.client_id).text(each.topic_prefix);
  write_certificates(out, operational.anchors);
  out.integer(to_unix_ms(operational.server_time)).text(operational.renewal_url);
  out.boolean(operational.key_proven);
}

Result<Operational> read_operational(Reader& in) {
  Operational out;
  const bool says_proven = in.array_between(7, 8) == 8;
  out.key = KeyName(in.text(64));
  out.device = DeviceId(in.text(64));
  TRY(out.chain, read_certificates(in, limits::certificate_chain_max));
  std::size_t count = in.array_between(0, endpoints_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    in.array(3);
    enroll::Endpoint endpoint;
    endpoint.uri = in.text(text_max);
    endpoint.client_id = in.text(text_max);
    endpoint.topic_prefix = in.text(text_max);
    out.endpoints.push_back(std::move(endpoint));
  }
  TRY(out.anchors, read_certificates(in, anchors_max));
  out.server_time = from_unix_ms(in.integer());
  out.renewal_url = in.text(text_max);
  if (says_proven) out.key_proven = in.boolean();
  TRY_VOID(in.status());
  if (out.chain.empty()) return fail(Errc::malformed, "access without a certificate");
  return out;
}

}  // namespace

Bytes encode_operational(const Operational& operational) {
  Writer out;
  write_operational(out, operational);
  return out.take();
}

Result<Operational> decode_operational(View encoded) {
  Reader in(encoded);
  TRY(auto out, read_operational(in));
  return in.finish(std::move(out));
}

Bytes encode_identity(const Identity& identity) {
  Writer out;
  out.array(11)
      .uint(identity_version)
      .uint(identity.generation)
      .text(identity.serial)
      .text(identity.model);
  out.text(identity.device_key.str()).text(identity.hmac_key.str());
  if (identity.has_credential())
    out.bytes(fdo::encode_credential(identity.credential));
  else
    out.null();
  out.boolean(identity.onboarded);
  if (identity.owner)
    out.bytes(*identity.owner);
  else
    out.null();
  if (identity.operational)
    write_operational(out, *identity.operational);
  else
    out.null();
  out.boolean(identity.decommissioned);
  return out.take();
}

Result<Identity> decode_identity(View encoded) {
  Reader in(encoded);
  Identity out;
  const bool says_decommissioned = in.array_between(10, 11) == 11;
  if (in.uint() != identity_version) in.fail_here("identity is of another version");
  out.generation = in.uint();
  out.serial = in.text(text_max);
  out.model = in.text(text_max);
  out.device_key = KeyName(in.text(64));
  out.hmac_key = KeyName(in.text(64));
  if (out.has_credential()) {
    View credential = in.bytes(limits::fdo_message_bytes_max);
    TRY_VOID(in.status());
    TRY(out.credential, fdo::decode_credential(credential));
  } else {
    in.null();
  }
  out.onboarded = in.boolean();
  if (!in.take_null()) out.owner = in.fixed<crypto::Sha256>();
  if (!in.take_null()) {
    TRY(auto operational, read_operational(in));
    out.operational = std::move(operational);
  }
  if (says_decommissioned) out.decommissioned = in.boolean();
  return in.finish(std::move(out));
}

Result<std::optional<Identity>> load_identity(const StateDirectory& directory) {
  TRY(auto bytes, directory.read(std::string(identity_file)));
  if (!bytes) return std::optional<Identity>();
  TRY(auto identity, decode_identity(*bytes).in("identity in " + directory.path().string()));
  return std::optional(std::move(identity));
}

Result<void> save_identity(const StateDirectory& directory, const Identity& identity) {
  return directory.write(std::string(identity_file), encode_identity(identity));
}

KeyName hmac_key_name(std::uint64_t generation) {
  return KeyName(generation == 0 ? "device-hmac" : "device-hmac-" + std::to_string(generation));
}

namespace {
std::string operational_prefix(std::uint64_t generation) {
  return "operational-" + std::to_string(generation) + "-";
}
}  // namespace

KeyName operational_key_name(std::uint64_t generation, const crypto::Sha256& owner) {
  return KeyName(operational_prefix(generation) + owner.hex().substr(0, 16));
}

KeyName renewal_key_name(const crypto::Certificate& renewed) {
  return KeyName("renewal-" + renewed.fingerprint().hex().substr(0, 16));
}

Result<void> sweep_keys(keystore::Keystore& keystore, const std::optional<Identity>& identity) {
  if (!identity) return ok();  // the next initialisation takes over or replaces what is there
  std::vector<KeyName> wanted{identity->device_key, identity->hmac_key};
  std::string next = operational_prefix(identity->generation + 1);
  if (identity->operational) {
    wanted.push_back(identity->operational->key);
    wanted.push_back(renewal_key_name(identity->operational->chain[0]));
  }
  TRY(auto names, keystore.list());
  for (const KeyName& name : names) {
    bool is_next = name.str().starts_with(next) && !identity->decommissioned;
    bool swept = name.str().starts_with("device-hmac") || name.str().starts_with("renewal-") ||
                 (name.str().starts_with("operational-") && !is_next);
    if (swept && std::ranges::find(wanted, name) == wanted.end()) TRY_VOID(keystore.remove(name));
  }
  return ok();
}

State state_of(const std::optional<Identity>& identity) {
  if (!identity) return State::uninitialized;
  if (identity->decommissioned) return State::decommissioned;
  if (identity->operational && !identity->operational->endpoints.empty()) return State::provisioned;
  if (!identity->has_credential()) return State::uninitialized;
  return identity->onboarded ? State::onboarded : State::initialized;
}

}  // namespace fairlead::device
