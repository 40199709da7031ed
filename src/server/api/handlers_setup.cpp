// SPDX-License-Identifier: Apache-2.0
#include "base/events.h"
#include "codec/pem.h"
#include "server/api/call.h"
#include "server/api/directives.h"
#include "server/fdo/station.h"

namespace fairlead::server::api {

Result<Response> health(Call&) { return ok_json(json::object{{"status", "ok"}}); }

Result<Response> status(Call& call) {
  const AccountId& account = call.who.user.account;
  TRY(auto counts, account.empty() ? call.read().counts() : call.read().counts_of(account));
  json::object out{{"account", account.str()},
                   {"devices", counts.devices},
                   {"vouchers", counts.vouchers},
                   {"certificates_active", counts.certificates_active},
                   {"devices_online", counts.devices_online},
                   {"broker", call.s.broker ? call.s.broker() : "none"},
                   {"time", to_rfc3339(call.request.now)}};
  if (account.empty()) {
    out["registrations"] = counts.registrations;
    out["sessions"] = counts.sessions;
  }
  return ok_json(out);
}

Result<Response> metrics(Call& call) {
  if (!call.who.user.account.empty())
    return fail(Errc::refused, "metrics are the whole server's; a user of no account reads them");
  if (!call.s.metrics) return fail(Errc::not_found, "this server counts nothing");
  return Response{200, "text/plain; version=0.0.4", {}, call.s.metrics->text(), {}};
}

Result<Response> keys(Call& call) {
  const Identity& own = call.s.identity;
  auto public_pem = [](const crypto::Signer& key) {
    return pem::encode("PUBLIC KEY", key.public_key().spki());
  };
  return ok_json(json::object{{"owner", public_pem(*own.owner)},
                              {"owner_certificate", own.owner_certificate.pem()},
                              {"manufacturer", public_pem(*own.manufacturer)},
                              {"device_ca", own.device_ca.authority.chain().front().pem()},
                              {"ca", own.operational_ca.authority.chain().front().pem()}});
}

namespace {
// Profiles decide for every account's devices. A user of one account has a say only where the
// profile names that account and no other, and does not see the ones that name others only.
bool may_edit(const Principal& who, const EnrolmentProfile& profile) {
  if (who.user.account.empty()) return true;
  const AccountId& into = profile.decision.account;
  return profile.decision.match.accounts == std::vector{who.user.account} &&
         (into.empty() || into == who.user.account);
}
bool may_see(const Principal& who, const registry::Profile& record) {
  if (who.user.account.empty()) return true;
  auto profile = parse_profile(record.id, record.document);
  if (!profile) return false;
  const AccountId& into = profile->decision.account;
  if (!into.empty() && into != who.user.account) return false;
  const auto& accounts = profile->decision.match.accounts;
  return accounts.empty() || std::ranges::find(accounts, who.user.account) != accounts.end();
}
}  // namespace

Result<void> check_edit(Call& call, const ProfileId& id, std::string_view document) {
  TRY(auto profile, parse_profile(id, document));
  if (!call.who.user.account.empty() && !profile.files.empty())
    return fail(Errc::refused, "the server's files are given out by users of no account");
  if (may_edit(call.who, profile)) return ok();
  return fail(Errc::refused, "profile '" + id.str() +
                                 "' concerns other accounts; yours must match \"accounts\": [\"" +
                                 call.who.user.account.str() +
                                 "\"] and may not name another \"account\"");
}

Result<Response> list_profiles(Call& call) {
  TRY(auto profiles, call.read().profiles());
  std::erase_if(profiles, [&](const auto& each) { return !may_see(call.who, each); });
  return page_of(profiles, SIZE_MAX, [](const auto& each) { return each.id.str(); });
}

Result<registry::Profile> require_profile(Call& call) {
  TRY(auto profile, call.read().find_profile(ProfileId(call.parameters[0])));
  if (!profile || !may_see(call.who, *profile))
    return fail(Errc::not_found, "there is no profile '" + call.parameters[0] + "'");
  return std::move(*profile);
}

namespace {
std::string etag_of(const registry::Profile& profile) {
  return "\"" + std::to_string(profile.revision) + "\"";
}
}  // namespace

Result<Response> show_profile(Call& call) {
  TRY(auto profile, require_profile(call));
  Response response = ok_json(to_json(profile));
  response.etag = etag_of(profile);
  return response;
}

// The whole document by name: applying it twice changes nothing. If-Match guards against another's
// edit in between.
Result<Response> put_profile(Call& call) {
  ProfileId id(call.parameters[0]);
  std::string document(as_text(call.request.body));
  TRY(auto parsed, parse_profile(id, document));
  TRY_VOID(check_edit(call, id, document));
  TRY(auto before, call.read().find_profile(id));
  if (before) TRY_VOID(check_edit(call, id, before->document));
  if (!parsed.decision.account.empty()) {
    TRY(auto account, call.read().find_account(parsed.decision.account));
    if (!account)
      return fail(Errc::not_found, "there is no account '" + parsed.decision.account.str() + "'");
  }
  std::optional<std::uint64_t> expected;
  if (!call.request.if_match.empty()) {
    if (!call.matches(before ? etag_of(*before) : "")) return changed_meanwhile("the profile");
    expected = before ? before->revision : 0;
  }
  auto deed =
      call.deed(parsed.decision.account, id.str(), event::profile_put,
                {{"profile", id.str()}, {"sha256", crypto::sha256(as_view(document)).hex()}});
  auto stored =
      call.commit({registry::PutProfile{{id, parsed.priority, 0, std::move(document)}, expected},
                   std::move(deed)});
  if (!stored && stored.error().code == Errc::conflict && expected)
    return changed_meanwhile("the profile");
  TRY_VOID(std::move(stored));
  TRY(auto profile, require_profile(call));
  Response response = ok_json(to_json(profile));
  response.etag = etag_of(profile);
  return response;
}

Result<Response> remove_profile(Call& call) {
  TRY(auto profile, require_profile(call));
  TRY_VOID(check_edit(call, profile.id, profile.document));
  TRY(auto parsed, parse_profile(profile.id, profile.document));
  if (!call.matches(etag_of(profile))) return changed_meanwhile("the profile");
  // Who saw no ETag removes whatever is there.
  auto seen = call.request.if_match.empty() ? std::optional<std::uint64_t>() : profile.revision;
  auto removed = call.commit({registry::RemoveProfile{profile.id, seen},
                              call.deed(parsed.decision.account, profile.id.str(),
                                        event::profile_removed, {{"profile", profile.id.str()}})});
  if (!removed && removed.error().code == Errc::conflict) return changed_meanwhile("the profile");
  TRY_VOID(std::move(removed));
  return Response{204, {}, {}, {}, {}};
}

// Server-wide keys are everybody's to see, and an administrator's of no account to change.
Result<Response> list_trusted(Call& call) {
  TRY(auto keys, call.read().trusted_keys());
  std::erase_if(keys, [&](const auto& each) {
    return !each.account.empty() && !call.who.sees(each.account);
  });
  return page_of(keys, SIZE_MAX, [](const auto& each) { return to_hex(each.fingerprint); });
}

Result<Response> add_trusted(Call& call) {
  TRY(auto pem_text, call.text("pem", document_characters_max));
  TRY(auto shown, key_from_pem(pem_text));
  const crypto::PublicKey& key = shown.key;
  TRY(auto kind_name, call.text_or("kind", "manufacturer"));
  auto kind = key_kind_from(kind_name);
  if (!kind)
    return fail(Errc::malformed, "'kind' is none of manufacturer, owner, device_ca, tpm_ca");
  TRY(auto account_name, call.text_or("account", ""));
  TRY(auto account, own_account(call, account_name));
  TRY(auto name, call.text_or("name", ""));
  registry::TrustedKey record{
      std::move(account), to_bytes(View(key.fingerprint())), *kind, std::move(name), key.spki(),
      call.request.now};
  TRY_VOID(call.commit({registry::PutTrustedKey{record},
                        call.deed(record.account, to_hex(record.fingerprint), event::trust_added,
                                  {{"kind", kind_name},
                                   {"name", record.name},
                                   {"fingerprint", to_hex(record.fingerprint)}})}));
  return ok_json(to_json(record), 201);
}

Result<Response> remove_trusted(Call& call) {
  auto fingerprint = from_hex(call.parameters[0]);
  if (!fingerprint) return fail(Errc::malformed, "a fingerprint is hexadecimal");
  TRY(auto account, own_account(call, call.query("account")));
  TRY(auto known, call.read().find_trusted_key(account, *fingerprint));
  if (!known)
    return fail(Errc::not_found, account.empty()
                                     ? "no key with this fingerprint is trusted server-wide"
                                     : "account '" + account.str() +
                                           "' has no trusted key with this fingerprint of its own");
  TRY_VOID(
      call.commit({registry::RemoveTrustedKey{account, *fingerprint},
                   call.deed(account, to_hex(*fingerprint), event::trust_removed,
                             {{"name", known->name}, {"fingerprint", to_hex(*fingerprint)}})}));
  return Response{204, {}, {}, {}, {}};
}

namespace {
Result<Response> rendezvous_response(const fdo::RendezvousInfo& info) {
  json::array directives;
  for (const auto& directive : info.directives) directives.push_back(to_json(directive));
  Response response = ok_json(json::object{{"directives", std::move(directives)}});
  response.etag = content_tag({as_text(info.encoded)});
  return response;
}
}  // namespace

Result<Response> show_rendezvous(Call& call) {
  TRY(auto info, factory_rendezvous(call.read()));
  return rendezvous_response(info);
}

Result<Response> put_rendezvous(Call& call) {
  if (!call.who.user.account.empty())
    return fail(Errc::refused, "the factory is the whole server's; a user of no account sets it");
  const json::value* given = call.body.if_contains("directives");
  if (!given || !given->is_array() || given->get_array().empty() || given->get_array().size() > 16)
    return fail(Errc::malformed, "'directives' is not a list of 1 to 16");
  std::vector<fdo::Directive> directives;
  for (const json::value& each : given->get_array()) {
    if (!each.is_object())
      return fail(Errc::malformed, "'directives' holds something that is no object");
    TRY(auto directive, directive_from(each.get_object()));
    directives.push_back(std::move(directive));
  }
  auto info = fdo::make_rendezvous_info(std::move(directives));
  std::optional<Bytes> expected;
  if (!call.request.if_match.empty()) {
    auto before = factory_rendezvous(call.read());
    if (!before || !call.matches(content_tag({as_text(before->encoded)})))
      return changed_meanwhile("the factory's rendezvous");
    expected = std::move(before->encoded);
  }
  auto stored = call.commit({put_factory_rendezvous(info, std::move(expected)),
                             call.deed({}, "factory", event::factory_rendezvous_set,
                                       {{"directives", json::serialize(*given)}})});
  if (!stored && stored.error().code == Errc::conflict)
    return changed_meanwhile("the factory's rendezvous");
  TRY_VOID(std::move(stored));
  return rendezvous_response(info);
}

}  // namespace fairlead::server::api
