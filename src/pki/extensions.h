// SPDX-License-Identifier: Apache-2.0
// The X.509 extensions and names that this room writes and, of its own CA certificates, reads.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/certificate.h"

namespace fairlead::pki {

enum class Usage { digital_signature, certificate_and_crl_signing };
enum class Purpose { client, server, ocsp_signing };

// Each returns one Extension element, DER.
Bytes basic_constraints_end_entity();                             // critical, CA:FALSE
Bytes basic_constraints_ca(std::optional<unsigned> path_length);  // critical; none: no limit
Bytes key_usage(Usage usage);                                     // critical
Bytes extended_key_usage(Purpose purpose);
Bytes subject_key_identifier(View id);
Bytes authority_key_identifier(View id);
Bytes subject_alternative_names(View general_names);  // GeneralName elements, one after the other

Bytes plain_extension(std::string_view oid, View value);  // any other that is not critical
Bytes crl_distribution_point(std::string_view url);       // RFC 5280 §4.2.1.13
Bytes ocsp_access(std::string_view url);                  // RFC 5280 §4.2.2.1
Bytes ocsp_no_check();                                    // RFC 6960 §4.2.2.2.1

// RFC 7093 §2 method 1: the leftmost 160 bits of SHA-256 over the key's bits (for EC 04‖x‖y).
Bytes key_identifier(const crypto::PublicKey& key);

// One RelativeDistinguishedName with one attribute.
Bytes rdn(std::string_view oid, std::uint8_t string_tag, std::string_view text);
inline constexpr std::string_view oid_common_name = "2.5.4.3", oid_serial_number = "2.5.4.5",
                                  oid_organization = "2.5.4.10",
                                  oid_organizational_unit = "2.5.4.11";

// What a CA certificate says of itself.
struct CaFacts {
  std::optional<std::uint64_t> path_length;
  bool may_sign_certificates = true;  // keyUsage; true where the extension is absent
  Bytes key_identifier;               // its SKI; empty if it has none
};
Result<CaFacts> read_ca_facts(const crypto::Certificate& certificate);

}  // namespace fairlead::pki
