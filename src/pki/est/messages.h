// SPDX-License-Identifier: Apache-2.0
// EST, both ends: what is in its requests and answers (RFC 7030, clarified by RFC 8951). No I/O:
// HTTP and TLS belong to the programs. README.md beside this file maps sections to functions and
// tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "pki/est/limits.h"

namespace fairlead::est {

// RFC 7030 §3.2.2.
enum class Operation { cacerts, simpleenroll, simplereenroll, csrattrs, serverkeygen, fullcmc };
std::string_view to_string(Operation operation);  // as it stands in the path

struct Target {
  Operation operation{};
  std::string label;  // "": the default
};
// "/.well-known/est[/label]/operation", and "/label/.well-known/est/operation", which is what some
// clients make of a URL with a path. A query is ignored. nullopt: nothing of EST's.
std::optional<Target> parse_target(std::string_view target);
std::string target_of(Operation operation, std::string_view label);  // the RFC's form

// Media types. Parameters are part of what is sent; what is received is compared without them.
inline constexpr std::string_view type_pkcs10 = "application/pkcs10",
                                  type_certs_only = "application/pkcs7-mime; smime-type=certs-only",
                                  type_csrattrs = "application/csrattrs";
bool is_type(std::string_view content_type, std::string_view wanted);

// RFC 8951 §3.1: bodies are base64 of DER, whatever Content-Transfer-Encoding says. Sent in one
// line: there are clients that fail on a second.
std::string encode_body(View der);
// White space anywhere is skipped. malformed: not base64, empty, or more than `bytes_max` of DER.
Result<Bytes> decode_body(View body, std::size_t bytes_max);

// The certificates of a cacerts or enrolment answer, in their order.
Result<std::vector<crypto::Certificate>> decode_certificates(View body);

// RFC 8951 §3.2.1: CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID. What a request here should
// have: a key on the curve given, and a signature of the hash that goes with it. DER.
Bytes encode_csr_attributes(crypto::KeyType key_type);  // EC

// Delta-seconds only (RFC 9110 §10.2.3); nullopt for a date, for none, and beyond
// limits::est_retry_after_max.
std::optional<Duration> parse_retry_after(std::string_view text);

// RFC 9110 §5.6.7, the form that is sent: "Sun, 06 Nov 1994 08:49:37 GMT". What a server says the
// time is; the day's name is not looked at.
std::optional<Time> parse_date(std::string_view text);

// RFC 7617.
struct Credentials {
  std::string user;
  SecretBytes password;
};
std::optional<Credentials> parse_basic(std::string_view authorization);

// RFC 7030 §4.2.2 and RFC 5280 §7.1: the same attributes with the same texts in the same order,
// whichever kind of string carries them. malformed: a name that holds anything but texts.
Result<bool> same_name(View a, View b);

}  // namespace fairlead::est
