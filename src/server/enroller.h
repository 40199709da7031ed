// SPDX-License-Identifier: Apache-2.0
// Brings Offer, Claim, profile and registry together, lets enroll::decide() decide, and carries the
// decision out: the certificate, the record of it, and the broker's door. The same for every way
// in.
#pragma once

#include "base/log.h"
#include "base/random.h"
#include "enroll/decide.h"
#include "server/access.h"
#include "server/attestation.h"
#include "server/audit.h"
#include "server/clone_watch.h"
#include "server/farewell.h"
#include "server/identity.h"
#include "server/profiles.h"
#include "server/store.h"

namespace fairlead::server {

// Of one device: beyond that the key that waits longest makes room for another.
inline constexpr std::size_t waiting_keys_max = 16;

// By which way a request for a certificate came, where that makes a difference.
struct WayIn {
  Actor actor;
  enroll::Right right = enroll::Right::voucher;
  std::string common_name = {};       // of the certificate; "": the device's id
  ProfileId profile = {};             // refused unless this is the one that decides; "": any
  Bytes renews = {};                  // serial number of the certificate that a renewal is for
  std::optional<ProvenTpm> tpm = {};  // where the key is proven to live; by grant()
  DeviceId replaces = {};  // revoked in the same transaction as this one is granted; "": none
};

class Enroller {
 public:
  Enroller(Store& store, const Identity& identity, Access& access, std::string own_endpoint,
           std::vector<crypto::Certificate> endpoint_anchors, Random& random, Log& log,
           std::string renewal_url = {})
      : store_(store),
        identity_(identity),
        access_(access),
        profiles_(store.read()),
        own_endpoint_(std::move(own_endpoint)),
        endpoint_anchors_(std::move(endpoint_anchors)),
        random_(random),
        log_(log),
        renewal_url_(std::move(renewal_url)) {}

  // The profile that would decide for a device as it is; null: none.
  Result<std::shared_ptr<const EnrolmentProfile>> profile_of(const registry::Device& device) {
    return profiles_.matching(subject_of(device));
  }

  // The Grant for an Offer of a known device, and the profile that decided; the same key gets the
  // same certificate while it is good. Sealed to its TPM where the Offer proves that the key lives
  // there; a proof that is wrong is refused, never taken for none. busy: a person has to decide
  // first (it is on record as pending). refused: with why. Durable before it returns.
  struct Granted {
    Bytes document;
    std::shared_ptr<const EnrolmentProfile> profile;
  };
  Result<Granted> grant(View offer_document, const DeviceId& device, WayIn way, Time now);

  // The same for a bare PKCS#10 request, as third-party FDO devices send it by fdo.csr: the
  // certificate chain as PKCS#7. The subject is ours to say, whatever the request asks.
  Result<Bytes> certificate(View csr, const DeviceId& device, const WayIn& way, Time now);
  Result<Bytes> ca_certificates() const;  // PKCS#7
  Bytes csr_attributes() const;           // what a request should have: RFC 7030 §4.5.2

  // The certificate alone, for EST. Errors as for grant(). A renewal leaves the certificate before
  // in force until the new one is used, and is refused when it comes later after the expiry than
  // the profile allows.
  Result<crypto::Certificate> enroll(const crypto::PublicKey& key, const DeviceId& device,
                                     const WayIn& way, Time now);

  // The device has connected with this certificate: what it had before is superseded, and shut out
  // at the broker. Nothing to do when it has none before; idempotent.
  Result<void> confirm_use(const DeviceId& device, View fingerprint, Time now);

  // Two devices live under this identity: on record, and by its profile both are locked out. From
  // then on each key of it waits for a person. conflict: the device changed meanwhile.
  Result<void> report_clone(const DeviceId& device, const ClonePair& pair, Time now);

  // A person's word on a key that waits or is quarantined. `key`: its fingerprint; empty: approve
  // the one that asked last, reject all. Where none waits, approve takes a rejection back; one must
  // be named if another key is in force. not_found when there is none such.
  Result<void> approve(const DeviceId& device, const Actor& actor, Time now, View key = {});
  Result<void> reject(const DeviceId& device, const Actor& actor, const std::string& reason,
                      Time now, View key = {});
  // Cut off now, refused afterwards. Idempotent.
  Result<void> revoke(const DeviceId& device, const Actor& actor, const std::string& reason,
                      Time now);
  // Out of use for good. As revoke(); and it is told to remove its secrets where it is connected,
  // it is registered at no rendezvous any more, and its name is free. Idempotent.
  Result<void> decommission(const DeviceId& device, const Actor& actor, const std::string& reason,
                            Time now);
  // The same for `old`, and in the same transaction `successor`, another device of its account,
  // gets its name and groups. conflict: one of them is locked out.
  Result<void> replace(const DeviceId& old, const DeviceId& successor, const Actor& actor,
                       Time now);
  // After revoke() or decommission(): it may onboard again.
  Result<void> readmit(const DeviceId& device, const Actor& actor, Time now);
  // How devices hear of their end; may be left out. Outlives this.
  void tell_by(Farewell& farewell) { farewell_ = &farewell; }

 private:
  struct Issued {
    registry::Device device;
    std::vector<crypto::Certificate> chain;
    std::string topic_prefix;
    std::shared_ptr<const EnrolmentProfile> profile;
  };
  Result<Issued> issue(const crypto::PublicKey& key, registry::Device device, const WayIn& way,
                       Time now);
  Result<Issued> carry_out(const enroll::Granted& granted,
                           std::shared_ptr<const EnrolmentProfile> profile, registry::Device device,
                           const crypto::PublicKey& key, const WayIn& way, Time now);
  // What shuts a device out: in the registry, and then at the broker.
  struct Revocation {
    registry::Transaction changes;
    std::vector<registry::Certificate> certificates;
    std::vector<std::pair<const LogEvent*, Fields>> told = {};  // for the log, once it is durable
  };
  Result<Revocation> retirement_of(const registry::Device& device, const Actor& actor,
                                   const std::string& reason, const std::string& secrets, Time now);
  std::string send_off(const registry::Device& device);
  Result<void> retire(const DeviceId& device, const DeviceId& successor, const Actor& actor,
                      const std::string& reason, Time now);
  Result<void> lock_out(Revocation revocation);
  void tell(const Revocation& revocation);
  Result<Revocation> revocation_of(const DeviceId& id, const Actor& actor,
                                   const std::string& reason, Time now);
  Result<void> put_on_record(registry::Transaction changes, registry::Device device,
                             const registry::Certificate& certificate,
                             const std::vector<registry::Certificate>& replaced, const WayIn& way,
                             const std::string& because, Time now);
  void say_proven(registry::Transaction& changes, const registry::Device& device,
                  const registry::Certificate& certificate, const WayIn& way, Time now);
  Result<void> prove_later(registry::Transaction& changes, const registry::Device& device,
                           const registry::Certificate& certificate, const WayIn& way, Time now);
  Result<void> put_renewal_on_record(registry::Device device,
                                     const registry::Certificate& certificate, const Actor& actor,
                                     Time now);
  Error hold(registry::Device device, const crypto::PublicKey& key, const WayIn& way,
             const enroll::Pending& pending, Time now);
  Error turn_away(const DeviceId& device, const enroll::Refused& refused, Time now);

  Store& store_;
  const Identity& identity_;
  Access& access_;
  Profiles profiles_;
  const std::string own_endpoint_;
  const std::vector<crypto::Certificate> endpoint_anchors_;
  Random& random_;
  Log& log_;
  Farewell* farewell_ = nullptr;
  const std::string renewal_url_;  // for the Grant; "" where EST is not offered
};

// Whether two devices were seen under this identity, and nobody has decided since.
Result<bool> is_quarantined(registry::Registry& registry, const DeviceId& device);

// "fairlead/v1/acme/d-17/": what a device may publish and subscribe below.
std::string topic_prefix_of(const AccountId& account, const DeviceId& device);

}  // namespace fairlead::server
