// SPDX-License-Identifier: Apache-2.0
// The server's own keys and the certificates that go with them: made at the first start, opened
// afterwards.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "crypto/certificate.h"
#include "fdo/types.h"
#include "keystore/keystore.h"
#include "pki/authority.h"
#include "server/store.h"

namespace fairlead::server {

// A certification authority together with the key that it signs with.
struct OwnAuthority {
  std::shared_ptr<crypto::Signer> key;
  pki::Authority authority;  // refers to *key
};

struct Identity {
  std::shared_ptr<crypto::Signer> manufacturer;  // signs entry 0 of the vouchers that we make
  std::shared_ptr<crypto::Signer> owner;         // last entry of the vouchers that are ours
  // Self-signed, for vouchers that hold their keys as X5CHAIN (FDO 1.1 §3.3.4). They say nothing
  // that the keys don't.
  crypto::Certificate manufacturer_certificate, owner_certificate;
  OwnAuthority device_ca;       // issues factory device certificates
  OwnAuthority operational_ca;  // issues what the broker accepts
};

// Keys live in the keystore, certificates in the registry, where every server of a group finds
// them. A certificate whose key is missing is refused in words rather than replaced: devices out
// there trust it.
Result<Identity> open_identity(keystore::Keystore& keys, Store& store, crypto::KeyType type,
                               Random& random, Time now, const pki::RevocationUrls& urls = {});

// A key that others know this server by: made once, and then refused in words rather than replaced.
// The registry remembers which it was. `because`: "vouchers name this key".
Result<std::shared_ptr<crypto::Signer>> open_kept_key(keystore::Keystore& keys, Store& store,
                                                      const std::string& name, crypto::KeyType type,
                                                      std::string_view because);

}  // namespace fairlead::server
