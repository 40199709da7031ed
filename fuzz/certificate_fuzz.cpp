// SPDX-License-Identifier: Apache-2.0
// crypto::Certificate and decode_certs_only: every field of what is accepted can be asked for, and
// certs-only messages come back the same. Seeds: tests/vectors/pki (certificates as DER, *.p7).
#include "base/assert.h"
#include "crypto/certificate.h"

namespace {

using namespace fairlead;
using crypto::Certificate;

void ask_everything(const Certificate& certificate) {
  ASSERT(crypto::sha256(certificate.der()) == certificate.fingerprint());
  (void)certificate.subject();
  (void)certificate.issuer();
  (void)certificate.common_name();
  (void)certificate.serial();
  (void)certificate.san_uris();
  (void)certificate.san_dns();
  (void)certificate.is_ca();
  (void)to_rfc3339(certificate.not_before());
  (void)to_rfc3339(certificate.not_after());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  if (auto certificate = Certificate::from_der(input)) {
    ASSERT(equal(certificate->der(), input));
    ask_everything(*certificate);
    std::span<const Certificate> chain(&*certificate, 1);
    // Nothing is trusted without an anchor, whatever it says of itself.
    ASSERT(!crypto::validate_path(chain, {.anchors = {}, .now = Time{}}));
    (void)crypto::validate_links(chain);
  }
  if (auto certificates = crypto::decode_certs_only(input)) {
    ASSERT(!certificates->empty());
    for (const Certificate& each : *certificates) ask_everything(each);
    auto again = crypto::decode_certs_only(crypto::encode_certs_only(*certificates));
    ASSERT(again && *again == *certificates);
  }
  return 0;
}
