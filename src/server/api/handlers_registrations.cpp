// SPDX-License-Identifier: Apache-2.0
// Registrations at rendezvous servers (TO0): what others left at ours, and what we keep at theirs.
#include "server/api/call.h"

namespace fairlead::server::api {

// Expired ones are kept against truncated vouchers.
Result<Response> list_registrations(Call& call) {
  if (!call.who.user.account.empty())
    return fail(Errc::refused, "registrations are of no account; a user of no account sees them");
  registry::Page page = call.page();
  TRY(auto registrations, call.read().registrations(page));
  return page_of(registrations, page.limit, [](const auto& each) { return to_hex(each.guid); });
}

Result<Response> list_own_registrations(Call& call) {
  registry::OwnRegistrationFilter filter;
  filter.rendezvous = call.query("server");
  if (std::string state = call.query("state"); !state.empty()) {
    if (state != "failing") return fail(Errc::malformed, "'state' is not 'failing'");
    filter.only_failing = true;
  }
  if (std::string account = call.query("account"); !account.empty())
    filter.account = AccountId(account);
  if (!call.who.user.account.empty()) filter.account = call.who.user.account;
  registry::Page page = call.page();
  TRY(auto registrations, call.read().own_registrations(filter, page));
  return page_of(registrations, page.limit, [](const registry::OwnRegistration& each) {
    return to_hex(each.job.guid) + " " + each.job.rendezvous;
  });
}

}  // namespace fairlead::server::api
