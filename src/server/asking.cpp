// SPDX-License-Identifier: Apache-2.0
#include "server/asking.h"

#include "local/commands.h"

namespace fairlead::server {

namespace {

net::HttpResponse words(unsigned status, std::string_view text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, to_bytes(text)};
}

net::HttpResponse come_again(unsigned status, std::string_view text, Duration wait) {
  auto out = words(status, text);
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  out.headers.emplace_back("Retry-After", std::to_string(seconds));
  return out;
}

unsigned status_of(Errc code) {
  if (code == Errc::malformed || code == Errc::unsupported) return 400;
  if (code == Errc::internal || code == Errc::io) return 500;
  return 403;
}

}  // namespace

// For a newcomer. Who waits already, or was approved meanwhile, must get its answer.
Result<bool> Asking::is_full_for(View key) {
  TRY(auto holders, store_.read().holders_of(key));
  if (!holders.empty()) return false;
  registry::DeviceFilter filter;
  filter.account = account_;
  filter.state = registry::DeviceState::waiting;
  TRY(auto waiting, store_.read().devices(filter, {"", asking_waiting_max}));
  return waiting.size() >= asking_waiting_max;
}

net::HttpResponse Asking::handle(const net::HttpRequest& request, Time now) {
  if (account_.empty()) return words(404, "devices may not ask here by themselves");
  if (request.method != "POST") return words(405, "an Offer is sent by POST");
  Duration wait = limits_.before_opening({request.peer, now}, std::nullopt);
  if (wait > Duration(0)) return come_again(429, "too many from this address", wait);
  auto offer = enroll::decode_offer(request.body);
  if (!offer) return words(400, offer.error().context);
  auto full = is_full_for(offer->request.key.fingerprint());
  if (!full) return words(500, "the registry can't be read");
  if (*full) return come_again(429, "too many devices wait for an operator", asking_come_again);
  LocalClaim claim;
  claim.right = enroll::Right::asked;
  claim.proof = LocalProof::none;
  claim.account = account_;
  claim.actor = {"device " + offer->offer.serial, "asking " + request.peer};
  auto answer = claims_.claim(request.body, claim, now);
  if (!answer) return words(status_of(answer.error().code), answer.error().context);
  if (!answer->grant) return come_again(202, answer->why, asking_come_again);
  local::command::TakeGrant grant{std::move(*answer->grant),
                                  to_bytes(identity_.owner->public_key().spki())};
  return {200, {{"Content-Type", "application/cbor"}}, local::encode_command(grant)};
}

}  // namespace fairlead::server
