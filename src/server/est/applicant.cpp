// SPDX-License-Identifier: Apache-2.0
#include "server/est/applicant.h"

#include "base/events.h"
#include "pki/est/messages.h"
#include "server/vouchers.h"

namespace fairlead::server {

namespace {

// A certificate that this server issued, whole: a serial number alone is anybody's to write.
Result<std::optional<registry::Certificate>> own_record(registry::Registry& registry,
                                                        const crypto::Certificate& shown) {
  TRY(auto record, registry.find_certificate(shown.serial()));
  if (record && record->der != shown.der()) record.reset();
  return record;
}

}  // namespace

Result<registry::Certificate> certificate_to_renew(registry::Registry& registry,
                                                   const net::HttpRequest& request) {
  if (!request.client_certificate)
    return fail(Errc::untrusted, "simplereenroll takes the certificate to be renewed, in TLS");
  TRY(auto record, own_record(registry, *request.client_certificate));
  if (!record)
    return fail(Errc::untrusted, "the certificate shown was not issued here, or is not on record");
  using enum registry::CertificateState;
  if (record->state == revoked) return fail(Errc::untrusted, "the certificate shown is revoked");
  if (record->state == superseded)
    return fail(Errc::untrusted, "the certificate shown was replaced by a newer one");
  return std::move(*record);
}

Result<Applicant> EstApplicants::for_enrolment(const net::HttpRequest& request,
                                               const crypto::PublicKey& key, Time now) {
  if (request.client_certificate) {
    TRY(auto applicant, by_certificate(request, now));
    if (applicant) return std::move(*applicant);
  }
  auto header = net::find_header(request.headers, "Authorization");
  auto credentials = header ? est::parse_basic(*header) : std::nullopt;
  if (credentials) {
    TRY(auto device,
        passwords_.use(credentials->user, credentials->password.reveal(), key, request.peer, now));
    return Applicant{std::move(device), enroll::Right::one_time_password};
  }
  return fail(Errc::untrusted,
              request.client_certificate
                  ? "the certificate shown is of no device that is known here; a one-time password "
                    "would do"
                  : "a device certificate or a one-time password is needed");
}

Result<std::optional<Applicant>> EstApplicants::by_certificate(const net::HttpRequest& request,
                                                               Time now) {
  const crypto::Certificate& shown = *request.client_certificate;
  TRY(auto own, own_record(store_.read(), shown));
  if (own)
    return fail(Errc::refused,
                "the certificate shown was issued here: simplereenroll renews it, simpleenroll is "
                "for the first one");
  if (now > shown.not_after()) return fail(Errc::untrusted, "the certificate shown has expired");
  TRY(auto device, store_.read().find_device(device_id_of(shown.public_key())));
  if (device) {
    TRY(bool ours, owns_voucher_of(*device, shown.public_key()));
    if (ours) return std::optional(Applicant{std::move(*device), enroll::Right::voucher});
  }
  TRY(auto maker, maker_of(shown));
  if (!maker) return std::optional<Applicant>();
  if (!device) {
    TRY(device, write_down(shown, *maker, request, now));
  }
  return std::optional(Applicant{std::move(*device), enroll::Right::idevid});
}

// That the key is the one a voucher of ours is about. The id alone is a part of its fingerprint.
Result<bool> EstApplicants::owns_voucher_of(const registry::Device& device,
                                            const crypto::PublicKey& key) {
  registry::VoucherFilter filter;
  filter.device = device.id;
  TRY(auto vouchers, store_.read().vouchers(filter, {}));
  for (const registry::Voucher& each : vouchers) {
    using enum registry::VoucherState;
    if (each.state != owned && each.state != pending && each.state != superseded) continue;
    TRY(auto voucher, fdo::decode_voucher(each.encoded).in("stored voucher"));
    if (voucher.device_chain.front().public_key() == key) return true;
  }
  return false;
}

// IEEE 802.1AR: by a CA whose key an operator put on the list.
Result<std::optional<registry::TrustedKey>> EstApplicants::maker_of(
    const crypto::Certificate& shown) {
  TRY(auto keys, store_.read().trusted_keys());
  for (registry::TrustedKey& each : keys) {
    if (each.kind != registry::TrustedKey::Kind::device_ca) continue;
    TRY(auto ca, crypto::PublicKey::from_spki(each.spki).in("trusted key"));
    if (shown.signed_by(ca)) return std::optional(std::move(each));
  }
  return std::optional<registry::TrustedKey>();
}

Result<registry::Device> EstApplicants::write_down(const crypto::Certificate& shown,
                                                   const registry::TrustedKey& maker,
                                                   const net::HttpRequest& request, Time now) {
  registry::Device device;
  device.id = device_id_of(shown.public_key());
  device.account = maker.account;  // server-wide: the profile says whose it is
  device.serial = device.name = shown.common_name();
  device.state_reason = "came by EST with its maker's certificate";
  device.created = device.changed = now;
  Fields fields{{"serial", device.serial}, {"maker", maker.name}};
  registry::Transaction changes{registry::InsertDevice{device}};
  append_deed(changes, device_by_est(device.id, request), device, now, event::est_device_known,
              fields);
  auto written = store_.commit(std::move(changes));
  if (written) log_.write(event::est_device_known, fields);
  if (!written && written.error().code != Errc::conflict) return std::unexpected(written.error());
  TRY(auto stored, store_.read().find_device(device.id));
  if (!stored) return fail(Errc::internal, "the device that was just written is not there");
  return std::move(*stored);
}

Actor device_by_est(const DeviceId& device, const net::HttpRequest& request) {
  return {device.str(), "est " + request.peer};
}

}  // namespace fairlead::server
