// SPDX-License-Identifier: Apache-2.0
#include "base/events.h"
#include "pki/profile.h"
#include "server/api/call.h"

namespace fairlead::server::api {

// By id, or by a GUID that it has or had; another account's device is as unknown as none.
Result<registry::Device> require_device(Call& call) {
  TRY(auto device, call.read().find_device(DeviceId(call.parameters[0])));
  if (auto guid = fdo::guid_from_text(call.parameters[0]); guid && !device) {
    TRY(device, call.read().find_device_by_guid(*guid));
  }
  if (!device || !call.who.sees(device->account))
    return fail(Errc::not_found, "there is no device '" + call.parameters[0] + "'");
  return std::move(*device);
}

namespace {

constexpr std::size_t timeline_max = 1000;

// The GUIDs that it had before, which old vouchers and logs name.
Result<json::array> former_guids(registry::Registry& registry, const registry::Device& device) {
  json::array out;
  for (auto state : {registry::VoucherState::superseded, registry::VoucherState::replaced}) {
    registry::VoucherFilter filter;
    filter.device = device.id;
    filter.state = state;
    TRY(auto vouchers, registry.vouchers(filter, {}));
    for (const auto& each : vouchers) out.push_back(json::string(guid_text(each.guid)));
  }
  return out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& each : texts) out += (out.empty() ? "" : ", ") + each;
  return out;
}

// Of what people change: what a device does by itself is nobody's lost edit.
std::string tag_of(const registry::Device& device) {
  return content_tag({device.name, json::serialize(json::value_from(device.groups))});
}

// Where the accepted key is proven to live: the fingerprint of a TPM's certificate, or "".
Result<std::string> tpm_of(registry::Registry& registry, const registry::Device& device) {
  TRY(auto keys, registry.keys_of(device.id));
  for (const registry::DeviceKey& each : keys)
    if (each.state == registry::KeyState::accepted) return to_hex(each.tpm);
  return "";
}

Result<Response> show(Call& call) {
  TRY(auto device, require_device(call));
  json::object out = to_json(device);
  TRY(auto certificates, call.read().certificates_of(device.id));
  json::array list;
  for (const auto& each : certificates) list.push_back(to_json(each));
  out["certificates"] = std::move(list);
  TRY(out["tpm"], tpm_of(call.read(), device));
  TRY(out["former_guids"], former_guids(call.read(), device));
  TRY(auto jobs, call.read().to0_jobs_of(device.guid));
  json::array rendezvous;
  for (const auto& each : jobs) rendezvous.push_back(to_json(each));
  out["rendezvous"] = std::move(rendezvous);
  // Not the one that decided, but the one that will.
  TRY(auto profile, call.s.enroller.profile_of(device));
  out["next_profile"] = profile ? profile->decision.id.str() : "";
  out["next_profile_is_for"] = profile ? enroll::in_words(profile->decision.match) : "";
  Response response = ok_json(out);
  response.etag = tag_of(device);
  return response;
}

}  // namespace

Result<Response> list_devices(Call& call) {
  registry::DeviceFilter filter;
  filter.search = call.query("search");
  if (std::string state = call.query("state"); !state.empty()) {
    filter.state = device_state_from(state);
    if (!filter.state)
      return fail(
          Errc::malformed,
          "'state' is none of known, onboarding, onboarded, waiting, granted, online, offline, "
          "revoked, failed, decommissioned");
  }
  if (std::string profile = call.query("profile"); !profile.empty())
    filter.profile = ProfileId(profile);
  if (std::string account = call.query("account"); !account.empty())
    filter.account = AccountId(account);
  if (!call.who.user.account.empty()) filter.account = call.who.user.account;
  registry::Page page = call.page();
  TRY(auto devices, call.read().devices(filter, page));
  return page_of(devices, page.limit, [](const auto& each) { return each.id.str(); });
}

// A device without voucher and maker's certificate: an operator says that there is one.
Result<Response> create_device(Call& call) {
  TRY(auto serial, call.text("serial"));
  TRY_VOID(pki::check_name_text(serial, "serial"));
  TRY(auto account_name, call.text_or("account", ""));
  TRY(auto account, own_account(call, account_name));
  if (account.empty()) return fail(Errc::malformed, "'account' is missing");
  registry::Device device;
  device.id = DeviceId("d-" + to_hex(call.s.random.bytes(8)));
  device.account = account;
  device.serial = serial;
  TRY(device.name, call.text_or("name", serial));
  TRY(device.model, call.text_or("model", ""));
  device.state_reason = "written down by " + call.who.user.id.str() + "; not seen yet";
  device.created = device.changed = call.request.now;
  Fields fields{{"who", call.who.user.id.str()}, {"serial", serial}};
  registry::Transaction changes{registry::InsertDevice{device}};
  append_deed(changes, call.actor(), device, call.request.now, event::device_created, fields);
  TRY_VOID(call.commit(std::move(changes)));
  call.s.log.write(event::device_created, fields);
  device.revision = 1;
  return ok_json(to_json(device), 201);
}

Result<Response> make_password(Call& call) {
  TRY(auto device, require_device(call));
  constexpr std::int64_t day = 86'400, longest = 90 * day;
  std::int64_t seconds = day;
  if (const json::value* given = call.body.if_contains("valid_s")) {
    if (!given->is_int64() || given->get_int64() < 60 || given->get_int64() > longest)
      return fail(Errc::malformed, "'valid_s' is not a whole number from 60 to 7776000");
    seconds = given->get_int64();
  }
  TRY(auto made, call.s.passwords.create(device.id, call.actor(), std::chrono::seconds(seconds),
                                         call.request.now));
  return ok_json(json::object{{"device", device.id.str()},
                              {"password", made.password},
                              {"expires", to_rfc3339(made.expires)}},
                 201);
}

Result<Response> show_device(Call& call) { return show(call); }
Result<Response> device_detail(Call& call) { return show(call); }

namespace {
Result<void> apply_edit(const Call& call, registry::Device& device) {
  TRY(device.name, call.text_or("name", device.name));
  if (call.body.contains("groups")) {
    TRY(device.groups, call.texts("groups"));
  }
  return ok();
}
}  // namespace

Result<Response> change_device(Call& call) {
  // The device may come online, or go, between the look and the change.
  constexpr int tries = 3;
  Result<void> stored;
  for (int i = 0; i < tries; ++i) {
    TRY(auto device, require_device(call));
    if (!call.matches(tag_of(device))) return changed_meanwhile("the device");
    TRY_VOID(apply_edit(call, device));
    std::uint64_t revision = device.revision;
    device.changed = call.request.now;
    auto deed = call.deed(device.account, device.id.str(), event::device_changed,
                          {{"name", device.name}, {"groups", joined(device.groups)}});
    stored = call.commit({registry::UpdateDevice{std::move(device), revision}, std::move(deed)});
    if (stored || stored.error().code != Errc::conflict) break;
  }
  TRY_VOID(std::move(stored));
  return show(call);
}

Result<Response> show_timeline(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto events, call.read().events_of(device.id, timeline_max));
  return page_of(events, SIZE_MAX, [](const auto& each) { return std::to_string(each.sequence); });
}

Result<Response> list_uploads(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto uploads, call.read().uploads_of(device.id));
  return page_of(uploads, SIZE_MAX, [](const auto& each) { return each.name; });
}

Result<Response> show_upload(Call& call) {
  TRY(auto device, require_device(call));
  const std::string& name = call.parameters[1];
  TRY(auto content, call.read().find_upload_content(device.id, name));
  if (!content) return fail(Errc::not_found, "the device left no file '" + name + "' here");
  return Response{200, "application/octet-stream", {}, std::string(as_text(*content)), {}};
}

Result<Response> revoke_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto reason, call.text("reason"));
  TRY_VOID(call.s.enroller.revoke(device.id, call.actor(), reason, call.request.now));
  return show(call);
}

Result<Response> decommission_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto reason, call.text("reason"));
  TRY_VOID(call.s.enroller.decommission(device.id, call.actor(), reason, call.request.now));
  return show(call);
}

Result<Response> replace_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY(auto by, call.text("by"));
  TRY(auto successor, call.read().find_device(DeviceId(by)));
  if (!successor || !call.who.sees(successor->account))
    return fail(Errc::not_found, "there is no device '" + by + "'");
  TRY_VOID(call.s.enroller.replace(device.id, successor->id, call.actor(), call.request.now));
  return show(call);
}

Result<Response> readmit_device(Call& call) {
  TRY(auto device, require_device(call));
  TRY_VOID(call.s.enroller.readmit(device.id, call.actor(), call.request.now));
  return show(call);
}

}  // namespace fairlead::server::api
