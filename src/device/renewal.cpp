// SPDX-License-Identifier: Apache-2.0
#include "device/renewal.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "device/clock_judge.h"
#include "device/est_answers.h"
#include "device/modules/enrollment.h"
#include "net/http.h"
#include "pki/est/messages.h"
#include "upstream/mqtt_session.h"

namespace fairlead::device {

namespace {

constexpr auto staged_file = "renewal";
constexpr Duration request_deadline = std::chrono::seconds(60);
constexpr Duration unknown_time_wait = std::chrono::minutes(5);

// A random part of `most`.
Duration some_of(Duration most, Random& random) {
  std::uint64_t drawn = 0;
  for (std::uint8_t byte : random.bytes(4)) drawn = drawn << 8 | byte;
  return Duration(static_cast<std::int64_t>(static_cast<double>(most.count()) *
                                            static_cast<double>(drawn) / 4294967296.0));
}

// staged = [1, SHA-256 of the certificate that it replaces, operational]
Bytes encode_staged(const crypto::Certificate& replaces, const Operational& operational) {
  cbor::Writer out;
  out.array(3).uint(1).bytes(replaces.fingerprint()).bytes(encode_operational(operational));
  return out.take();
}

// nullopt: there is none, or it is for another certificate than the present one.
Result<std::optional<Operational>> load_staged(const StateDirectory& directory,
                                               const crypto::Certificate& present) {
  TRY(auto bytes, directory.read(staged_file));
  if (!bytes) return std::optional<Operational>();
  cbor::Reader in(*bytes);
  in.array(3);
  if (in.uint() != 1) in.fail_here("of another version");
  View replaces = in.bytes(32);
  View operational = in.bytes(limits::fdo_message_bytes_max);
  TRY_VOID(in.finish().in("staged renewal"));
  if (!equal(replaces, present.fingerprint())) return std::optional<Operational>();
  TRY(auto staged, decode_operational(operational).in("staged renewal"));
  return std::optional(std::move(staged));
}

Reason reason_to_fail(upstream::LinkReason reason, const Error& error) {
  if (error.code == Errc::cancelled) return Reason::interrupted;
  if (error.code == Errc::refused) return Reason::broker_refused;
  return reason == upstream::LinkReason::tls_expired ? Reason::clock_wrong
                                                     : Reason::broker_unreachable;
}

// A key that is proven to be in a TPM can't have been copied, and keeps its proof by staying.
keystore::KeyName next_key_name(const Operational& present) {
  return present.key_proven ? present.key : renewal_key_name(present.chain[0]);
}

// Whose certificates it may be: of the chain before, or an anchor.
std::vector<crypto::Certificate> known_issuers(const Operational& present) {
  std::vector<crypto::Certificate> out(present.chain.begin() + 1, present.chain.end());
  out.insert(out.end(), present.anchors.begin(), present.anchors.end());
  return out;
}

// One renewal under way.
class Renewal {
 public:
  Renewal(Workshop workshop, Identity identity, bool clock_plausible)
      : shop_(std::move(workshop)),
        identity_(std::move(identity)),
        present_(*identity_.operational),
        clock_plausible_(clock_plausible) {}

  AttemptTask<Identity> run();
  std::optional<Duration> come_again() const { return come_again_; }
  std::optional<Time> time_told() const { return time_told_; }

 private:
  AttemptTask<Operational> request();
  AttemptTask<net::HttpResponse> ask(net::Url url);
  Attempt<Operational> judge(const net::HttpResponse& response);
  Attempt<void> judge_clock(const crypto::Certificate& fresh);
  AttemptTask<void> try_out(const Operational& next);
  Result<Identity> commit(Operational next);
  Result<net::HttpRequest> make_request();

  Workshop shop_;
  Identity identity_;
  const Operational present_;
  bool clock_plausible_;
  bool dates_open_ = false;  // of the server's certificate: the answer has to settle them
  std::shared_ptr<crypto::Signer> old_key_, new_key_;
  std::optional<Duration> come_again_;
  std::optional<Time> time_told_;
};

AttemptTask<Identity> Renewal::run() {
  auto load = [this] { return load_staged(shop_.directory, present_.chain[0]); };
  auto loading = shop_.loop.on_worker(load);
  auto loaded = co_await std::move(loading);
  // One that can't be read is asked for again.
  std::optional<Operational> staged = loaded ? std::move(*loaded) : std::nullopt;
  if (!staged) {
    auto requesting = request();
    auto requested = co_await std::move(requesting);
    if (!requested) co_return std::unexpected(std::move(requested.error()));
    staged = std::move(*requested);
    Bytes document = encode_staged(present_.chain[0], *staged);
    auto store = [&] { return shop_.directory.write(staged_file, document); };
    auto storing = shop_.loop.on_worker(store);
    auto stored = co_await std::move(storing);
    CO_TRY_VOID(locally(std::move(stored)));
  }
  auto trying = try_out(*staged);
  auto tried = co_await std::move(trying);
  if (!tried) {
    // Refused, or by a clock that only an answer can judge; not unreachable: of no use, so that the
    // next renewal begins anew.
    const Reason reason = tried.error().reason;
    if (reason == Reason::broker_refused || reason == Reason::clock_wrong)
      ignore(shop_.directory.remove(staged_file), "it is tried once more, then");
    co_return std::unexpected(std::move(tried.error()));
  }
  auto finish = [&] { return commit(std::move(*staged)); };
  auto finishing = shop_.loop.on_worker(finish);
  auto finished = co_await std::move(finishing);
  co_return locally(std::move(finished));
}

// On a worker: keys may be in slow hardware. The key is found again after a crash, so that the
// upstream sees the same request and gives the same certificate; but a certificate that is to tell
// the time is for a key of this moment.
Result<net::HttpRequest> Renewal::make_request() {
  TRY(old_key_, shop_.keystore.open_key(present_.key));
  auto name = next_key_name(present_);
  if (dates_open_) TRY_VOID(shop_.keystore.remove(name));  // never the present key: request()
  auto existing = shop_.keystore.open_key(name);
  if (existing) {
    new_key_ = std::move(*existing);
  } else {
    if (existing.error().code != Errc::not_found) return fail(existing.error());
    TRY(new_key_, shop_.keystore.create_key(name, old_key_->public_key().type()));
  }
  TRY_VOID(shop_.checkpoint("renewal-key"));
  // RFC 7030 §4.2.2: subject and alternative names as in the certificate to be renewed.
  const crypto::Certificate& old = present_.chain[0];
  TRY(auto csr, crypto::create_csr(*new_key_, {old.common_name(), {}, old.san_uris()}));
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", std::string(est::type_pkcs10)}};
  request.body = to_bytes(est::encode_body(csr));
  return request;
}

AttemptTask<Operational> Renewal::request() {
  auto url = net::parse_url(present_.renewal_url);
  if (!url || !url->tls)
    co_return give_up(Reason::grant_wrong,
                      "renewal: '" + present_.renewal_url + "' is no https URL");
  url->target = est::target_of(est::Operation::simplereenroll, {});
  auto asking = ask(*url);
  auto response = co_await std::move(asking);
  const bool may_open = clock_plausible_ && !present_.key_proven;
  if (!response && response.error().reason == Reason::clock_wrong && may_open) {
    // Its certificate or our clock: nobody has confirmed either. The answer does (ADR 92); but not
    // one for a key that stays, which may be as old as the key.
    dates_open_ = true;
    auto asking_again = ask(*url);
    response = co_await std::move(asking_again);
  }
  if (!response) co_return std::unexpected(std::move(response.error()));
  co_return judge(*response);
}

AttemptTask<net::HttpResponse> Renewal::ask(net::Url url) {
  auto make = [this] { return make_request(); };
  auto making = shop_.loop.on_worker(make);
  auto made = co_await std::move(making);
  CO_TRY(auto request, locally(std::move(made), Reason::key_failed));
  net::TlsTrust trust;
  trust.anchors = present_.anchors;
  trust.ignore_dates = dates_open_ || !clock_plausible_;
  net::HttpClient client(shop_.loop, net::TlsClient{trust, present_.chain, old_key_});
  auto sending = client.send(std::move(url), std::move(request), request_deadline,
                             limits::est_answer_bytes_max);
  auto response = co_await std::move(sending);
  if (!response) co_return std::unexpected(est_failure(response.error(), "renewal"));
  co_return std::move(*response);
}

Attempt<Operational> Renewal::judge(const net::HttpResponse& response) {
  if (dates_open_ && response.status != 200)
    return give_up(Reason::clock_wrong,
                   "renewal: by this clock the upstream's certificate is out of date, and HTTP "
                   "status " +
                       std::to_string(response.status) + " does not tell the time");
  if (auto wait = net::find_header(response.headers, "Retry-After"))
    come_again_ = est::parse_retry_after(*wait);
  if (response.status == 202)
    return give_up(Reason::grant_pending, "renewal: the upstream has not decided yet");
  if (response.status != 200) return std::unexpected(est_refusal(response, "renewal"));
  auto date = net::find_header(response.headers, "Date");
  auto told = date && !dates_open_ ? est::parse_date(*date) : std::nullopt;
  Operational next = present_;
  next.key = next_key_name(present_);
  Time by_clock = clock_plausible_ && !dates_open_ ? shop_.clock() : Time{};
  next.server_time = std::max(present_.server_time, told.value_or(by_clock));
  auto accept = [&]() -> Result<std::vector<crypto::Certificate>> {
    TRY(auto certificates, est::decode_certificates(response.body));
    TRY(auto chain, est_chain(std::move(certificates.front()), known_issuers(present_)));
    TRY_VOID(check_chain(chain, new_key_->public_key(), next.server_time, true));
    return chain;
  }();
  if (!accept) return give_up(Reason::grant_wrong, "renewal: " + accept.error().context);
  next.chain = std::move(*accept);
  if (dates_open_) {
    auto judged = judge_clock(next.chain.front());
    if (!judged) return std::unexpected(std::move(judged.error()));
    next.server_time = std::max(next.server_time, *time_told_);
  }
  return next;
}

// The certificate is for a key that was made a moment ago, by an authority that we know: it was
// issued since, whoever handed it over. Its first day is back-dated by hours at most.
Attempt<void> Renewal::judge_clock(const crypto::Certificate& fresh) {
  Duration off = shop_.clock() - fresh.not_before();
  if (off < clock_error_max && off > -clock_error_max)
    return give_up(Reason::tls_untrusted,
                   "renewal: the upstream's certificate is out of date, by the time of its own "
                   "authority as well");
  time_told_ = fresh.not_before();
  clock_plausible_ = false;
  return {};
}

// A connection beside the one that is up, under a name of its own. No will, no birth: nobody is to
// take it for the device's life.
AttemptTask<void> Renewal::try_out(const Operational& next) {
  auto open = [&] { return shop_.keystore.open_key(next.key); };
  auto opening = shop_.loop.on_worker(open);
  auto opened = co_await std::move(opening);
  CO_TRY(std::shared_ptr<crypto::Signer> key, locally(std::move(opened), Reason::key_failed));
  Failure last{Reason::grant_missing, "renewal: there is no endpoint to try it at"};
  for (const enroll::Endpoint& endpoint : next.endpoints) {
    auto address = upstream::parse_mqtt_uri(endpoint.uri);
    if (!address) continue;
    upstream::MqttSettings settings;
    settings.host = address->host;
    settings.port = address->port;
    settings.client_id = endpoint.client_id + "/renewal";
    settings.tls.trust.anchors = next.anchors;
    settings.tls.trust.ignore_dates = !clock_plausible_;
    settings.tls.chain = next.chain;
    settings.tls.key = key;
    settings.clean_start = true;
    settings.session_expiry = std::chrono::seconds(0);
    auto session = upstream::MqttSession::create(shop_.loop, std::move(settings), {});
    if (!session) co_return give_up(Reason::grant_wrong, session.error().context);
    auto connecting = (*session)->connect();
    auto connected = co_await std::move(connecting);
    if (connected) {
      auto leaving = (*session)->disconnect();
      auto left = co_await std::move(leaving);
      ignore(left, "it has shown what it was to show");
      co_return locally(shop_.checkpoint("renewal-tried"));
    }
    last = {reason_to_fail((*session)->state().reason, connected.error()),
            "renewed certificate at " + endpoint.uri + ": " + connected.error().context};
  }
  co_return std::unexpected(std::move(last));
}

// One rename switches key and certificate together; then the old key and the staged file go.
Result<Identity> Renewal::commit(Operational next) {
  identity_.operational = std::move(next);
  TRY_VOID(save_identity(shop_.directory, identity_));
  ignore(shop_.directory.remove(staged_file), "it is for a certificate that is no longer present");
  ignore(sweep_keys(shop_.keystore, identity_), "swept at the next start");
  return identity_;
}

}  // namespace

Duration until_renewal(const Operational& operational, Time now, bool clock_plausible,
                       Random& random) {
  if (!clock_plausible) return some_of(unknown_time_wait, random);
  const crypto::Certificate& leaf = operational.chain[0];
  Time from = std::max(leaf.not_before(), operational.server_time);
  Duration life = leaf.not_after() - from;
  Time due = from + life * 2 / 3 + some_of(life / 12, random);
  return std::max(Duration(0), due - now);
}

Duration until_next_try(const Operational& operational, Time now, std::optional<Duration> asked,
                        Random& random) {
  Duration left = operational.chain[0].not_after() - now;
  Duration wait = std::clamp<Duration>(left / 20, std::chrono::seconds(2), std::chrono::hours(1));
  wait = wait / 2 + some_of(wait / 2, random);
  return asked ? std::max(wait, *asked) : wait;
}

boost::asio::awaitable<RenewalOutcome> renew(Workshop workshop, Identity identity,
                                             bool clock_plausible) {
  Renewal renewal(std::move(workshop), std::move(identity), clock_plausible);
  auto running = renewal.run();
  auto ran = co_await std::move(running);
  RenewalOutcome out;
  out.come_again = renewal.come_again();
  out.time_told = renewal.time_told();
  if (ran)
    out.renewed = std::move(*ran);
  else
    out.failure = std::move(ran.error());
  co_return out;
}

bool is_renewal_staged(const StateDirectory& directory, const Identity& identity) {
  if (!identity.operational) return false;
  auto staged = load_staged(directory, identity.operational->chain[0]);
  return staged && *staged;
}

Result<void> forget_staged_renewal(const StateDirectory& directory) {
  return directory.remove(staged_file);
}

}  // namespace fairlead::device
