// SPDX-License-Identifier: Apache-2.0
// What third parties hear of revocations: the list and OCSP. The broker has its own, faster way
// (server/access.h).
#pragma once

#include <mutex>
#include <optional>

#include "base/log.h"
#include "net/http.h"
#include "pki/ocsp.h"
#include "pki/revocation_list.h"
#include "server/identity.h"
#include "server/store.h"

namespace fairlead::server {

class Revocation {
 public:
  // All outlive it.
  Revocation(Store& store, const Identity& identity, Random& random, Log& log)
      : store_(store), identity_(identity), random_(random), log_(log) {}

  // The list of the operational CA, DER, valid for a day. Made anew when it is asked for and older
  // than a minute; a failure is kept as long, so that whoever asks can't make us read the whole
  // registry each time. Numbered by the time, so that numbers rise also after it was restored.
  Result<Bytes> list(Time now);
  // The answer to an OCSP request, by a key of this process that the CA certifies for a week, again
  // after two thirds of it; where it can't, and the week is over, "try later". A certificate that
  // is not on record is unknown, whatever its signature says: the registry may have been restored
  // from before it was issued.
  Bytes ocsp(View request, Time now);

  // GET /operational.crl, GET /operational.cer, POST /ocsp, GET /ocsp/BASE64.
  net::HttpResponse handle(const net::HttpRequest& request, Time now);

 private:
  Result<pki::ocsp::Status> status_of(View serial);
  Result<std::vector<pki::RevokedCertificate>> revoked(Time now);
  Result<Bytes> make_list(Time now);
  std::shared_ptr<const pki::ocsp::Responder> responder(Time now);  // null: there is none now
  Result<pki::ocsp::Responder> make_responder(Time now);

  Store& store_;
  const Identity& identity_;
  Random& random_;
  Log& log_;
  struct Made {
    Time at{};
    Result<Bytes> list;
  };
  std::mutex mutex_;
  std::optional<Made> made_;
  std::mutex responder_mutex_;
  std::shared_ptr<const pki::ocsp::Responder> responder_;
  Time responder_tried_{};
};

// Where the handler above is found, below the URL that certificates are to name.
pki::RevocationUrls revocation_urls(const std::string& base);

}  // namespace fairlead::server
