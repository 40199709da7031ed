// SPDX-License-Identifier: Apache-2.0
#include "device/est_answers.h"

#include <algorithm>

#include "base/limits.h"

namespace fairlead::device {

namespace {
constexpr std::size_t words_max = 500;
}  // namespace

Failure est_refusal(const net::HttpResponse& response, std::string_view what) {
  std::string why(as_text(response.body).substr(0, words_max));
  while (why.ends_with('\n') || why.ends_with('\r')) why.pop_back();
  std::string detail =
      std::string(what) + ": HTTP status " + std::to_string(response.status) + ": " + why;
  bool may_pass = response.status >= 500 || response.status == 429;
  return {may_pass ? Reason::owner_unreachable : Reason::grant_refused, std::move(detail)};
}

Failure est_failure(const Error& error, std::string_view what) {
  std::string detail = std::string(what) + ": " + error.context;
  switch (error.code) {
    case Errc::untrusted:
      return {Reason::tls_untrusted, std::move(detail)};
    case Errc::expired:
      return {Reason::clock_wrong, std::move(detail)};
    case Errc::cancelled:
      return {Reason::interrupted, std::move(detail)};
    default:
      return {Reason::owner_unreachable, std::move(detail)};
  }
}

Result<std::vector<crypto::Certificate>> est_chain(crypto::Certificate leaf,
                                                   std::span<const crypto::Certificate> known) {
  std::vector<crypto::Certificate> chain{std::move(leaf)};
  while (chain.size() < limits::certificate_chain_max) {
    const crypto::Certificate& last = chain.back();
    if (last.subject_der() == last.issuer_der()) break;
    auto issuer = std::ranges::find_if(known, [&](const crypto::Certificate& each) {
      return each.subject_der() == last.issuer_der() && last.signed_by(each.public_key());
    });
    if (issuer == known.end()) break;
    chain.push_back(*issuer);
  }
  if (chain.size() < 2)
    return fail(Errc::untrusted, "the new certificate is by an issuer that we don't know: '" +
                                     chain.front().issuer() + "'");
  return chain;
}

}  // namespace fairlead::device
