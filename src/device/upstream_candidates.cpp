// SPDX-License-Identifier: Apache-2.0
// file "upstream" = [1, uri, key bstr .size 32 / h'']
#include "device/upstream_candidates.h"

#include <algorithm>

#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace fairlead::device {

namespace {

const std::string choice_file = "upstream";
constexpr std::size_t uri_bytes_max = 512;
constexpr std::string_view chosen_source = "chosen";
// By how far a hint is to be trusted: a person, then the site's own servers, then whoever is on
// the network.
constexpr std::string_view sources[] = {chosen_source, "dhcp4-143", "dhcp6-136",
                                        "dhcp4-43",    "dhcp6-17",  "dhcp4-site",
                                        "dns-sd",      "name",      "mdns"};

std::size_t rank(std::string_view source) {
  return static_cast<std::size_t>(std::ranges::find(sources, source) - std::begin(sources));
}

void add_addresses(std::vector<std::string>& to, const std::vector<std::string>& more) {
  for (const std::string& address : more)
    if (to.size() < candidate_addresses_max && std::ranges::count(to, address) == 0)
      to.push_back(address);
}

}  // namespace

Result<net::Url> upstream_url(std::string_view uri) {
  constexpr std::string_view own = "fairlead://";
  std::string text(uri);
  if (text.starts_with(own)) text.replace(0, own.size(), "https://");
  TRY(auto url, net::parse_url(text));
  if (!url.tls) return fail(Errc::refused, "an upstream is named by https:// or fairlead://");
  return url;
}

bool UpstreamCandidates::Which::is_chosen() const { return source == chosen_source; }

UpstreamCandidates::UpstreamCandidates(const StateDirectory& directory) : directory_(directory) {
  auto content = directory.read(choice_file);
  if (!content || !*content) return;
  cbor::Reader in(**content);
  in.array(3);
  if (in.uint() != 1) in.fail_here("of another version");
  Choice kept;
  kept.uri = in.text(uri_bytes_max);
  kept.key = to_bytes(in.bytes(crypto::Sha256::size_bytes));
  auto whole = in.finish(std::move(kept));
  if (!whole || !upstream_url(whole->uri)) return;
  chosen_ = std::move(*whole);
  show_choice();
}

void UpstreamCandidates::show_choice() {
  std::erase_if(candidates_, [](const Candidate& each) { return each.which.is_chosen(); });
  if (chosen_.uri.empty()) return;
  Candidate chosen;
  chosen.which = {std::string(chosen_source), chosen_.uri};
  insert(std::move(chosen));
}

UpstreamCandidates::Candidate* UpstreamCandidates::find(const Which& which) {
  auto known = std::ranges::find(candidates_, which, &Candidate::which);
  return known == candidates_.end() ? nullptr : &*known;
}

void UpstreamCandidates::insert(Candidate candidate) {
  const auto rank_of = [](const Candidate& each) { return rank(each.which.source); };
  auto behind = std::ranges::upper_bound(candidates_, rank_of(candidate), {}, rank_of);
  candidate.shown.source = candidate.which.source;
  candidate.shown.uri = candidate.which.uri;
  candidates_.insert(behind, std::move(candidate));
  if (candidates_.size() > candidates_max) candidates_.pop_back();
}

void UpstreamCandidates::begin_round() {
  for (Candidate& each : candidates_) {
    each.named = each.which.is_chosen();
    each.to_look = each.which.is_chosen();  // the others when they are named again
  }
}

void UpstreamCandidates::end_round() {
  std::erase_if(candidates_, [](const Candidate& each) { return !each.named; });
}

bool UpstreamCandidates::take(Hint hint) {
  if (Candidate* known = find(hint.which)) {
    if (!std::exchange(known->named, true)) {
      known->to_look = true;
      known->addresses.clear();
    }
    add_addresses(known->addresses, hint.addresses);
    return false;
  }
  Candidate added;
  added.which = hint.which;
  added.shown.interface = std::move(hint.interface);
  added.shown.name = std::move(hint.name);
  add_addresses(added.addresses, hint.addresses);
  insert(std::move(added));
  return find(hint.which) != nullptr;
}

std::optional<UpstreamCandidates::LookAt> UpstreamCandidates::next_look() {
  auto due = std::ranges::find_if(candidates_, &Candidate::to_look);
  if (due == candidates_.end()) return std::nullopt;
  due->to_look = false;
  LookAt out{due->which, due->addresses, {}};
  if (!due->which.is_chosen()) return out;
  // Where the network names the chosen one too, it says by which addresses. The key tells.
  out.key = chosen_.key;
  for (const Candidate& each : candidates_)
    if (each.which.uri == chosen_.uri) add_addresses(out.addresses, each.addresses);
  return out;
}

void UpstreamCandidates::looked(const Which& which, Result<net::Look> look, Moment now) {
  Candidate* candidate = find(which);
  if (!candidate) return;  // forgotten meanwhile
  candidate->at = now;
  candidate->to_try = false;
  local::Upstream& shown = candidate->shown;
  if (!look) {
    shown.result = look.error().context;
    shown.milliseconds = 0;
    return;
  }
  shown.address = look->address;
  shown.milliseconds = static_cast<std::uint32_t>(look->round_trip.count());
  shown.fingerprint = to_bytes(look->certificate.public_key().fingerprint());
  shown.certificate = to_bytes(look->certificate.fingerprint());
  shown.result = "answers";
  candidate->to_try = true;
}

bool UpstreamCandidates::is_due(const Candidate& candidate) const {
  return candidate.to_try &&
         (wanted_ == Wanted::any || (wanted_ == Wanted::chosen && candidate.which.is_chosen()));
}

bool UpstreamCandidates::has_try() const {
  return std::ranges::any_of(candidates_, [&](const Candidate& each) { return is_due(each); });
}

std::optional<UpstreamCandidates::Try> UpstreamCandidates::next_try() {
  auto next =
      std::ranges::find_if(candidates_, [&](const Candidate& each) { return is_due(each); });
  if (next == candidates_.end()) return std::nullopt;
  next->to_try = false;
  auto url = upstream_url(next->which.uri);
  if (!url) return std::nullopt;  // what can't be read was never looked at
  url->host = next->shown.address;
  return Try{next->which, std::move(*url), next->shown.fingerprint};
}

void UpstreamCandidates::tried(const Which& which, std::string result, Moment now) {
  Candidate* candidate = find(which);
  if (!candidate) return;
  candidate->shown.result = std::move(result);
  candidate->at = now;
}

Result<void> UpstreamCandidates::choose(const std::string& uri, const Bytes& key) {
  if (uri.empty()) {
    TRY_VOID(directory_.remove(choice_file));
    chosen_ = {};
    show_choice();
    return ok();
  }
  TRY_VOID(upstream_url(uri));
  if (key.empty() && wanted_ != Wanted::any)
    return fail(Errc::refused,
                "this device has no voucher that an upstream could prove itself by; say the key "
                "that it has to have");
  bool seen = false, seen_with_key = key.empty();
  for (const Candidate& each : candidates_) {
    if (each.which.uri != uri || each.shown.fingerprint.empty()) continue;
    seen = true;
    seen_with_key = seen_with_key || each.shown.fingerprint == key;
  }
  if (seen && !seen_with_key)
    return fail(Errc::conflict, "another key was seen there; look at the list again");
  cbor::Writer out;
  out.array(3).uint(1).text(uri).bytes(key);
  TRY_VOID(directory_.write(choice_file, out.view()));
  chosen_ = {uri, key};
  show_choice();
  return ok();
}

std::vector<local::Upstream> UpstreamCandidates::list(Moment now) const {
  std::vector<local::Upstream> out;
  for (const Candidate& each : candidates_) {
    out.push_back(each.shown);
    if (each.shown.result.empty()) continue;
    auto since = std::chrono::duration_cast<std::chrono::seconds>(now - each.at).count();
    out.back().seconds = static_cast<std::uint32_t>(std::max<std::int64_t>(since, 0));
  }
  return out;
}

}  // namespace fairlead::device
