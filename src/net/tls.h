// SPDX-License-Identifier: Apache-2.0
// TLS settings as values; OpenSSL and Asio stay in the .cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"

namespace fairlead::net {

struct TlsServer {
  std::vector<crypto::Certificate> chain{};  // leaf first
  std::shared_ptr<crypto::Signer> key{};     // for the leaf; never leaves its keystore
  bool ask_client_certificate = false;       // asked, not required: the operation decides
  std::vector<crypto::Certificate> client_anchors{};
};

// What a client accepts. Exactly one of the checks must hold; there is no "accept anything" by
// accident.
struct TlsTrust {
  std::vector<crypto::Certificate> anchors{};  // chain to one of these, host name checked
  bool system_anchors = false;                 // the distribution's CA bundle too
  std::optional<Bytes> certificate_hash{};  // FDO SvCertHash: SHA-256/384 of the server's leaf DER
  std::optional<Bytes>
      authority_hash{};             // FDO ClCertHash: of a CA certificate in the presented chain
  std::optional<Bytes> key_hash{};  // SHA-256 of the server's SubjectPublicKeyInfo
  bool unauthenticated = false;     // FDO's own rule: the protocol above proves the peer
  bool ignore_dates = false;        // a device whose clock is not to be trusted yet
};

struct TlsClient {
  TlsTrust trust{};
  std::vector<crypto::Certificate> chain{};  // our own, for mutual TLS; may be empty
  std::shared_ptr<crypto::Signer> key{};
};

}  // namespace fairlead::net
