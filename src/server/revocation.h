// SPDX-License-Identifier: Apache-2.0
// What third parties hear of revocations: the list and OCSP. The broker has its own, faster way
// (server/access.h).
#pragma once

#include <mutex>

#include "net/http.h"
#include "pki/ocsp.h"
#include "pki/revocation_list.h"
#include "server/identity.h"
#include "server/store.h"

namespace fairlead::server {

class Revocation {
 public:
  Revocation(Store& store, const Identity& identity) : store_(store), identity_(identity) {}

  // The list of the operational CA, DER, valid for a day. Made anew when it is asked for and older
  // than a minute. Numbered by the time, so that numbers rise also after the registry was restored.
  Result<Bytes> list(Time now);
  // The answer to an OCSP request. A certificate that is not on record is unknown, whatever its
  // signature says: the registry may have been restored from before it was issued.
  Bytes ocsp(View request, Time now);

  // GET /operational.crl, GET /operational.cer, POST /ocsp, GET /ocsp/BASE64.
  net::HttpResponse handle(const net::HttpRequest& request, Time now);

 private:
  Result<pki::ocsp::Status> status_of(View serial);
  Result<std::vector<pki::RevokedCertificate>> revoked(Time now);

  Store& store_;
  const Identity& identity_;
  std::mutex mutex_;
  Bytes list_;
  Time made_{};  // of list_
};

// Where the handler above is found, below the URL that certificates are to name.
pki::RevocationUrls revocation_urls(const std::string& base);

}  // namespace fairlead::server
