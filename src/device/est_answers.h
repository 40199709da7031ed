// SPDX-License-Identifier: Apache-2.0
// What a device makes of the answers of an EST server, at its first certificate and at renewals.
// `what` begins the words for people: "renewal".
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "device/reason.h"
#include "net/http.h"

namespace fairlead::device {

Failure est_refusal(const net::HttpResponse& response,
                    std::string_view what);                      // neither 200 nor 202
Failure est_failure(const Error& error, std::string_view what);  // there was no answer

// The new certificate with those above it. untrusted: its issuer is none of `known`.
Result<std::vector<crypto::Certificate>> est_chain(crypto::Certificate leaf,
                                                   std::span<const crypto::Certificate> known);

}  // namespace fairlead::device
