// SPDX-License-Identifier: Apache-2.0
#include "server/to0_registrar.h"

#include "base/events.h"
#include "base/limits.h"
#include "fdo/di.h"

namespace fairlead::server {

namespace {

constexpr std::size_t jobs_looked_at = 4 * To0Turns::at_once;
constexpr Duration look_again = std::chrono::milliseconds(500);

net::TlsClient anonymous_tls() {
  // FDO's own rule: the voucher proves both sides; TLS hides, and need not authenticate.
  net::TlsClient tls;
  tls.trust.unauthenticated = true;
  return tls;
}

Result<void> expect_message(const net::HttpResponse& response, int wanted) {
  auto type = net::find_header(response.headers, "Message-Type");
  if (type == std::to_string(wanted) && response.status == 200) return ok();
  if (type == "255") {
    TRY(auto error, fdo::decode_error(response.body));
    return fail(Errc::refused, "it answered error " + std::to_string(static_cast<int>(error.code)) +
                                   ": " + error.text);
  }
  return fail(Errc::io, "it answered HTTP " + std::to_string(response.status) +
                            " instead of message " + std::to_string(wanted));
}

// A server that answers with a refusal does its part; what we lack ourselves is not its fault.
bool was_served(const Result<std::uint32_t>& granted) {
  if (granted) return true;
  const Errc code = granted.error().code;
  return code == Errc::refused || code == Errc::not_found || code == Errc::internal;
}

// It may have been sold while it was being registered.
bool registered_by_us(const registry::Voucher& voucher) {
  using enum registry::VoucherState;
  return voucher.state == owned || voucher.state == pending || voucher.state == superseded;
}

}  // namespace

Duration refresh_after(std::uint32_t granted, std::uint8_t random_byte) {
  std::int64_t ms = std::int64_t{granted} * 1000;
  return Duration(ms / 2 + ms * 3 / 10 * random_byte / 255);
}

To0Registrar::To0Registrar(net::Loop& loop, Store& store, const Identity& identity,
                           std::vector<fdo::To2Address> addresses, std::uint32_t wait_seconds,
                           Random& random, Clock clock, Log& log, Checkpoint checkpoint)
    : loop_(loop),
      store_(store),
      identity_(identity),
      addresses_(std::move(addresses)),
      wait_seconds_(wait_seconds),
      random_(random),
      clock_(std::move(clock)),
      log_(log),
      checkpoint_(std::move(checkpoint)),
      client_(loop, anonymous_tls()) {}

net::Task<void> To0Registrar::run() {
  while (!loop_.stopping()) {
    Time now = clock_();
    std::vector<std::string> closed = turns_.closed(now);
    auto look = [&] { return store_.read().to0_jobs_due(now, jobs_looked_at, closed); };
    auto due = co_await loop_.on_worker(look);
    bool any_began = false;
    if (due)
      for (registry::To0Job& job : *due) {
        if (!turns_.begin(job, now)) continue;
        any_began = true;
        loop_.spawn("TO0 job", work_off(std::move(job)));
      }
    if (any_began && turns_.any_free()) continue;  // others may have their turn elsewhere
    ended_.emplace(loop_);
    auto waited = co_await ended_->wait(look_again);
    ended_.reset();
    if (!waited && waited.error().code == Errc::cancelled) co_return ok();
  }
  co_return ok();
}

net::Task<void> To0Registrar::work_off(registry::To0Job job) {
  auto granted = co_await register_at(job);
  std::uint8_t dice = random_.bytes(1)[0];
  auto record = [&] { return store(job, granted, dice); };
  auto stored = co_await loop_.on_worker(record);
  turns_.end(job, stored && was_served(granted), clock_(), dice);
  if (ended_) ended_->complete(ok());
  co_return stored;
}

// The timeline tells of the first success, the first failure and changes of reason; not of every
// refresh.
Result<void> To0Registrar::store(registry::To0Job job, const Result<std::uint32_t>& granted,
                                 std::uint8_t dice) {
  TRY(auto voucher, store_.read().find_voucher(job.guid));
  if (!voucher || !registered_by_us(*voucher))
    return store_.commit({registry::RemoveTo0Job{job.guid, job.rendezvous}});
  const Time now = clock_();
  const bool ever_registered = job.registered_until != Time{};
  Fields fields{{"guid", fdo::to_text(fdo::Guid::from(job.guid).value_or(fdo::Guid{}))},
                {"rendezvous", job.rendezvous}};
  if (granted) {
    fields.push_back({"seconds", std::to_string(*granted)});
    job.registered_until = now + std::chrono::seconds(*granted);
    job.due = now + refresh_after(*granted, dice);
    job.failures = 0;
  } else {
    Duration wait = retry_after(++job.failures, dice);
    fields.push_back({"why", granted.error().context});
    fields.push_back({"retry", std::to_string(wait.count() / 1000 + 1)});
    job.due = now + wait;
  }
  const std::string outcome = granted ? "" : granted.error().context;
  const bool news = job.last_error != outcome || (granted && !ever_registered);
  job.last_error = outcome;
  const LogEvent& event = granted ? event::to0_registered : event::to0_failed;
  registry::Transaction changes{registry::PutTo0Job{std::move(job)}};
  if (news && !voucher->device.empty())
    changes.push_back(timeline(voucher->device, now, event, fields));
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event, fields);
  return ok();
}

net::Task<net::HttpResponse> To0Registrar::post(std::string base, int message, Bytes body,
                                                std::string token) {
  std::string point = "to0-" + std::to_string(message);
  if (checkpoint_) CO_TRY_VOID(checkpoint_(point + ".sending"));
  CO_TRY(net::Url url, net::parse_url(base + "/fdo/101/msg/" + std::to_string(message)));
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/cbor"}};
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  request.body = std::move(body);
  auto response = co_await client_.send(std::move(url), std::move(request), limits::reply_deadline,
                                        limits::fdo_message_bytes_max);
  if (response && checkpoint_) CO_TRY_VOID(checkpoint_(point + ".arrived"));
  co_return std::move(response);
}

net::Task<std::uint32_t> To0Registrar::register_at(registry::To0Job job) {
  Bytes hello = fdo::encode_empty();
  std::string no_token;
  CO_TRY(auto ack, co_await post(job.rendezvous, 20, std::move(hello), no_token));
  CO_TRY_VOID(expect_message(ack, 21));
  CO_TRY(auto nonce, fdo::decode_nonce(ack.body));
  std::string token(net::find_header(ack.headers, "Authorization").value_or(""));
  auto sign = [&]() -> Result<Bytes> {
    TRY(auto record, store_.read().find_voucher(job.guid));
    if (!record || !registered_by_us(*record))
      return fail(Errc::not_found, "the voucher is gone or belongs to another owner");
    TRY(auto voucher, fdo::decode_stored_voucher(record->encoded));
    return fdo::encode_owner_sign(voucher, wait_seconds_, nonce, addresses_, *identity_.owner);
  };
  CO_TRY(Bytes owner_sign, co_await loop_.on_worker(sign));
  CO_TRY(auto accepted, co_await post(job.rendezvous, 22, std::move(owner_sign), std::move(token)));
  CO_TRY_VOID(expect_message(accepted, 23));
  co_return fdo::decode_accept_owner(accepted.body);
}

}  // namespace fairlead::server
