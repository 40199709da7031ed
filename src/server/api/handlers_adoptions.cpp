// SPDX-License-Identifier: Apache-2.0
// The adoption queue: devices that wait for a person's decision, and the decision.
#include "server/api/call.h"

namespace fairlead::server::api {

namespace {

// None: the key has no part in the decision.
std::optional<std::string_view> state_text(registry::KeyState state) {
  switch (state) {
    case registry::KeyState::accepted:
      return "accepted";
    case registry::KeyState::pending:
      return "waiting";
    case registry::KeyState::quarantined:
      return "quarantined";
    case registry::KeyState::rejected:
    case registry::KeyState::rejected_as_copied:
    case registry::KeyState::superseded:
    case registry::KeyState::renewing:
      break;
  }
  return std::nullopt;
}

// The keys that compete for the device: those that wait or were found with two devices, and the
// one that is in force.
Result<json::array> competing_keys(registry::Registry& registry, const DeviceId& device) {
  TRY(auto keys, registry.keys_of(device));
  json::array out;
  for (const registry::DeviceKey& each : keys) {
    auto state = state_text(each.state);
    if (!state) continue;
    out.push_back({{"fingerprint", to_hex(each.fingerprint)},
                   {"state", *state},
                   {"evidence", each.evidence},
                   {"tpm", to_hex(each.tpm)},
                   {"since", to_rfc3339(each.created)}});
  }
  return out;
}

// "key" of the body: empty bytes where it is left out.
Result<Bytes> named_key(const Call& call) {
  const json::value* key = call.body.if_contains("key");
  if (!key) return Bytes();
  auto bytes = key->is_string() ? from_hex(key->get_string()) : std::nullopt;
  if (!bytes || bytes->size() != crypto::Sha256::size_bytes)
    return fail(Errc::malformed, "'key' is not the fingerprint of a key, in hexadecimal");
  return std::move(*bytes);
}

}  // namespace

Result<Response> list_adoptions(Call& call) {
  registry::DeviceFilter filter;
  filter.state = registry::DeviceState::waiting;
  if (std::string account = call.query("account"); !account.empty())
    filter.account = AccountId(account);
  if (!call.who.user.account.empty()) filter.account = call.who.user.account;
  registry::Page page = call.page();
  TRY(auto devices, call.read().devices(filter, page));
  json::array items;
  for (const registry::Device& device : devices) {
    TRY(auto keys, competing_keys(call.read(), device.id));
    bool any = std::ranges::any_of(
        keys, [](const json::value& key) { return key.at("state").as_string() != "accepted"; });
    if (!any) continue;  // approved: it waits for the device
    items.push_back({{"device", device.id.str()},
                     {"account", device.account.str()},
                     {"name", device.name},
                     {"serial", device.serial},
                     {"model", device.model},
                     {"why", device.state_reason},
                     {"since", to_rfc3339(device.changed)},
                     {"keys", std::move(keys)}});
  }
  json::object out{{"items", std::move(items)}};
  if (!devices.empty() && devices.size() >= page.limit) out["next"] = devices.back().id.str();
  return ok_json(out);
}

Result<Response> approve_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto key, named_key(call));
  TRY_VOID(call.s.enroller.approve(device.id, call.actor(), call.request.now, key));
  return device_detail(call);
}

Result<Response> reject_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto reason, call.text("reason"));
  TRY(auto key, named_key(call));
  TRY_VOID(call.s.enroller.reject(device.id, call.actor(), reason, call.request.now, key));
  return device_detail(call);
}

}  // namespace fairlead::server::api
