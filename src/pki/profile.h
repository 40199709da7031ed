// SPDX-License-Identifier: Apache-2.0
// What goes into a certificate, as its caller says it. Checked by check_*() before a byte is
// written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace fairlead::pki {

// RFC 5280 §4.1.2.5: "To indicate that a certificate has no well-defined expiration date, the
// notAfter SHOULD be assigned the GeneralizedTime value of 99991231235959Z."
inline constexpr Time no_expiry = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) +
                                  std::chrono::hours(24) - std::chrono::seconds(1);

// What certificates of one kind have in common.
struct LeafProfile {
  Duration lifetime = std::chrono::days(90);  // from `now`; cut where the CA's chain ends
  Duration backdate = std::chrono::hours(1);  // notBefore = now - backdate: clocks in the field lag
  std::string organization = {}, organizational_unit = {};  // of the subject; "" leaves it out
};

// Of an operational or a device certificate.
struct LeafSubject {
  std::string common_name;            // UTF-8, 1 to 64 characters, nothing invisible
  std::string serial_number;          // attribute 2.5.4.5, same rules; "" leaves it out
  std::vector<std::string> san_uris;  // absolute, ASCII (RFC 5280 §4.2.1.6); "" is refused
};

// Of a TLS server.
struct ServerSubject {
  std::string common_name;             // for people; clients look at the names below
  std::vector<std::string> dns_names;  // "*." only as the whole first label; "localhost" is fine
  std::vector<Bytes> ip_addresses;     // 4 or 16 bytes each, network order
};

// Each refuses (Errc::refused) with a sentence that says what is wrong with which part.
Result<void> check_name_text(std::string_view text, std::string_view what);  // CN, O, OU
Result<void> check_profile(const LeafProfile& profile);
Result<void> check_subject(const LeafSubject& subject);
Result<void> check_subject(const ServerSubject& subject);

}  // namespace fairlead::pki
