// SPDX-License-Identifier: Apache-2.0
// PKCS#10 requests with all that they ask for, for a server that honours a request or refuses it,
// and issues nothing else in silence.
#pragma once

#include "crypto/certificate.h"

namespace fairlead::crypto {

struct RequestedExtension {
  Bytes oid, value;  // OBJECT IDENTIFIER, whole; content of the OCTET STRING
};

struct FullRequest {
  CertificateRequest request;
  bool other_names = false;  // alternative names that are neither URI nor DNS name
  std::vector<RequestedExtension> extensions;  // beside alternative names
};
Result<FullRequest> decode_full_csr(View der);  // errors as decode_csr()

Bytes encode_name(const CsrSubject& subject);  // Name, DER: common name and serial number

}  // namespace fairlead::crypto
