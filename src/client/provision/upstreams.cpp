// SPDX-License-Identifier: Apache-2.0
#include "client/provision/upstreams.h"

#include <algorithm>

namespace fairlead::client {

namespace {

constexpr std::size_t key_digits_min = 8;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

}  // namespace

Answer<std::vector<local::Upstream>> ask_upstreams(DeviceLink& link) {
  TRY(auto answer, link.say(local::command::AskUpstreams{}));
  if (auto* upstreams = std::get_if<local::answer::Upstreams>(&answer))
    return std::move(upstreams->found);
  return problem(ProblemKind::conflict, "the device does not tell which upstreams it sees");
}

Answer<local::Upstream> find_upstream(const std::vector<local::Upstream>& all,
                                      std::string_view wanted) {
  bool by_key = wanted.size() >= key_digits_min && is_hex(wanted);
  const local::Upstream* found = nullptr;
  for (const local::Upstream& each : all) {
    bool meant = by_key ? to_hex(each.fingerprint).starts_with(lower(wanted)) : each.uri == wanted;
    if (!meant) continue;
    if (found && found->fingerprint != each.fingerprint)
      return problem(ProblemKind::conflict, "several upstreams are '" + plain_text(wanted) + "'",
                     "Say more digits of the key.");
    if (!found) found = &each;
  }
  if (!found)
    return problem(ProblemKind::not_found,
                   "the device knows of no upstream '" + plain_text(wanted) + "'",
                   "Look at the list again; name one by eight or more digits of its key.");
  if (found->fingerprint.empty())
    return problem(ProblemKind::conflict, "the device has not seen that upstream's key yet",
                   "Wait until it answers, or give it without being seen: --give URI.");
  return *found;
}

Answer<void> choose_upstream(DeviceLink& link, const std::string& uri, const Bytes& fingerprint) {
  TRY(auto answer, link.say(local::command::ChooseUpstream{uri, fingerprint}));
  if (auto* no = std::get_if<local::answer::No>(&answer))
    return problem(ProblemKind::failed, "the device says: " + plain_text(no->obstacle.words));
  return {};
}

Answer<UpstreamsSeen> upstreams(DeviceLink& link, const UpstreamWish& wish) {
  UpstreamsSeen out;
  TRY(out.all, ask_upstreams(link));
  out.changed = !wish.choose.empty() || !wish.give.empty() || wish.forget;
  if (!out.changed) return out;
  if (!wish.choose.empty()) {
    TRY(auto meant, find_upstream(out.all, wish.choose));
    out.uri = std::move(meant.uri);
    out.key = std::move(meant.fingerprint);
  } else if (!wish.give.empty()) {
    out.uri = wish.give;
    out.key = wish.key;
  }
  TRY_VOID(choose_upstream(link, out.uri, out.key));
  TRY(out.all, ask_upstreams(link));
  return out;
}

boost::json::object to_json(const local::Upstream& upstream) {
  return {{"source", upstream.source},
          {"interface", upstream.interface},
          {"uri", upstream.uri},
          {"name", plain_text(upstream.name)},
          {"address", upstream.address},
          {"key", to_hex(upstream.fingerprint)},
          {"certificate", to_hex(upstream.certificate)},
          {"milliseconds", upstream.milliseconds},
          {"result", upstream.result},
          {"seconds", upstream.seconds}};
}

}  // namespace fairlead::client
