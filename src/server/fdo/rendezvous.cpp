// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/rendezvous.h"

#include "base/events.h"
#include "fdo/di.h"
#include "fdo/to01.h"
#include "server/trust.h"

namespace fairlead::server {

namespace {
// So many GUIDs of one device may be waiting to be asked for: an owner's replacements that came to
// nothing are among them.
constexpr std::size_t registrations_per_device_max = 64;
}  // namespace

fdo::Outcome<Answer> Rendezvous::on_hello(View body, const Caller&) {
  TRY_VOID(fdo::decode_empty(body).in("TO0.Hello"));
  auto nonce = random_.draw<fdo::Nonce>();
  return Answer{21, fdo::encode_nonce(nonce), to_bytes(View(nonce))};
}

// Who may be registered here: devices of a maker, or of an owner, that an operator listed; and
// through all sales that follow, whoever had one of these from its owner.
Result<void> Rendezvous::admit(const fdo::Voucher& voucher) {
  if (policy_.open) return ok();
  using Kind = registry::TrustedKey::Kind;
  const std::pair<const crypto::PublicKey*, Kind> vouching[] = {
      {&voucher.header.manufacturer_key.key, Kind::manufacturer},
      {&voucher.owner_key().key, Kind::owner}};
  for (const auto& [key, kind] : vouching) {
    if (std::ranges::find(policy_.own_keys, key->fingerprint()) != policy_.own_keys.end())
      return ok();
    TRY(bool trusted, is_trusted(store_.read(), AccountId(), *key, kind));
    if (trusted) return ok();
  }
  TRY(bool inherited, replaces_one_admitted(voucher));
  if (inherited) return ok();
  return fail(
      Errc::untrusted,
      "neither manufacturer nor owner is on the list of this rendezvous server; add one with "
      "`fairlead trust add`");
}

// The owner of a registered voucher makes the next one when it onboards the device: same device
// key, and the replacement's header names that owner as its maker.
Result<bool> Rendezvous::replaces_one_admitted(const fdo::Voucher& voucher) {
  Bytes device_key = voucher.device_chain.front().public_key().spki();
  TRY(auto known, store_.read().registrations_of(device_key));
  if (known.size() >= registrations_per_device_max)
    return fail(Errc::refused, "this device has " + std::to_string(known.size()) +
                                   " registrations here; they go when it asks under one of them");
  for (const registry::Registration& each : known) {
    TRY(auto before, fdo::decode_voucher(each.voucher_chain));
    if (before.owner_key().key == voucher.header.manufacturer_key.key) return true;
  }
  return false;
}

// A device that asks under one GUID holds no other. What is still kept alive may be a replacement
// on its way to it.
Result<void> Rendezvous::forget_former(const registry::Registration& present, Time now) {
  TRY(auto all, store_.read().registrations_of(present.device_key));
  registry::Transaction changes;
  for (const registry::Registration& each : all)
    if (each.guid != present.guid && each.expires < now)
      changes.push_back(registry::RemoveRegistration{each.guid});
  return changes.empty() ? ok() : store_.commit(std::move(changes));
}

fdo::Outcome<Answer> Rendezvous::on_owner_sign(View state, View body, const Caller& caller) {
  auto nonce = fdo::Nonce::from(state);
  if (!nonce) return fdo::refuse(fdo::ErrorCode::internal, "stored TO0 run is not whole");
  TRY(auto message, fdo::accept_owner_sign(body, *nonce));
  const fdo::Guid& guid = message.voucher.header.guid;
  // A former owner can drop the entries after its own and the device can't tell. We can: the
  // voucher of the last registration is kept, even after it expired, and only the same or a
  // continued one follows it.
  TRY(auto before, store_.read().find_registration(guid));
  if (before) {
    TRY(auto known, fdo::decode_stored_voucher(before->voucher_chain));
    if (!fdo::is_same_or_extension(known, message.voucher)) {
      log_(event::rendezvous_truncated_voucher,
           {{"guid", fdo::to_text(guid)}, {"peer", caller.peer}});
      return fdo::refuse(fdo::ErrorCode::invalid_voucher,
                         "voucher does not continue the one registered before");
    }
  } else if (auto admitted = admit(message.voucher); !admitted) {
    return fdo::refuse(fdo::ErrorCode::invalid_voucher, admitted.error().context);
  }
  std::uint32_t wait = std::min(message.wait_seconds, policy_.wait_seconds_max);
  registry::Registration registration{to_bytes(View(guid)),
                                      message.to1d.encoded,
                                      message.voucher.device_chain.front().public_key().spki(),
                                      message.voucher.encode(),
                                      caller.now + std::chrono::seconds(wait),
                                      caller.now};
  TRY_VOID(store_.commit({registry::PutRegistration{std::move(registration)}}));
  log_(event::rendezvous_registered,
       {{"guid", fdo::to_text(guid)}, {"seconds", std::to_string(wait)}});
  return Answer{23, fdo::encode_accept_owner(wait), {}};
}

namespace {
Result<registry::Registration> live_registration(registry::Registry& registry,
                                                 const fdo::Guid& guid, Time now) {
  TRY(auto registration, registry.find_registration(guid));
  if (!registration || registration->expires < now)
    return fail(Errc::not_found, "no owner has registered device " + fdo::to_text(guid));
  return std::move(*registration);
}
}  // namespace

fdo::Outcome<Answer> Rendezvous::on_hello_rv(View body, const Caller& caller) {
  TRY(auto hello, fdo::decode_hello_rv(body));
  TRY(auto registration, live_registration(store_.read(), hello.guid, caller.now));
  TRY(auto key, crypto::PublicKey::from_spki(registration.device_key));
  if (hello.sg_type != fdo::signature_alg(key.type()))
    return fdo::refuse(fdo::ErrorCode::invalid_message,
                       "TO1.HelloRV: signature type does not go with the device's key");
  auto nonce = random_.draw<fdo::Nonce>();
  Bytes state = to_bytes(View(nonce));
  append(state, hello.guid);
  return Answer{31, fdo::encode_hello_rv_ack(nonce, hello.sg_type), std::move(state)};
}

fdo::Outcome<Answer> Rendezvous::on_prove_to_rv(View state, View body, const Caller& caller) {
  if (state.size() != 32)
    return fdo::refuse(fdo::ErrorCode::internal, "stored TO1 run is not whole");
  auto nonce = *fdo::Nonce::from(state.first(16));
  auto guid = *fdo::Guid::from(state.subspan(16));
  TRY(auto registration, live_registration(store_.read(), guid, caller.now));
  TRY(auto key, crypto::PublicKey::from_spki(registration.device_key));
  auto proven = fdo::check_prove_to_rv(body, nonce, guid, key);
  if (!proven) return std::unexpected(proven.error());
  TRY_VOID(forget_former(registration, caller.now));
  log_(event::rendezvous_redirected, {{"guid", fdo::to_text(guid)}, {"peer", caller.peer}});
  return Answer{33, std::move(registration.to1d), {}};
}

}  // namespace fairlead::server
