// SPDX-License-Identifier: Apache-2.0
// Who asks for a certificate by EST, and what proves it. Every applicant is one device of the
// registry: a credential that many share proves nothing here.
#pragma once

#include "enroll/decide.h"
#include "net/http.h"
#include "server/audit.h"
#include "server/identity.h"
#include "server/one_time_passwords.h"

namespace fairlead::server {

struct Applicant {
  registry::Device device;
  enroll::Right right{};
};

class EstApplicants {
 public:
  EstApplicants(Store& store, OneTimePasswords& passwords, Log& log)
      : store_(store), passwords_(passwords), log_(log) {}

  // For a first certificate, in this order: the device certificate of FDO or IEEE 802.1AR shown in
  // TLS, a one-time password. untrusted: neither is there or good, as HTTP 401 says. refused: what
  // was shown is for simplereenroll.
  Result<Applicant> for_enrolment(const net::HttpRequest& request, const crypto::PublicKey& key,
                                  Time now);

 private:
  Result<std::optional<Applicant>> by_certificate(const net::HttpRequest& request, Time now);
  Result<bool> owns_voucher_of(const registry::Device& device, const crypto::PublicKey& key);
  Result<std::optional<registry::TrustedKey>> maker_of(const crypto::Certificate& shown);
  Result<registry::Device> write_down(const crypto::Certificate& shown,
                                      const registry::TrustedKey& maker,
                                      const net::HttpRequest& request, Time now);

  Store& store_;
  OneTimePasswords& passwords_;
  Log& log_;
};

// A device asks for itself.
Actor device_by_est(const DeviceId& device, const net::HttpRequest& request);

// What is renewed: a certificate of ours, in good standing, shown in TLS. untrusted: none, unknown
// here, or no longer good. Its dates are for the profile to judge.
Result<registry::Certificate> certificate_to_renew(registry::Registry& registry,
                                                   const net::HttpRequest& request);

}  // namespace fairlead::server
