// SPDX-License-Identifier: Apache-2.0
#include "server/own_certificates.h"

#include "base/events.h"

namespace fairlead::server {

namespace {
constexpr Duration look_every = std::chrono::seconds(10), retry_after = std::chrono::minutes(10);
}  // namespace

bool is_due(const crypto::Certificate& leaf, Time now) {
  const Time due = leaf.not_before() + (leaf.not_after() - leaf.not_before()) / 3 * 2;
  return now >= due || now < leaf.not_before();
}

void OwnCertificates::keep(std::string what, const crypto::Certificate& leaf, Make make) {
  kept_.push_back({std::move(what), leaf, std::move(make)});
}

net::Task<void> OwnCertificates::renew(Kept& kept, Time now) {
  auto make = [&] { return kept.make(now); };
  auto making = loop_.on_worker(make);
  CO_TRY(auto made, co_await std::move(making));
  CO_TRY_VOID(made.use());
  kept.leaf = std::move(made.leaf);
  co_return ok();
}

net::Task<void> OwnCertificates::look() {
  const Time now = clock_();
  for (Kept& each : kept_) {
    if (now < each.again_at || !is_due(each.leaf, now)) continue;
    auto renewing = renew(each, now);
    auto renewed = co_await std::move(renewing);
    if (!renewed && renewed.error().code == Errc::cancelled) co_return renewed;
    const std::string until = to_rfc3339(each.leaf.not_after());
    if (renewed) {
      log_(event::server_certificate_renewed, {{"what", each.what}, {"until", until}});
    } else {
      each.again_at = now + retry_after;
      log_(event::server_certificate_not_renewed,
           {{"what", each.what}, {"until", until}, {"why", renewed.error().context}});
    }
  }
  co_return ok();
}

net::Task<void> OwnCertificates::run() {
  for (;;) {
    auto looking = look();
    CO_TRY_VOID(co_await std::move(looking));
    auto sleeping = loop_.sleep(look_every);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

}  // namespace fairlead::server
