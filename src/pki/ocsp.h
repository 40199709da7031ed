// SPDX-License-Identifier: Apache-2.0
// OCSP (RFC 6960), the responder's end: one request in, one answer out, signed by a key that the CA
// has certified for nothing else (§4.2.2.2), so that the CA's own may rest in its HSM.
#pragma once

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "pki/authority.h"

namespace fairlead::pki {

namespace ocsp {

inline constexpr std::size_t request_bytes_max = 4 * 1024, questions_max = 8;

// What a request asks about, and the nonce it brings.
struct Question {
  Bytes certificate_id;  // CertID, DER as it came: the answer repeats it
  bool sha1 = false;     // else SHA-256: what the two hashes are made with
  Bytes issuer_name_hash, issuer_key_hash, serial;
};
struct Request {
  std::vector<Question> questions;  // 1 to ocsp::questions_max
  Bytes nonce;  // content of the extension, a whole OCTET STRING; empty if there is none
};
// OCSPRequest (§4.1.1). A signature on it is skipped: anybody may ask. malformed: not of this form,
// too many questions, a nonce that is empty or longer than 128 bytes (RFC 9654), a critical
// extension that is not known; unsupported: hashes other than SHA-1 and SHA-256.
Result<Request> decode_request(View der);

struct Good {};
struct Revoked {
  Time at{};
};
struct Unknown {};  // not issued here: "could be anybody's"
using Status = std::variant<Good, Revoked, Unknown>;
using StatusOf = std::function<Result<Status>(View serial)>;

struct Responder {
  std::shared_ptr<crypto::Signer> key;
  crypto::Certificate certificate;  // by Authority::issue_ocsp_responder()
};

// The answer to a request, DER. Always one: a request that is malformed, about another CA, or
// can't be answered now gets the status that says so (§4.2.1). next_update: until when a client may
// keep it.
Bytes answer(View request, const Authority& authority, const Responder& responder,
             const StatusOf& status_of, Time now, Time next_update);
Bytes try_later();  // the answer of a responder that can't sign now

}  // namespace ocsp
}  // namespace fairlead::pki
