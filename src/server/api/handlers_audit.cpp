// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "server/api/call.h"

namespace fairlead::server::api {

namespace {

Result<std::uint64_t> number(const Call& call, std::string_view name) {
  std::string text = call.query(name);
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (!text.empty() && (error != std::errc{} || end != text.data() + text.size()))
    return fail(Errc::malformed, "'" + std::string(name) + "' is not a whole number");
  return out;
}

}  // namespace

// The chain whole, so that everybody can follow it; what concerns other accounts by hash only.
Result<Response> list_audit(Call& call) {
  TRY(auto after, number(call, "after"));
  TRY(auto newest, number(call, "newest"));
  registry::Page page = call.page();
  if (newest > 0) {
    TRY(auto last, call.read().last_audit());
    std::uint64_t count = last ? last->sequence : 0;
    after = std::max(after, count > newest ? count - newest : 0);
  }
  TRY(auto records, call.read().audit_after(after, page.limit));
  json::array items;
  for (const auto& each : records) {
    auto item = to_json(each);
    bool visible = call.who.user.account.empty() || call.who.user.account == each.account;
    if (!visible) item.erase("entry");
    items.push_back(std::move(item));
  }
  json::object out{{"items", std::move(items)}};
  if (records.size() >= page.limit) out["next"] = std::to_string(records.back().sequence);
  return ok_json(out);
}

}  // namespace fairlead::server::api
