// SPDX-License-Identifier: Apache-2.0
#include "server/enroller.h"

#include "base/events.h"
#include "enroll/sealed_grant.h"
#include "pki/est/messages.h"
#include "server/enroller_records.h"

namespace fairlead::server {

namespace {

Result<enroll::Known> known_of(registry::Registry& registry, const registry::Device& device,
                               const crypto::Sha256& key) {
  enroll::Known known;
  bool copied = false;
  known.revoked = device.state == registry::DeviceState::revoked;
  known.decommissioned = device.state == registry::DeviceState::decommissioned;
  TRY(auto keys, registry.keys_of(device.id));
  for (const registry::DeviceKey& each : keys) {
    bool this_one = equal(each.fingerprint, key);
    if (each.state == registry::KeyState::accepted) {
      known.accepted_key = crypto::Sha256::from(each.fingerprint);
      known.this_key_approved |= this_one;
    }
    known.this_key_in_tpm |= this_one && !each.tpm.empty();
    known.this_key_rejected |= this_one && is_rejected(each.state);
    known.quarantined |= each.state == registry::KeyState::quarantined;
    copied |= each.state == registry::KeyState::rejected_as_copied;
  }
  // Whoever has the copy can make another key; only an approved one ends that.
  known.quarantined |= copied && !known.accepted_key;
  return known;
}

// In words, when the certificate has been expired for longer than the profile puts up with, or its
// key is not the device's any more: with approval of another one it keeps its access until that one
// comes, and has no say in who does.
Result<std::optional<std::string>> why_not_to_renew(registry::Registry& registry, View serial,
                                                    const EnrolmentProfile& profile, Time now) {
  TRY(auto record, registry.find_certificate(serial));
  if (!record) return fail(Errc::internal, "a renewal of a certificate that is not there");
  if (now > record->not_after + profile.renew_after_expiry)
    return std::optional("the certificate expired at " + to_rfc3339(record->not_after) +
                         ", longer ago than profile '" + profile.decision.id.str() +
                         "' allows for a renewal; the device has to enrol anew");
  TRY(auto keys, registry.keys_of(record->device));
  if (!is_in_force(keys, record->key_fingerprint))
    return std::optional<std::string>(
        "the key of this certificate is not the device's any more: another one was approved");
  return std::optional<std::string>();
}

// A key is one device's for ever. Under another identity it is a copy, or a revoked device that
// tries again; no approval makes it two devices' own.
Result<std::optional<std::string>> whose_key_it_is(registry::Registry& registry,
                                                   const DeviceId& device,
                                                   const crypto::PublicKey& key, const WayIn& way) {
  TRY(auto holders, registry.holders_of(key.fingerprint()));
  for (const DeviceId& each : holders)
    if (each != device && each != way.replaces)
      return std::optional("the key is on record as that of device '" + each.str() +
                           "'; each device makes a key of its own");
  return std::optional<std::string>();
}

}  // namespace

std::string topic_prefix_of(const AccountId& account, const DeviceId& device) {
  return "fairlead/v1/" + account.str() + "/" + device.str() + "/";
}

Result<Enroller::Granted> Enroller::grant(View document, const DeviceId& id, WayIn way, Time now) {
  TRY(auto attested, enroll::decode_attested_offer(document));
  const enroll::SignedOffer& offer = attested.signed_offer;
  TRY(auto device, require_device(store_.read(), id));
  if (attested.attestation) {
    TRY(auto proof, check_attestation(store_.read(), device.account, attested, now));
    if (auto* why = std::get_if<Unproven>(&proof))
      return fail(turn_away(device.id, {"proof that its key lives in a TPM: " + why->why}, now));
    way.tpm = std::move(std::get<ProvenTpm>(proof));
  }
  device.model = offer.offer.model;
  device.product_uri = offer.offer.product_uri;
  if (device.serial.empty()) device.serial = offer.offer.serial;
  TRY(auto issued, issue(offer.request.key, std::move(device), way, now));
  enroll::Grant grant{offer.hash, id,          std::move(issued.chain), {}, endpoint_anchors_,
                      now,        renewal_url_};
  auto add = [&](const std::string& uri) {
    grant.endpoints.push_back({uri, id.str(), issued.topic_prefix});
  };
  std::ranges::for_each(issued.profile->endpoints, add);
  if (grant.endpoints.empty()) add(own_endpoint_);
  TRY(auto encoded, enroll::encode_grant(grant, *identity_.owner));
  if (way.tpm) {
    TRY(encoded, enroll::seal_grant(encoded, way.tpm->endorsement_key,
                                    way.tpm->attestation_key_name, random_));
  }
  return Granted{std::move(encoded), std::move(issued.profile)};
}

Result<Bytes> Enroller::certificate(View csr, const DeviceId& id, const WayIn& way, Time now) {
  TRY(auto request, crypto::decode_csr(csr));
  TRY(auto device, require_device(store_.read(), id));
  TRY(auto issued, issue(request.key, std::move(device), way, now));
  return crypto::encode_certs_only(issued.chain);
}

Result<Bytes> Enroller::ca_certificates() const {
  return crypto::encode_certs_only(identity_.operational_ca.authority.chain());
}

Bytes Enroller::csr_attributes() const {
  return est::encode_csr_attributes(identity_.operational_ca.key->public_key().type());
}

Result<crypto::Certificate> Enroller::enroll(const crypto::PublicKey& key, const DeviceId& id,
                                             const WayIn& way, Time now) {
  // One request sent twice at once: the second finds what the first left, and gets the same.
  for (int i = 1;; ++i) {
    TRY(auto device, require_device(store_.read(), id));
    auto issued = issue(key, std::move(device), way, now);
    if (issued) return std::move(issued->chain.front());
    if (issued.error().code != Errc::conflict || i == conflict_retries)
      return std::unexpected(issued.error());
  }
}

Result<Enroller::Issued> Enroller::issue(const crypto::PublicKey& key, registry::Device device,
                                         const WayIn& way, Time now) {
  TRY(auto profile, profile_of(device));
  if (!profile)
    return fail(hold(std::move(device), key, way,
                     {"no enrolment profile matches this device", "An operator who writes one"},
                     now));
  // A label is checked, never a choice: a device would choose the profile that asks for least.
  if (!way.profile.empty() && way.profile != profile->decision.id)
    return fail(turn_away(device.id,
                          {"the profile of this device is '" + profile->decision.id.str() +
                           "', not '" + way.profile.str() + "'"},
                          now));
  if (!way.renews.empty()) {
    TRY(auto why_not, why_not_to_renew(store_.read(), way.renews, *profile, now));
    if (why_not) return fail(turn_away(device.id, {std::move(*why_not)}, now));
  }
  TRY(auto whose, whose_key_it_is(store_.read(), device.id, key, way));
  if (whose) return fail(turn_away(device.id, {std::move(*whose)}, now));
  TRY(auto known, known_of(store_.read(), device, key.fingerprint()));
  auto decision = enroll::decide(key, {way.right, device.account, way.tpm.has_value()},
                                 profile->decision, known);
  if (auto* pending = std::get_if<enroll::Pending>(&decision))
    return fail(hold(std::move(device), key, way, *pending, now));
  if (auto* refused = std::get_if<enroll::Refused>(&decision))
    return fail(turn_away(device.id, *refused, now));
  return carry_out(std::get<enroll::Granted>(decision), std::move(profile), std::move(device), key,
                   way, now);
}

namespace {

// What vouches for a key, by how it came: from beside the device, that its code was proven.
std::string evidence_of(enroll::Right right) {
  if (right == enroll::Right::user || right == enroll::Right::plan_row)
    return std::string(to_string(enroll::Evidence::possession));
  return std::string(to_string(right));
}

registry::Certificate record_of(const crypto::Certificate& certificate, const DeviceId& device,
                                const AccountId& account, std::string topic_prefix, Time now) {
  registry::Certificate record;
  record.serial = certificate.serial();
  record.device = device;
  record.account = account;
  record.key_fingerprint = to_bytes(View(certificate.public_key().fingerprint()));
  record.fingerprint = to_bytes(View(certificate.fingerprint()));
  record.state = registry::CertificateState::issued;
  record.not_before = certificate.not_before();
  record.not_after = certificate.not_after();
  record.changed = now;
  record.topic_prefix = std::move(topic_prefix);
  record.der = certificate.der();
  return record;
}

// A lost reply, a reset, a retry: the same key gets the same certificate, unless a third of its
// life is all it has left, or it is the one to be renewed, or under another name than is asked for.
Result<std::optional<crypto::Certificate>> still_good(
    const std::vector<registry::Certificate>& certificates, const crypto::PublicKey& key,
    const WayIn& way, Time now) {
  for (const registry::Certificate& each : certificates) {
    if (!is_usable(each) || !equal(each.key_fingerprint, key.fingerprint())) continue;
    Time from = std::max(each.not_before, each.changed);  // certificates are back-dated
    if (each.not_after - now < (each.not_after - from) / 3) continue;
    if (each.serial == way.renews) continue;
    TRY(auto certificate, crypto::Certificate::from_known_der(each.der));
    if (!way.common_name.empty() && certificate.common_name() != way.common_name) continue;
    return std::optional(std::move(certificate));
  }
  return std::optional<crypto::Certificate>();
}

}  // namespace

Result<Enroller::Issued> Enroller::carry_out(const enroll::Granted& granted,
                                             std::shared_ptr<const EnrolmentProfile> profile,
                                             registry::Device device, const crypto::PublicKey& key,
                                             const WayIn& way, Time now) {
  const pki::Authority& authority = identity_.operational_ca.authority;
  Issued out{device, {}, topic_prefix_of(granted.account, device.id), std::move(profile)};
  TRY(auto held, store_.read().certificates_of(device.id));
  TRY(auto certificate, still_good(held, key, way, now));
  const bool is_new = !certificate;
  if (is_new) {
    pki::LeafProfile leaf;
    leaf.lifetime = granted.lifetime;
    const std::string& name = way.common_name.empty() ? device.id.str() : way.common_name;
    TRY(certificate, authority.issue(leaf, key, {name, {}, {}}, now, random_));
  }
  auto record = record_of(*certificate, device.id, granted.account, out.topic_prefix, now);
  Revocation other;
  if (!way.replaces.empty() && way.replaces != device.id) {
    TRY(other, revocation_of(way.replaces, way.actor, "replaced by " + device.id.str(), now));
  }
  std::vector<registry::Certificate> replaced;
  if (is_new && way.right == enroll::Right::renewal) {
    TRY_VOID(put_renewal_on_record(std::move(device), record, way.actor, now));
  } else if (is_new) {
    replaced = std::move(held);
    std::erase_if(replaced, [&](const registry::Certificate& each) {
      return !is_usable(each) || each.key_fingerprint == record.key_fingerprint;
    });
    device.account = granted.account;
    device.profile = out.profile->decision.id;
    TRY_VOID(put_on_record(std::move(other.changes), std::move(device), record, replaced, way,
                           enroll::in_words(out.profile->decision.match), now));
  } else {  // the answer before was lost, or its key was not proven then
    TRY_VOID(prove_later(other.changes, device, record, way, now));
    if (!other.changes.empty()) TRY_VOID(store_.commit(std::move(other.changes)));
  }
  tell(other);
  // At the same moment as the decision: the device may connect the instant it holds its
  // certificate.
  TRY_VOID(access_.admit(record));
  // Who still holds the key before has no business on the broker any more.
  for (const registry::Certificate& each : replaced) TRY_VOID(access_.revoke(each));
  for (const registry::Certificate& each : other.certificates) TRY_VOID(access_.revoke(each));
  out.chain.push_back(std::move(*certificate));
  out.chain.insert(out.chain.end(), authority.chain().begin(), authority.chain().end());
  return out;
}

void Enroller::say_proven(registry::Transaction& changes, const registry::Device& device,
                          const registry::Certificate& certificate, const WayIn& way, Time now) {
  Fields fields{{"key", to_hex(certificate.key_fingerprint)},
                {"tpm", to_hex(way.tpm->certificate)},
                {"maker", way.tpm->maker}};
  log_.write(event::key_in_tpm, fields);
  append_deed(changes, way.actor, device, now, event::key_in_tpm, fields);
}

// The key has its certificate already, and now a proof of where it lives, or another one.
Result<void> Enroller::prove_later(registry::Transaction& changes, const registry::Device& device,
                                   const registry::Certificate& certificate, const WayIn& way,
                                   Time now) {
  if (!way.tpm) return ok();
  TRY(auto keys, store_.read().keys_of(device.id));
  for (registry::DeviceKey& each : keys) {
    if (each.fingerprint != certificate.key_fingerprint || each.tpm == way.tpm->certificate)
      continue;
    each.tpm = way.tpm->certificate;
    changes.push_back(registry::PutKey{std::move(each)});
    say_proven(changes, device, certificate, way, now);
  }
  return ok();
}

// A new certificate, its key as the accepted one, and what both replace: one transaction.
Result<void> Enroller::put_on_record(registry::Transaction changes, registry::Device device,
                                     const registry::Certificate& certificate,
                                     const std::vector<registry::Certificate>& replaced,
                                     const WayIn& way, const std::string& because, Time now) {
  for (const registry::Certificate& each : replaced)
    changes.push_back(
        registry::SetCertificateState{each.serial, registry::CertificateState::superseded, now});
  TRY(auto keys, store_.read().keys_of(device.id));
  for (registry::DeviceKey& each : keys) {
    if (!is_in_force(each.state) || each.fingerprint == certificate.key_fingerprint) continue;
    each.state = registry::KeyState::superseded;
    each.changed = now;
    changes.push_back(registry::PutKey{std::move(each)});
  }
  changes.push_back(registry::PutKey{{device.id, certificate.key_fingerprint,
                                      registry::KeyState::accepted, evidence_of(way.right), now,
                                      now, way.tpm ? way.tpm->certificate : Bytes()}});
  if (way.tpm) say_proven(changes, device, certificate, way, now);
  changes.push_back(registry::InsertCertificate{certificate});
  Fields fields{{"serial_number", to_hex(certificate.serial)},
                {"account", device.account.str()},
                {"profile", device.profile.str()},
                {"because", because},
                {"not_after", to_rfc3339(certificate.not_after)}};
  append_deed(changes, way.actor, device, now, event::granted, fields);
  changes.push_back(update(std::move(device), registry::DeviceState::granted,
                           "certificate issued; not connected yet", now));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::granted, fields);
  return ok();
}

// Beside what is in force, which stays so until the new one has been used.
Result<void> Enroller::put_renewal_on_record(registry::Device device,
                                             const registry::Certificate& certificate,
                                             const Actor& actor, Time now) {
  registry::Transaction changes{registry::InsertCertificate{certificate}};
  TRY(auto keys, store_.read().keys_of(device.id));
  bool same_key = std::ranges::any_of(keys, [&](const registry::DeviceKey& each) {
    return each.state == registry::KeyState::accepted &&
           each.fingerprint == certificate.key_fingerprint;
  });
  if (!same_key)
    changes.push_back(
        registry::PutKey{{device.id, certificate.key_fingerprint, registry::KeyState::renewing,
                          evidence_of(enroll::Right::renewal), now, now}});
  Fields fields{{"serial_number", to_hex(certificate.serial)},
                {"not_after", to_rfc3339(certificate.not_after)}};
  append_deed(changes, actor, device, now, event::renewed, fields);
  registry::DeviceState state = device.state;
  std::string reason = device.state_reason;
  changes.push_back(update(std::move(device), state, std::move(reason), now));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::renewed, fields);
  return ok();
}

Result<void> Enroller::confirm_use(const DeviceId& id, View fingerprint, Time now) {
  TRY(auto certificates, store_.read().certificates_of(id));
  auto used = std::ranges::find_if(certificates, [&](const registry::Certificate& each) {
    return equal(each.fingerprint, fingerprint);
  });
  if (used == certificates.end() || used->state != registry::CertificateState::issued) return ok();
  std::vector<registry::Certificate> before;
  for (const registry::Certificate& each : certificates)
    if (is_usable(each) && each.serial != used->serial) before.push_back(each);
  if (before.empty()) return ok();  // a first certificate: PresenceRecord has more to do with it
  TRY(auto keys, store_.read().keys_of(id));
  // A person approved another key meanwhile, and with that one's grant this one goes.
  if (!is_in_force(keys, used->key_fingerprint)) return ok();
  TRY(auto device, require_device(store_.read(), id));
  registry::Transaction changes{
      registry::SetCertificateState{used->serial, registry::CertificateState::active, now}};
  for (const registry::Certificate& each : before)
    changes.push_back(
        registry::SetCertificateState{each.serial, registry::CertificateState::superseded, now});
  for (registry::DeviceKey& key : keys) {
    if (!is_in_force(key.state)) continue;
    bool this_one = key.fingerprint == used->key_fingerprint;
    key.state = this_one ? registry::KeyState::accepted : registry::KeyState::superseded;
    key.changed = now;
    changes.push_back(registry::PutKey{std::move(key)});
  }
  Fields fields{{"serial_number", to_hex(used->serial)}};
  append_deed(changes, {id.str(), "mqtt"}, device, now, event::renewal_confirmed, fields);
  registry::DeviceState state = device.state;
  std::string reason = device.state_reason;
  changes.push_back(update(std::move(device), state, std::move(reason), now));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::renewal_confirmed, fields);
  for (const registry::Certificate& each : before) TRY_VOID(access_.revoke(each));
  return ok();
}

namespace {

// The key that has waited longest for a decision, where as many wait as may; null: there is room.
const registry::DeviceKey* crowded_out(const std::vector<registry::DeviceKey>& keys) {
  const registry::DeviceKey* oldest = nullptr;
  std::size_t waiting = 0;
  for (const registry::DeviceKey& each : keys) {
    if (each.state != registry::KeyState::pending) continue;  // a quarantined one was in force
    ++waiting;
    if (!oldest || each.changed < oldest->changed) oldest = &each;
  }
  return waiting < waiting_keys_max ? nullptr : oldest;
}

}  // namespace

// What is asked for and not given goes into the timeline, which is bounded, and not into the audit
// log, which is not: whoever asks could fill it.
Error Enroller::hold(registry::Device device, const crypto::PublicKey& key, const WayIn& way,
                     const enroll::Pending& pending, Time now) {
  registry::DeviceKey record{device.id,
                             to_bytes(View(key.fingerprint())),
                             registry::KeyState::pending,
                             evidence_of(way.right),
                             now,
                             now,
                             way.tpm ? way.tpm->certificate : Bytes()};
  auto keys = store_.read().keys_of(device.id);
  if (!keys) return keys.error();
  auto before = std::ranges::find(*keys, record.fingerprint, &registry::DeviceKey::fingerprint);
  bool same_key = before != keys->end() && is_undecided(before->state);
  if (same_key) record.state = before->state;  // asking again lifts no quarantine
  bool already = same_key && device.state == registry::DeviceState::waiting &&
                 device.state_reason == pending.why;
  if (already) return {Errc::busy, "waiting for a decision: " + pending.why};
  registry::Transaction changes{registry::PutKey{std::move(record)}};
  const registry::DeviceKey* dropped = same_key ? nullptr : crowded_out(*keys);
  Fields drop_fields;
  if (dropped) {
    drop_fields = {{"key", to_hex(dropped->fingerprint).substr(0, 16)},
                   {"waiting", std::to_string(waiting_keys_max)}};
    changes.push_back(registry::RemoveKey{device.id, dropped->fingerprint});
    changes.push_back(timeline(device.id, now, event::key_dropped, drop_fields));
  }
  Fields fields{{"why", pending.why}, {"who", pending.who}};
  changes.push_back(timeline(device.id, now, event::grant_pending, fields));
  changes.push_back(update(std::move(device), registry::DeviceState::waiting, pending.why, now));
  auto stored = store_.commit(std::move(changes));
  if (!stored) return stored.error();
  if (dropped) log_.write(event::key_dropped, drop_fields);
  log_.write(event::grant_pending, fields);
  return {Errc::busy, "waiting for a decision: " + pending.why};
}

Error Enroller::turn_away(const DeviceId& device, const enroll::Refused& refused, Time now) {
  Fields fields{{"why", refused.why}};
  auto stored = store_.commit({timeline(device, now, event::grant_refused, fields)});
  if (!stored) return stored.error();
  log_.write(event::grant_refused, fields);
  return {Errc::refused, refused.why};
}

}  // namespace fairlead::server
