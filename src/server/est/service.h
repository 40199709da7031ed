// SPDX-License-Identifier: Apache-2.0
// EST (RFC 7030) as a server: who asks, what for, and the Enroller's answer as HTTP.
#pragma once

#include "net/http.h"
#include "pki/est/messages.h"
#include "server/caller_limits.h"
#include "server/enroller.h"
#include "server/est/applicant.h"

namespace fairlead::server {

inline constexpr CallerRates est_rates{
    // A request costs a handshake and a signature. 500 devices behind one address may come at once.
    .per_address = {10, 500},
    // Of one device that proved who it is: each may write to the registry.
    .per_identity = {0.1, 30}};

struct EstSettings {
  std::chrono::seconds retry_after{60};  // while a person has to approve; up to half as much more
  CallerRates rates = est_rates;
};

class EstService {
 public:
  EstService(Store& store, const Identity& identity, Enroller& enroller,
             OneTimePasswords& passwords, EstSettings settings, Random& random, Log& log)
      : store_(store),
        identity_(identity),
        enroller_(enroller),
        applicants_(store, passwords, log),
        settings_(settings),
        limits_(settings.rates),
        random_(random),
        log_(log) {}

  // One request, over TLS that asked for a client certificate. Blocks on the registry and the CA's
  // key. What is refused gets a 4xx and one line of text that says why; who comes too often, 429
  // and when to come again.
  net::HttpResponse handle(const net::HttpRequest& request, Time now);

 private:
  Result<net::HttpResponse> enroll(const net::HttpRequest& request, const est::Target& target,
                                   Time now);
  Result<net::HttpResponse> renew(const net::HttpRequest& request, const est::Target& target,
                                  Time now);
  net::HttpResponse refuse(const net::HttpRequest& request, std::string_view operation, Time now,
                           const Error& error);
  // What an applicant who is known did wrong is part of the device's story.
  Error note(const registry::Device& device, const net::HttpRequest& request,
             const est::Target& target, Error error, Time now);
  net::HttpResponse come_again();
  // Of one device, as often as the limit allows: 429 beyond that, none within.
  std::optional<net::HttpResponse> hold_up(const DeviceId& device, const net::HttpRequest& request,
                                           Time now);
  net::HttpResponse come_later(const RateLimiter::Verdict& verdict, std::string_view whose,
                               const net::HttpRequest& request);

  Store& store_;
  const Identity& identity_;
  Enroller& enroller_;
  EstApplicants applicants_;
  const EstSettings settings_;
  CallerLimits limits_;
  Random& random_;
  Log& log_;
};

}  // namespace fairlead::server
