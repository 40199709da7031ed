// SPDX-License-Identifier: Apache-2.0
// Server certificates of our own making: for our listeners, for the broker, and for our own way
// into it.
#pragma once

#include "keystore/keystore.h"
#include "net/tls.h"
#include "server/config.h"
#include "server/identity.h"

namespace fairlead::server {

// A certificate for `host` (name or address) by the operational CA, for a year, with a key that
// lives in this process only. Made anew at every start, and while it runs (own_certificates.h).
Result<net::TlsServer> tls_for(const Identity& identity, const std::string& host, Random& random,
                               Time now);
// The same with a key that outlives the process, for clients that hold a server to its key.
Result<net::TlsServer> lasting_tls_for(const Identity& identity, keystore::Keystore& keys,
                                       const std::string& host, Random& random, Time now);

struct PemPair {
  std::vector<crypto::Certificate> chain;
  std::string
      key_pem;  // the one place where a private key becomes text: the broker reads files only
};
Result<PemPair> broker_certificate(const Identity& identity, const std::string& host,
                                   Random& random, Time now);

// The server's own client certificate on the broker: who watches the devices' presence.
struct ServiceIdentity {
  crypto::Certificate certificate;
  std::shared_ptr<crypto::Signer> key;
};
Result<ServiceIdentity> service_identity(const Identity& identity, Random& random, Time now);
inline constexpr std::string_view service_client_id = "fairlead-server";

}  // namespace fairlead::server
