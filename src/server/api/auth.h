// SPDX-License-Identifier: Apache-2.0
// Passwords, tokens, and what each role may do.
#pragma once

#include "server/api/api.h"

namespace fairlead::server::api {

// "scrypt$N$r$p$salt$hash" with base64 parts (RFC 7914); slow on purpose.
Result<std::string> hash_password(std::string_view password, Random& random);
bool verify_password(std::string_view password, const std::string& stored);

struct NewToken {
  registry::ApiToken record;
  std::string secret;  // shown once
};
NewToken make_token(const UserId& user, std::vector<std::string> scopes, std::string label,
                    Time now, Duration lifetime, Random& random);

// untrusted: no, unknown, expired token or disabled user. No hint which.
Result<Principal> authenticate(Store& store, std::string_view authorization, Time now);

// refused unless both role and token allow `scope` ("devices:read").
Result<void> authorize(const Principal& principal, std::string_view scope);

}  // namespace fairlead::server::api
