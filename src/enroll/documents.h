// SPDX-License-Identifier: Apache-2.0
// Offer and Grant: the signed documents that every way of provisioning carries to and fro. Format:
// docs/wire/enroll.cddl.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"

namespace fairlead::enroll {

using OfferNonce = FixedBytes<16, struct OfferNonceTag>;

// What vouches for an Offer. The number travels.
enum class Evidence : std::uint8_t { possession = 0, fdo_voucher = 1, idevid = 2, tpm = 3 };
std::string_view to_string(Evidence evidence);  // "fdo-voucher"

// What a device says of itself. Signed by its operational key, whose private part never leaves the
// device.
struct Offer {
  std::string product_uri;  // IEC 61406 identification link, or empty
  std::string serial, model, firmware;
  Bytes csr;  // PKCS#10 DER for the operational key
  Evidence evidence = Evidence::possession;
  OfferNonce nonce;
  std::string keystore;  // "file", "tpm2": where the key lives, as the device says
};
Result<Bytes> encode_offer(const Offer& offer, crypto::Signer& operational_key);

struct SignedOffer {
  Offer offer;
  crypto::CertificateRequest request;  // decoded and checked
  crypto::Sha256 hash;                 // of the whole document: what a Grant is bound to
};
// Grammar, the request's own signature, and that the same key signed the Offer.
Result<SignedOffer> decode_offer(View document);

struct Endpoint {
  std::string uri;           // "mqtts://host:8883"
  std::string client_id;     // what the broker will accept
  std::string topic_prefix;  // everything below is the device's own: "fairlead/v1/acme/d-17/"
};

// The upstream's answer.
struct Grant {
  crypto::Sha256 offer_hash;
  DeviceId device;
  std::vector<crypto::Certificate> chain;    // leaf first
  std::vector<Endpoint> endpoints;           // in order of preference; at least one
  std::vector<crypto::Certificate> anchors;  // who may vouch for the endpoints
  Time server_time{};                        // for a device whose clock is wrong
  std::string renewal_url =
      {};  // EST server that renews the certificate, "https://host:port"; or ""
};
Result<Bytes> encode_grant(const Grant& grant, crypto::Signer& upstream);
// Checks the signature by `upstream` and that the Grant answers the Offer with `offer_hash`.
Result<Grant> decode_grant(View document, const crypto::PublicKey& upstream,
                           const crypto::Sha256& offer_hash);

}  // namespace fairlead::enroll
