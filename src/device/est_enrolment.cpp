// SPDX-License-Identifier: Apache-2.0
#include "device/est_enrolment.h"

#include <fstream>
#include <iterator>

#include "base/limits.h"
#include "codec/base64.h"
#include "crypto/request.h"
#include "device/est_answers.h"
#include "device/modules/enrollment.h"
#include "keystore/credentials.h"
#include "net/http.h"
#include "pki/est/messages.h"

namespace fairlead::device {

namespace {

constexpr std::string_view what = "EST", password_file = "est-password";
constexpr std::size_t password_bytes_max = 256, authority_bytes_max = 64 * 1024;
constexpr Duration request_deadline = std::chrono::seconds(60);

Result<std::vector<crypto::Certificate>> read_authority(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in || text.size() > authority_bytes_max)
    return fail(Errc::not_found, "est.authority: " + file.string() + " can't be read");
  TRY(auto out, crypto::Certificate::from_pem(text).in("est.authority"));
  if (out.empty())
    return fail(Errc::malformed, "est.authority: no certificate in " + file.string());
  return out;
}

// One enrolment under way.
class Enrolment {
 public:
  Enrolment(Workshop shop, const Config& config, std::optional<Identity> present, bool plausible)
      : shop_(std::move(shop)),
        config_(config),
        identity_(present.value_or(Identity{})),
        plausible_(plausible) {}

  AttemptTask<Identity> run();

 private:
  Result<net::HttpRequest> make_request();
  Result<void> accept(const net::HttpResponse& response);

  Workshop shop_;
  const Config& config_;
  Identity identity_;
  bool plausible_;
  std::vector<crypto::Certificate> anchors_;
  keystore::KeyName key_name_;
  std::shared_ptr<crypto::Signer> key_;
};

// On a worker: keys may be in slow hardware.
Result<net::HttpRequest> Enrolment::make_request() {
  TRY(anchors_, read_authority(config_.est_authority));
  auto credentials = keystore::Credentials::from_environment(config_.keystore_credentials);
  TRY(auto password, credentials.find(password_file, password_bytes_max));
  if (!password)
    return fail(Errc::not_found,
                "the one-time password is missing: " + credentials.place_of(password_file));
  key_name_ = operational_key_name(identity_.generation + 1, anchors_.front().fingerprint());
  auto existing = shop_.keystore.open_key(key_name_);
  if (!existing && existing.error().code != Errc::not_found) return fail(existing.error());
  if (existing) {
    key_ = std::move(*existing);
  } else {
    TRY(key_, shop_.keystore.create_key(key_name_, config_.key_type));
  }
  TRY(auto csr, crypto::create_csr(*key_, {config_.est_user, {}, {}}));
  const std::string pair = config_.est_user + ":" + std::string(as_text(password->reveal()));
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", std::string(est::type_pkcs10)},
                     {"Authorization", "Basic " + to_base64(as_view(pair))}};
  request.body = to_bytes(est::encode_body(csr));
  return request;
}

Result<void> Enrolment::accept(const net::HttpResponse& response) {
  auto date = net::find_header(response.headers, "Date");
  auto told = date && plausible_ ? est::parse_date(*date) : std::nullopt;
  TRY(auto certificates, est::decode_certificates(response.body));
  Operational access;
  TRY(access.chain, est_chain(std::move(certificates.front()), anchors_));
  access.server_time = told.value_or(Time{});
  TRY_VOID(check_chain(access.chain, key_->public_key(), shop_.clock(), plausible_));
  const std::string name = access.chain.front().common_name();
  access.key = key_name_;
  access.device = DeviceId(name);
  access.endpoints = {{config_.upstream_uri, name, config_.topic_prefix}};
  access.anchors = anchors_;
  access.renewal_url = config_.est_url;
  ++identity_.generation;
  identity_.serial = config_.serial.empty() ? machine_serial() : config_.serial;
  identity_.model = config_.model;
  identity_.operational = std::move(access);
  return ok();
}

AttemptTask<Identity> Enrolment::run() {
  for (auto [name, value] :
       {std::pair{"est.authority", config_.est_authority.string()},
        std::pair{"est.user", config_.est_user}, std::pair{"upstream.uri", config_.upstream_uri}})
    if (value.empty())
      co_return give_up(Reason::station_unset, "EST: " + std::string(name) + " is not configured");
  auto url = net::parse_url(config_.est_url);
  if (!url || !url->tls)
    co_return give_up(Reason::station_unset, "EST: '" + config_.est_url + "' is no https URL");
  url->target = est::target_of(est::Operation::simpleenroll, {});
  auto make = [this] { return make_request(); };
  auto making = shop_.loop.on_worker(make);
  auto made = co_await std::move(making);
  if (!made && made.error().code == Errc::not_found)
    co_return give_up(Reason::station_unset, "EST: " + made.error().context);
  CO_TRY(auto request, locally(std::move(made), Reason::key_failed));
  net::TlsTrust trust;
  trust.anchors = anchors_;
  trust.ignore_dates = !plausible_;
  net::HttpClient client(shop_.loop, net::TlsClient{std::move(trust), {}, nullptr});
  auto sending = client.send(std::move(*url), std::move(request), request_deadline,
                             limits::est_answer_bytes_max);
  auto response = co_await std::move(sending);
  if (!response) co_return std::unexpected(est_failure(response.error(), what));
  auto asked = net::find_header(response->headers, "Retry-After");
  auto wait = asked ? est::parse_retry_after(*asked) : std::nullopt;
  if (response->status != 200) {
    Failure failure = response->status == 202
                          ? Failure{Reason::grant_pending, "EST: a person has to approve it"}
                          : est_refusal(*response, what);
    if (wait) failure.retry_after = *wait;
    co_return std::unexpected(std::move(failure));
  }
  auto take = [&]() -> Result<Attempt<void>> {
    auto accepted = accept(*response);
    if (!accepted)
      return Attempt<void>(give_up(Reason::grant_wrong, "EST: " + accepted.error().context));
    TRY_VOID(save_identity(shop_.directory, identity_));
    ignore(sweep_keys(shop_.keystore, identity_), "swept at the next start");
    return Attempt<void>();
  };
  auto taking = shop_.loop.on_worker(take);
  auto taken = co_await std::move(taking);
  CO_TRY(auto verdict, locally(std::move(taken)));
  if (!verdict) co_return std::unexpected(std::move(verdict.error()));
  co_return std::move(identity_);
}

}  // namespace

AttemptTask<Identity> enrol_by_est(Workshop workshop, const Config& config,
                                   std::optional<Identity> present, bool clock_plausible) {
  Enrolment enrolment(std::move(workshop), config, std::move(present), clock_plausible);
  auto running = enrolment.run();
  co_return co_await std::move(running);
}

}  // namespace fairlead::device
