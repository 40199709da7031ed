// SPDX-License-Identifier: Apache-2.0
// What a handler works with, shared by the handlers' files.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "server/api/api.h"
#include "server/api/auth.h"
#include "server/api/views.h"

namespace fairlead::server::api {

namespace json = boost::json;

// What people write: names, reasons, labels. It goes into records, the log and the audit log.
inline constexpr std::size_t text_characters_max = 256;
// PEM, base64: documents with limits of their own, once they are decoded.
inline constexpr std::size_t document_characters_max = 256 * 1024;

struct Call {
  Services& s;
  const Request& request;
  const Principal& who;
  std::vector<std::string> parameters;  // of the path, in order
  json::object body;                    // of a JSON request, else empty
  LoginGuard& logins;
  std::vector<std::pair<const LogEvent*, Fields>> deeds{};  // not in the log yet

  registry::Registry& read() const { return s.store.read(); }
  Actor actor() const { return {who.user.id.str(), "api " + request.peer}; }
  // What this call does: for the audit log, to go into the change's transaction, and for the log
  // when that is durable. `fields` get "who" put before them. `account`: whom it concerns, none for
  // the whole server.
  registry::Change deed(const AccountId& account, std::string subject, const LogEvent& event,
                        Fields fields);
  // Store::commit; then the deeds go into the log, or are forgotten if it failed.
  Result<void> commit(registry::Transaction changes,
                      std::source_location caller = std::source_location::current());
  Result<void> tell(Result<void> committed);  // the same for what is committed elsewhere
  std::string query(std::string_view name) const;
  registry::Page page() const;  // from "after" and "limit"; limit 1 to 1000, 100 by default

  // Members of the body; malformed names the member. Of text at most that many characters. What
  // text_or() takes may be missing, null or empty.
  Result<std::string> text(std::string_view name,
                           std::size_t characters_max = text_characters_max) const;
  Result<std::string> text_or(std::string_view name, std::string otherwise) const;
  Result<std::vector<std::string>> texts(std::string_view name) const;  // a list of at most 32
  std::optional<bool> flag(std::string_view name) const;

  // RFC 9110 §13.1.1: whether the request is meant for what is there now, whose ETag this is; ""
  // if there is nothing. Without If-Match every request is.
  bool matches(std::string_view etag) const;
};

// An ETag of what people can change of something. Never empty.
std::string content_tag(std::initializer_list<std::string_view> parts);
Response changed_meanwhile(std::string_view what);  // 412

// PUBLIC KEY, or a chain of CERTIFICATEs, leaf first.
Result<fdo::ShownKey> key_from_pem(std::string_view text);

// The account that something is to belong to. None named: the caller's own, which for an
// administrator of no account is none: server-wide. refused: another's; not_found: there is none.
Result<AccountId> own_account(const Call& call, const std::string& named);

// Of the path's first parameter (a device by id, or by a GUID that it has or had), as far as the
// caller may see it; else not_found.
Result<registry::Profile> require_profile(Call& call);
Result<registry::Device> require_device(Call& call);
// refused: the profile concerns other accounts than the caller's.
Result<void> check_edit(Call& call, const ProfileId& id, std::string_view document);

using Handler = Result<Response> (*)(Call&);

Response ok_json(const json::value& value, unsigned status = 200);
Response error_response(unsigned status, std::string_view code, std::string_view message);
// {"items": […], "next": "…"}; `next` when the page is full.
template <class Records, class Key>
Response page_of(const Records& records, std::size_t limit, Key key) {
  json::array items;
  for (const auto& record : records) items.push_back(to_json(record));
  json::object out{{"items", std::move(items)}};
  if (!records.empty() && records.size() >= limit) out["next"] = key(records.back());
  return ok_json(out);
}

// handlers_people.cpp
Result<Response> login(Call&);
Result<Response> me(Call&);
Result<Response> list_accounts(Call&);
Result<Response> create_account(Call&);
Result<Response> list_users(Call&);
Result<Response> create_user(Call&);
Result<Response> show_user(Call&);
Result<Response> change_user(Call&);
Result<Response> list_tokens(Call&);
Result<Response> create_token(Call&);
Result<Response> remove_token(Call&);
// handlers_setup.cpp
Result<Response> health(Call&);
Result<Response> status(Call&);
Result<Response> metrics(Call&);
Result<Response> keys(Call&);
Result<Response> list_profiles(Call&);
Result<Response> show_profile(Call&);
Result<Response> put_profile(Call&);
Result<Response> remove_profile(Call&);
Result<Response> list_trusted(Call&);
Result<Response> add_trusted(Call&);
Result<Response> remove_trusted(Call&);
Result<Response> show_rendezvous(Call&);
Result<Response> put_rendezvous(Call&);
// handlers_registrations.cpp
Result<Response> list_registrations(Call&);
Result<Response> list_own_registrations(Call&);
// handlers_vouchers.cpp
Result<Response> list_vouchers(Call&);
Result<Response> show_voucher(Call&);
Result<Response> show_voucher_pem(Call&);
Result<Response> import_vouchers(Call&);
Result<Response> extend_voucher(Call&);
// handlers_devices.cpp
Result<Response> list_devices(Call&);
Result<Response> create_device(Call&);
Result<Response> show_device(Call&);
Result<Response> change_device(Call&);
Result<Response> show_timeline(Call&);
Result<Response> list_uploads(Call&);
Result<Response> show_upload(Call&);
Result<Response> make_password(Call&);
Result<Response> revoke_device(Call&);
Result<Response> decommission_device(Call&);
Result<Response> replace_device(Call&);
Result<Response> readmit_device(Call&);
Result<Response> device_detail(Call&);

// handlers_audit.cpp
Result<Response> list_audit(Call&);

// handlers_wifi.cpp
Result<Response> show_wifi(Call&);
Result<Response> put_wifi(Call&);
Result<Response> remove_wifi(Call&);
Result<Response> show_bootstrap(Call&);
Result<Response> put_bootstrap(Call&);
Result<Response> remove_bootstrap(Call&);
Result<Response> show_controller(Call&);
// handlers_claims.cpp
Result<Response> claim_device(Call&);
// handlers_adoptions.cpp
Result<Response> list_adoptions(Call&);
Result<Response> approve_device(Call&);
Result<Response> reject_device(Call&);

}  // namespace fairlead::server::api
