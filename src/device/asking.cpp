// SPDX-License-Identifier: Apache-2.0
#include "device/asking.h"

#include "base/limits.h"
#include "pki/est/messages.h"

namespace fairlead::device {

namespace {

constexpr std::string_view asking_path = "/fairlead/offer";
constexpr std::size_t words_max = 500;

std::string words_of(const net::HttpResponse& response) {
  std::string out(as_text(response.body).substr(0, words_max));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

Failure failure_of(const net::HttpResponse& response, const std::string& where) {
  std::string said = where + " says: " + words_of(response);
  Failure out{Reason::peer_wrong,
              where + " answered with HTTP status " + std::to_string(response.status)};
  if (response.status == 202) out = {Reason::grant_pending, said};
  if (response.status == 400 || response.status == 403) out = {Reason::grant_refused, said};
  if (response.status == 404)
    out = {Reason::grant_refused, where + " lets no device ask by itself"};
  if (response.status == 429 || response.status >= 500) out = {Reason::owner_busy, said};
  auto asked = net::find_header(response.headers, "Retry-After");
  if (auto wait = asked ? est::parse_retry_after(*asked) : std::nullopt) out.retry_after = *wait;
  return out;
}

Failure failure_of(const Error& error) {
  if (error.code == Errc::untrusted) return {Reason::tls_untrusted, error.context};
  if (error.code == Errc::cancelled) return {Reason::interrupted, error.context};
  return {Reason::owner_unreachable, error.context};
}

}  // namespace

AttemptTask<Identity> ask_for_grant(Workshop shop, LocalFacts facts,
                                    std::optional<Identity> identity, UpstreamCandidates::Try at,
                                    bool clock_plausible) {
  auto make_it = [&]() -> Result<LocalOffer> {
    auto nonce = *enroll::OfferNonce::from(shop.random.bytes(enroll::OfferNonce::size_bytes));
    return make_local_offer(shop, facts, identity, nonce);
  };
  auto making = shop.loop.on_worker(make_it);
  auto made = co_await std::move(making);
  CO_TRY(auto offer, locally(std::move(made), Reason::key_failed));

  net::TlsTrust trust;
  trust.key_hash = at.key;
  net::HttpClient client(shop.loop, net::TlsClient{std::move(trust), {}, nullptr});
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/cose"}};
  request.body = std::move(offer.document);
  std::string where = at.url.authority();
  at.url.target = asking_path;
  auto sending = client.send(std::move(at.url), std::move(request), limits::reply_deadline,
                             limits::grant_bytes_max + 4096);
  auto answer = co_await std::move(sending);
  if (!answer) co_return std::unexpected(failure_of(answer.error()));
  if (answer->status != 200) co_return std::unexpected(failure_of(*answer, where));

  auto take_it = [&]() -> Result<Identity> {
    TRY(auto decoded, local::decode_command(answer->body));
    auto* grant = std::get_if<local::command::TakeGrant>(&decoded);
    if (!grant) return fail(Errc::malformed, "the answer is no Grant");
    local::CheckGrant given{std::move(grant->grant), std::move(grant->owner), local::Proof::none};
    return accept_local_grant(shop, facts, identity, {offer.hash}, given, clock_plausible);
  };
  auto taking = shop.loop.on_worker(take_it);
  auto taken = co_await std::move(taking);
  if (!taken) co_return give_up(Reason::grant_wrong, taken.error().context);
  auto keep_it = [&]() -> Result<void> {
    TRY_VOID(save_identity(shop.directory, *taken));
    ignore(sweep_keys(shop.keystore, *taken), "old keys are swept at the next start too");
    return ok();
  };
  auto keeping = shop.loop.on_worker(keep_it);
  auto kept = co_await std::move(keeping);
  CO_TRY_VOID(locally(std::move(kept)));
  co_return std::move(*taken);
}

}  // namespace fairlead::device
