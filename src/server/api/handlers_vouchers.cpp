// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "codec/pem.h"
#include "server/api/call.h"
#include "server/api/voucher_content.h"

namespace fairlead::server::api {

namespace {

constexpr std::size_t import_max = 1000;

Result<registry::Voucher> require_voucher(Call& call) {
  auto guid = fdo::guid_from_text(call.parameters[0]);
  if (!guid) return fail(Errc::malformed, "'" + call.parameters[0] + "' is not a GUID");
  TRY(auto voucher, call.read().find_voucher(*guid));
  if (!voucher || !call.who.sees(voucher->account))
    return fail(Errc::not_found, "there is no voucher " + fdo::to_text(*guid));
  return std::move(*voucher);
}

}  // namespace

Result<fdo::ShownKey> key_from_pem(std::string_view text) {
  TRY(auto blocks, pem::decode(text));
  std::vector<crypto::Certificate> chain;
  for (const pem::Block& block : blocks) {
    if (block.label == "PUBLIC KEY" && chain.empty()) {
      TRY(auto bare, crypto::PublicKey::from_spki(block.content));
      return fdo::ShownKey(std::move(bare));
    }
    if (block.label != "CERTIFICATE") continue;
    TRY(auto certificate, crypto::Certificate::from_der(block.content));
    if (!chain.empty() && !chain.back().signed_by(certificate.public_key()))
      return fail(Errc::malformed, "the certificates are no chain: '" + chain.back().subject() +
                                       "' is not signed by '" + certificate.subject() +
                                       "', which follows it");
    chain.push_back(std::move(certificate));
  }
  if (chain.empty())
    return fail(Errc::malformed, "no PUBLIC KEY or CERTIFICATE block in this PEM text");
  if (chain.size() > limits::certificate_chain_max)
    return fail(Errc::malformed, "a chain of more than 8 certificates");
  return fdo::ShownKey(std::move(chain));
}

Result<Response> list_vouchers(Call& call) {
  registry::VoucherFilter filter;
  filter.serial = call.query("serial");
  if (std::string state = call.query("state"); !state.empty()) {
    filter.state = voucher_state_from(state);
    if (!filter.state)
      return fail(Errc::malformed,
                  "'state' is none of made, owned, pending, superseded, handed_over, replaced");
  }
  if (std::string account = call.query("account"); !account.empty())
    filter.account = AccountId(account);
  if (!call.who.user.account.empty()) filter.account = call.who.user.account;
  registry::Page page = call.page();
  TRY(auto vouchers, call.read().vouchers(filter, page));
  return page_of(vouchers, page.limit, [](const auto& each) { return to_hex(each.guid); });
}

namespace {
// Names of keys as the caller may see them.
Result<NameKey> key_names(Call& call) {
  TRY(auto trusted, call.read().trusted_keys());
  std::erase_if(trusted, [&](const auto& each) {
    return !each.account.empty() && !call.who.sees(each.account);
  });
  const Identity& own = call.s.identity;
  return [trusted = std::move(trusted), &own](const crypto::PublicKey& key) -> std::string {
    if (key == own.owner->public_key()) return "this server's owner key";
    if (key == own.manufacturer->public_key()) return "this server's manufacturer key";
    auto known = std::ranges::find(trusted, to_bytes(View(key.fingerprint())),
                                   &registry::TrustedKey::fingerprint);
    if (known == trusted.end()) return "";
    return known->name.empty() ? "a trusted key without a name" : known->name;
  };
}
}  // namespace

Result<Response> show_voucher(Call& call) {
  TRY(auto record, require_voucher(call));
  json::object out = to_json(record);
  out["content"] = nullptr;  // of one that was replaced only the GUID is kept
  if (!record.encoded.empty()) {
    TRY(auto voucher, fdo::decode_voucher(record.encoded));
    TRY(auto name, key_names(call));
    out["content"] = content_of(voucher, name);
  }
  return ok_json(out);
}

Result<Response> show_voucher_pem(Call& call) {
  TRY(auto voucher, require_voucher(call));
  if (voucher.state == registry::VoucherState::replaced)
    return fail(Errc::conflict,
                "the voucher was replaced when its device onboarded, and is no longer kept");
  return Response{
      200, "application/x-pem-file", {}, pem::encode("OWNERSHIP VOUCHER", voucher.encoded), {}};
}

// Each voucher on its own: a bad one is told apart, and does not hold the others up. Written
// together.
Result<Response> import_vouchers(Call& call) {
  AccountId account(call.query("account"));
  if (account.empty())
    account = call.who.user.account.empty() ? AccountId("default") : call.who.user.account;
  if (!call.who.sees(account))
    return fail(Errc::refused, "account '" + account.str() + "' is not yours");
  bool dry = call.query("dry_run") == "true";
  TRY(auto blocks, pem::decode(as_text(call.request.body)));
  std::erase_if(blocks, [](const auto& block) { return block.label != "OWNERSHIP VOUCHER"; });
  if (blocks.empty()) return fail(Errc::malformed, "no OWNERSHIP VOUCHER block in the request");
  if (blocks.size() > import_max)
    return fail(Errc::malformed, "more than 1000 vouchers in one request");
  std::vector<fdo::Voucher> vouchers;
  std::vector<std::optional<Error>> unreadable;
  for (const pem::Block& block : blocks) {
    auto voucher = fdo::decode_voucher(block.content);
    unreadable.push_back(voucher ? std::nullopt : std::optional(voucher.error()));
    if (voucher) vouchers.push_back(std::move(*voucher));
  }
  auto outcomes =
      call.s.vouchers.import_all(vouchers, account, dry, call.actor(), call.request.now);
  json::array results;
  for (std::size_t i = 0, read = 0; i < blocks.size(); ++i) {
    json::object row{{"index", i}};
    if (!unreadable[i]) row["guid"] = fdo::to_text(vouchers[read].header.guid);
    auto result = unreadable[i] ? Result<Import>(fail(*unreadable[i])) : outcomes[read++];
    row["result"] = !result ? "refused" : *result == Import::imported ? "imported" : "unchanged";
    if (!result)
      row["reason"] = result.error().context;
    else if (*result == Import::outlived)
      row["reason"] = "the device was onboarded with it and has a new GUID since";
    results.push_back(std::move(row));
  }
  return ok_json(json::object{{"results", std::move(results)}});
}

Result<Response> extend_voucher(Call& call) {
  TRY(auto record, require_voucher(call));
  TRY(auto pem_text, call.text("next_owner", document_characters_max));
  TRY(auto next_owner, key_from_pem(pem_text));
  auto sale = call.flag("unconfirmed").value_or(false) ? Vouchers::Sale::unconfirmed
                                                       : Vouchers::Sale::confirmed;
  TRY(auto extended, call.s.vouchers.extend(*fdo::Guid::from(record.guid), next_owner, call.actor(),
                                            call.request.now, sale));
  // A device that is sold loses its access here at once.
  if (!record.device.empty())
    TRY_VOID(call.s.enroller.revoke(record.device, call.actor(), "handed over to another owner",
                                    call.request.now));
  return ok_json(json::object{{"pem", fdo::encode_voucher_pem(extended)}});
}

}  // namespace fairlead::server::api
