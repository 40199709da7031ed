// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/events.h"
#include "codec/pem.h"
#include "server/api/call.h"
#include "server/fdo/station.h"

namespace fairlead::server::api {

Result<Response> health(Call&) { return ok_json(json::object{{"status", "ok"}}); }

Result<Response> status(Call& call) {
  TRY(auto counts, call.read().counts());
  return ok_json(json::object{{"devices", counts.devices},
                              {"vouchers", counts.vouchers},
                              {"certificates_active", counts.certificates_active},
                              {"devices_online", counts.devices_online},
                              {"registrations", counts.registrations},
                              {"sessions", counts.sessions},
                              {"broker", call.s.broker ? call.s.broker() : "none"},
                              {"time", to_rfc3339(call.request.now)}});
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
// profile names that account and no other, and does not see the ones that name others.
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
  const auto& accounts = profile->decision.match.accounts;
  return accounts.empty() || std::ranges::find(accounts, who.user.account) != accounts.end();
}
Result<void> check_edit(Call& call, const ProfileId& id, std::string_view document) {
  TRY(auto profile, parse_profile(id, document));
  if (may_edit(call.who, profile)) return ok();
  return fail(Errc::refused, "profile '" + id.str() +
                                 "' concerns other accounts; yours must match \"accounts\": [\"" +
                                 call.who.user.account.str() +
                                 "\"] and may not name another \"account\"");
}
}  // namespace

Result<Response> list_profiles(Call& call) {
  TRY(auto profiles, call.read().profiles());
  std::erase_if(profiles, [&](const auto& each) { return !may_see(call.who, each); });
  return page_of(profiles, SIZE_MAX, [](const auto& each) { return each.id.str(); });
}

namespace {
Result<registry::Profile> require_profile(Call& call) {
  TRY(auto profile, call.read().find_profile(ProfileId(call.parameters[0])));
  if (!profile || !may_see(call.who, *profile))
    return fail(Errc::not_found, "there is no profile '" + call.parameters[0] + "'");
  return std::move(*profile);
}

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
  std::string_view if_match = call.request.if_match;
  if (if_match.size() > 2) {
    std::uint64_t number = 0;
    if_match = if_match.substr(1, if_match.size() - 2);
    if (std::from_chars(if_match.data(), if_match.data() + if_match.size(), number).ec !=
        std::errc{})
      return fail(Errc::malformed, "If-Match is not an ETag of ours");
    expected = number;
  }
  auto deed =
      call.deed(parsed.decision.account, id.str(), event::profile_put,
                {{"profile", id.str()}, {"sha256", crypto::sha256(as_view(document)).hex()}});
  auto stored = call.s.store.commit(
      {registry::PutProfile{{id, parsed.priority, 0, std::move(document)}, expected},
       std::move(deed)});
  if (!stored && stored.error().code == Errc::conflict && expected)
    return Response{
        412,
        "application/json",
        {},
        R"({"error":{"code":"conflict","message":"somebody else changed the profile meanwhile"}})",
        {}};
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
  TRY_VOID(
      call.s.store.commit({registry::RemoveProfile{profile.id},
                           call.deed(parsed.decision.account, profile.id.str(),
                                     event::profile_removed, {{"profile", profile.id.str()}})}));
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
  TRY(auto pem_text, call.text("pem"));
  TRY(auto shown, key_from_pem(pem_text));
  const crypto::PublicKey& key = shown.key;
  auto kind = key_kind_from(call.text_or("kind", "manufacturer"));
  if (!kind) return fail(Errc::malformed, "'kind' is none of manufacturer, owner, device_ca");
  TRY(auto account, own_account(call, call.text_or("account", "")));
  registry::TrustedKey record{std::move(account),
                              to_bytes(View(key.fingerprint())),
                              *kind,
                              call.text_or("name", ""),
                              key.spki(),
                              call.request.now};
  TRY_VOID(
      call.s.store.commit({registry::PutTrustedKey{record},
                           call.deed(record.account, to_hex(record.fingerprint), event::trust_added,
                                     {{"kind", call.text_or("kind", "manufacturer")},
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
  TRY_VOID(call.s.store.commit(
      {registry::RemoveTrustedKey{account, *fingerprint},
       call.deed(account, to_hex(*fingerprint), event::trust_removed,
                 {{"name", known->name}, {"fingerprint", to_hex(*fingerprint)}})}));
  return Response{204, {}, {}, {}, {}};
}

namespace {

json::object directive_json(const fdo::Directive& d) {
  json::object out;
  if (!d.dns.empty()) out["dns"] = d.dns;
  json::array ips;
  for (const Bytes& ip : d.ips) ips.emplace_back(fdo::ip_text(ip));
  if (!ips.empty()) out["ips"] = std::move(ips);
  if (d.device_port) out["device_port"] = *d.device_port;
  if (d.owner_port) out["owner_port"] = *d.owner_port;
  if (d.protocol)
    out["protocol"] = *d.protocol == fdo::RvProtocol::http    ? "http"
                      : *d.protocol == fdo::RvProtocol::https ? "https"
                                                              : "rest";
  if (d.delay_seconds) out["delay_seconds"] = *d.delay_seconds;
  if (d.server_cert_hash) out["server_cert_hash"] = to_hex(d.server_cert_hash->value);
  if (d.authority_cert_hash) out["authority_cert_hash"] = to_hex(d.authority_cert_hash->value);
  if (d.bypass) out["bypass"] = true;
  if (d.device_only) out["device_only"] = true;
  if (d.owner_only) out["owner_only"] = true;
  return out;
}

Result<std::optional<std::uint32_t>> number(const json::object& in, std::string_view name,
                                            std::int64_t max) {
  const json::value* value = in.if_contains(name);
  if (!value) return std::optional<std::uint32_t>();
  if (!value->is_int64() || value->get_int64() < 0 || value->get_int64() > max)
    return fail(Errc::malformed,
                "'" + std::string(name) + "' is not a whole number up to " + std::to_string(max));
  return std::optional(static_cast<std::uint32_t>(value->get_int64()));
}

// FDO 1.1 §3.7, SvCertHash and ClCertHash: of the certificate's DER.
Result<std::optional<fdo::Hash>> certificate_hash(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  if (!value) return std::optional<fdo::Hash>();
  auto bytes = value->is_string() ? from_hex(std::string_view(value->get_string())) : std::nullopt;
  if (!bytes || (bytes->size() != 32 && bytes->size() != 48))
    return fail(Errc::malformed, "directive: '" + std::string(name) +
                                     "' is not the SHA-256 or SHA-384 of a certificate in "
                                     "hexadecimal");
  auto alg = bytes->size() == 32 ? crypto::HashAlg::sha256 : crypto::HashAlg::sha384;
  return std::optional(fdo::Hash{alg, std::move(*bytes)});
}

bool is_set(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

Result<fdo::Directive> directive_from(const json::object& in) {
  static constexpr std::string_view known[] = {"dns",
                                               "ips",
                                               "device_port",
                                               "owner_port",
                                               "protocol",
                                               "delay_seconds",
                                               "bypass",
                                               "device_only",
                                               "owner_only",
                                               "server_cert_hash",
                                               "authority_cert_hash"};
  for (const auto& member : in)
    if (std::ranges::find(known, std::string_view(member.key())) == std::end(known))
      return fail(Errc::malformed,
                  "directive: '" + std::string(member.key()) + "' is not known here");
  fdo::Directive d;
  if (const json::value* dns = in.if_contains("dns")) {
    if (!dns->is_string()) return fail(Errc::malformed, "directive: 'dns' is not a text");
    d.dns = std::string(dns->get_string());
  }
  if (const json::value* ips = in.if_contains("ips")) {
    if (!ips->is_array()) return fail(Errc::malformed, "directive: 'ips' is not a list");
    for (const json::value& each : ips->get_array()) {
      auto ip =
          each.is_string() ? fdo::ip_from_text(std::string_view(each.get_string())) : std::nullopt;
      if (!ip)
        return fail(Errc::malformed, "directive: 'ips' holds something that is no IP address");
      d.ips.push_back(std::move(*ip));
    }
  }
  TRY(auto device_port, number(in, "device_port", 65535));
  TRY(auto owner_port, number(in, "owner_port", 65535));
  TRY(d.delay_seconds, number(in, "delay_seconds", 86'400));
  TRY(d.server_cert_hash, certificate_hash(in, "server_cert_hash"));
  TRY(d.authority_cert_hash, certificate_hash(in, "authority_cert_hash"));
  if (device_port) d.device_port = static_cast<std::uint16_t>(*device_port);
  if (owner_port) d.owner_port = static_cast<std::uint16_t>(*owner_port);
  if (const json::value* protocol = in.if_contains("protocol")) {
    if (*protocol == "http")
      d.protocol = fdo::RvProtocol::http;
    else if (*protocol == "https")
      d.protocol = fdo::RvProtocol::https;
    else if (*protocol == "rest")
      d.protocol = fdo::RvProtocol::rest;
    else
      return fail(Errc::malformed, "directive: 'protocol' is none of http, https, rest");
  }
  d.bypass = is_set(in, "bypass");
  d.device_only = is_set(in, "device_only");
  d.owner_only = is_set(in, "owner_only");
  if (d.dns.empty() && d.ips.empty() && !d.delay_seconds)
    return fail(Errc::malformed, "directive: names neither 'dns' nor 'ips' nor a 'delay_seconds'");
  return d;
}

}  // namespace

Result<Response> show_rendezvous(Call& call) {
  TRY(auto info, factory_rendezvous(call.read()));
  json::array directives;
  for (const auto& directive : info.directives) directives.push_back(directive_json(directive));
  return ok_json(json::object{{"directives", std::move(directives)}});
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
  auto deed = call.deed({}, "factory", event::factory_rendezvous_set,
                        {{"directives", json::serialize(*given)}});
  TRY_VOID(call.s.store.commit(
      {put_factory_rendezvous(fdo::make_rendezvous_info(std::move(directives))), std::move(deed)}));
  return show_rendezvous(call);
}

// What owners left here for their devices; expired ones are kept against truncated vouchers.
Result<Response> list_registrations(Call& call) {
  if (!call.who.user.account.empty())
    return fail(Errc::refused, "registrations are of no account; a user of no account sees them");
  registry::Page page = call.page();
  TRY(auto registrations, call.read().registrations(page));
  return page_of(registrations, page.limit, [](const auto& each) { return to_hex(each.guid); });
}

}  // namespace fairlead::server::api
