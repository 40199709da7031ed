// SPDX-License-Identifier: Apache-2.0
#include "pki/revocation_list.h"

#include <algorithm>

#include "codec/der/reader.h"
#include "codec/der/writer.h"
#include "pki/extensions.h"
#include "pki/signed_der.h"

namespace fairlead::pki {

namespace {

Bytes number_of(std::uint64_t number) {
  Bytes out(8);
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return der::unsigned_integer(out);
}

Bytes entries_of(std::vector<RevokedCertificate> revoked) {
  std::ranges::sort(revoked, {}, &RevokedCertificate::serial);
  Bytes out;
  for (const RevokedCertificate& each : revoked)
    append(out, der::sequence_of({der::unsigned_integer(each.serial), der::time(each.at)}));
  return out;
}

}  // namespace

// RFC 5280 §5.1: TBSCertList ::= SEQUENCE { version v2(1), signature, issuer, thisUpdate,
// nextUpdate, revokedCertificates OPTIONAL, [0] EXPLICIT Extensions }
Result<Bytes> encode_revocation_list(const RevocationList& list, const Authority& authority) {
  if (list.revoked.size() > revoked_certificates_max)
    return fail(Errc::refused, "more revoked certificates than one list may hold");
  if (list.next_update <= list.this_update)
    return fail(Errc::refused, "a revocation list that ends before it begins");
  crypto::Signer& key = authority.key();
  const Bytes entries = entries_of(list.revoked);
  // RFC 5280 §5.1.2.6: "When there are no revoked certificates, the revoked certificates list MUST
  // be absent."
  const Bytes revoked = entries.empty() ? Bytes{} : der::element(der::sequence, entries);
  const Bytes extensions = der::sequence_of({authority_key_identifier(authority.key_id()),
                                             plain_extension("2.5.29.20", number_of(list.number))});
  const std::uint8_t version[] = {1};
  return sign_der(der::sequence_of(
                      {der::unsigned_integer(version), signature_algorithm(key.public_key().type()),
                       authority.certificate().subject_der(), der::time(list.this_update),
                       der::time(list.next_update), revoked, explicit_tag(0, extensions)}),
                  key);
}

}  // namespace fairlead::pki
