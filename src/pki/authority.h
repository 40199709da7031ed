// SPDX-License-Identifier: Apache-2.0
// A certification authority: a CA certificate with its chain, and its key behind a Signer.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "pki/certificate_template.h"
#include "pki/profile.h"

namespace fairlead::pki {

// Where others can ask whether an operational certificate is revoked; goes into each. "": nothing.
struct RevocationUrls {
  std::string list, ocsp;
};

// Immutable: every member may be called from several threads at once (the Random given must allow
// it too). A call blocks as long as the signer takes. Errors of all issue functions: refused
// (subject, profile, validity: in words), unsupported (key type), expired (the CA's chain is, at
// `now`), and what the signer says.
class Authority {
 public:
  // chain: the issuing CA first, then its issuers, with or without the root. Refuses (untrusted) a
  // chain that doesn't hold together, a first certificate that may not sign others, a key that is
  // not that certificate's; unsupported: CA keys that are neither P-256 nor P-384. `key` must
  // outlive the Authority.
  static Result<Authority> open(std::vector<crypto::Certificate> chain, crypto::Signer& key,
                                const RevocationUrls& urls = {});

  const std::vector<crypto::Certificate>& chain() const { return chain_; }
  const crypto::Certificate& certificate() const { return chain_.front(); }
  crypto::Signer& key() const { return *key_; }    // for its revocation lists and OCSP answers
  const Bytes& key_id() const { return key_id_; }  // what its certificates name as issuer's key
  Time not_after() const { return not_after_; }    // of the chain: the earliest in it

  // Operational client certificate: clientAuth, digitalSignature. Validity: now - backdate (not
  // before the CA's own notBefore) to now + lifetime (not after not_after()). subject_key: EC P-256
  // or P-384, RSA 2048 or 3072. Who holds it must have been checked (decode_csr does).
  Result<crypto::Certificate> issue(const LeafProfile& profile,
                                    const crypto::PublicKey& subject_key,
                                    const LeafSubject& subject, Time now, Random& random) const;
  // The same as bytes, for who needs no parsed certificate: parsing costs several signatures.
  Result<Bytes> issue_der(const LeafProfile& profile, const crypto::PublicKey& subject_key,
                          const LeafSubject& subject, Time now, Random& random) const;

  // Server certificate: serverAuth, digitalSignature, SAN with the names and addresses given (at
  // least one). Validity as for issue().
  Result<crypto::Certificate> issue_tls_server(const LeafProfile& profile,
                                               const crypto::PublicKey& subject_key,
                                               const ServerSubject& subject, Time now,
                                               Random& random) const;

  // Of who answers by OCSP in this CA's place (RFC 6960 §4.2.2.2): OCSPSigning, and not itself to
  // be asked about, which is why its life should be short. Validity as for issue().
  Result<crypto::Certificate> issue_ocsp_responder(const crypto::PublicKey& responder_key,
                                                   Duration lifetime, Time now,
                                                   Random& random) const;

  // Factory device certificate in the style of IEEE 802.1AR's IDevID: the serial number must be
  // there, no extended key usage, notAfter = no_expiry whatever the CA's own: the device outlives
  // it, and its trust is decided by the key. notBefore = now, whole seconds.
  Result<crypto::Certificate> issue_device(const crypto::PublicKey& subject_key,
                                           const LeafSubject& subject, Time now,
                                           Random& random) const;

  // A CA below this one, that may have `path_length` further CAs below itself. Validity is cut to
  // this chain's. Refused where this CA's own path length leaves no room.
  Result<crypto::Certificate> issue_intermediate(const crypto::PublicKey& subject_key,
                                                 std::string_view common_name, unsigned path_length,
                                                 Time not_before, Time not_after,
                                                 Random& random) const;

 private:
  struct Templates;
  Authority(std::vector<crypto::Certificate> chain, crypto::Signer& key);
  Result<void> check_alive(Time now) const;
  // How every certificate is made here: dates cut to whole seconds, key and name checked.
  struct Content;
  Result<Bytes> sign(const CertificateTemplate& kind, const Content& content, Random& random) const;
  Result<Content> leaf_content(const LeafProfile& profile, const crypto::PublicKey& subject_key,
                               Time now) const;

  std::vector<crypto::Certificate> chain_;
  crypto::Signer* key_;  // not owned
  Time not_before_{}, not_after_{};
  Bytes key_id_;
  long path_length_ = -1;                       // -1: as many CAs below as they like
  std::shared_ptr<const Templates> templates_;  // shared by copies of an Authority; never changes
};

// A self-signed CA certificate for `key` (EC), of `common_name`, without a path length. not_after
// may be no_expiry.
Result<crypto::Certificate> create_root(crypto::Signer& key, std::string_view common_name,
                                        Time not_before, Time not_after, Random& random);

}  // namespace fairlead::pki
