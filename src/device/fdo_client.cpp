// SPDX-License-Identifier: Apache-2.0
#include "device/fdo_client.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "pki/est/messages.h"

namespace fairlead::device {

namespace {

constexpr std::size_t token_bytes_max = 4096;

net::Url url_of(const fdo::Candidate& candidate) {
  return {candidate.tls, candidate.host, candidate.port, "/"};
}

net::TlsTrust trust_of(const fdo::Candidate& candidate, bool clock_plausible,
                       const Bytes& server_key) {
  net::TlsTrust trust;
  if (!server_key.empty())
    trust.key_hash = server_key;
  else if (candidate.server_cert_hash)
    trust.certificate_hash = candidate.server_cert_hash->value;
  else if (candidate.authority_cert_hash)
    trust.authority_hash = candidate.authority_cert_hash->value;
  else
    trust.unauthenticated = true;
  trust.ignore_dates = !clock_plausible;
  return trust;
}

std::optional<std::uint8_t> message_type(const net::Headers& headers) {
  auto text = net::find_header(headers, "Message-Type");
  unsigned value = 0;
  if (!text) return std::nullopt;
  auto end = text->data() + text->size();
  auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

Reason pick(FdoPeer peer, Reason station, Reason rendezvous, Reason owner) {
  return peer == FdoPeer::station ? station : peer == FdoPeer::rendezvous ? rendezvous : owner;
}

}  // namespace

FdoClient::FdoClient(net::Loop& loop, Checkpoint checkpoint, FdoPeer peer,
                     const fdo::Candidate& candidate, bool clock_plausible, const Bytes& server_key)
    : FdoClient(loop, std::move(checkpoint), peer, url_of(candidate),
                trust_of(candidate, clock_plausible, server_key)) {}

FdoClient::FdoClient(net::Loop& loop, Checkpoint checkpoint, FdoPeer peer, net::Url base,
                     net::TlsTrust trust)
    : checkpoint_(std::move(checkpoint)), peer_(peer), base_(std::move(base)) {
  while (base_.target.ends_with('/')) base_.target.pop_back();
  http_ = std::make_unique<net::HttpClient>(loop, net::TlsClient{std::move(trust), {}, nullptr});
}

Failure FdoClient::transport_failure(const Error& error) const {
  bool resolving = error.context.contains("resolve") || error.context.contains("name server") ||
                   error.code == Errc::not_found;
  switch (error.code) {
    case Errc::untrusted:
      return {Reason::tls_untrusted, error.context};
    case Errc::expired:
      return {Reason::clock_wrong, error.context};
    case Errc::cancelled:
      return {Reason::interrupted, error.context};
    case Errc::malformed:
    case Errc::refused:
      return {Reason::peer_wrong, error.context};
    case Errc::internal:
      return {Reason::fault, error.context};
    default:
      break;
  }
  if (resolving) return {Reason::dns_failed, error.context};
  return {pick(peer_, Reason::station_unreachable, Reason::rendezvous_unreachable,
               Reason::owner_unreachable),
          error.context};
}

Failure FdoClient::peer_failure(std::uint8_t answering) const {
  const fdo::ErrorMessage& error = *peer_error_;
  std::string detail = where() + " answered message " + std::to_string(answering) + " with error " +
                       std::to_string(static_cast<unsigned>(error.code)) + ": " + error.text;
  if (error.code == fdo::ErrorCode::not_found)
    return {
        pick(peer_, Reason::station_refused, Reason::rendezvous_unknown, Reason::owner_unknowing),
        detail};
  if (error.code == fdo::ErrorCode::internal)
    return {pick(peer_, Reason::station_unreachable, Reason::rendezvous_unreachable,
                 Reason::owner_fault),
            detail};
  return {pick(peer_, Reason::station_refused, Reason::rendezvous_refused, Reason::owner_refused),
          detail};
}

Failure FdoClient::busy(std::uint8_t answering, const net::HttpResponse& response) const {
  Failure out{pick(peer_, Reason::station_busy, Reason::rendezvous_busy, Reason::owner_busy),
              where() + " answered message " + std::to_string(answering) + " with HTTP status " +
                  std::to_string(response.status)};
  auto asked = net::find_header(response.headers, "Retry-After");
  if (auto wait = asked ? est::parse_retry_after(*asked) : std::nullopt) {
    out.retry_after = *wait;
    out.detail += ": again in " + std::to_string(wait->count() / 1000) + " s";
  }
  return out;
}

AttemptTask<FdoAnswer> FdoClient::exchange(std::uint8_t type, Bytes body, std::uint8_t expected,
                                           Duration limit) {
  CO_TRY_VOID(locally(checkpoint_("message-" + std::to_string(type) + ".sending")));
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/cbor"}};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  request.body = std::move(body);
  net::Url url = base_;
  url.target += "/fdo/101/msg/" + std::to_string(type);
  auto sending =
      http_->send(std::move(url), std::move(request), limit, limits::fdo_message_bytes_max);
  auto response = co_await std::move(sending);
  if (!response) co_return std::unexpected(transport_failure(response.error()));
  CO_TRY(auto answer, judge(type, expected, *response));
  CO_TRY_VOID(locally(checkpoint_("message-" + std::to_string(expected) + ".arrived")));
  co_return std::move(answer);
}

Attempt<FdoAnswer> FdoClient::judge(std::uint8_t type, std::uint8_t expected,
                                    const net::HttpResponse& response) {
  auto answer_type = message_type(response.headers);
  // RFC 6585 §4, RFC 9110 §15.6.4, which a message 255 in the body explains at most.
  if (response.status == 429 || response.status == 503)
    return std::unexpected(busy(type, response));
  if (answer_type == 255) {  // under any status
    auto error = fdo::decode_error(response.body);
    if (!error)
      return give_up(Reason::peer_wrong, where() + " sent an error message that can't be read");
    peer_error_ = std::move(*error);
    return std::unexpected(peer_failure(type));
  }
  if (response.status != 200)
    return give_up(Reason::peer_wrong, where() + " answered message " + std::to_string(type) +
                                           " with HTTP status " + std::to_string(response.status));
  if (answer_type != expected)
    return give_up(Reason::peer_wrong,
                   where() + " answered message " + std::to_string(type) +
                       (answer_type ? " with message " + std::to_string(*answer_type)
                                    : " without a Message-Type"));
  bool opens = expected == 11 || expected == 21 || expected == 31 || expected == 61;
  if (auto token = net::find_header(response.headers, "Authorization")) {
    if (token->size() > token_bytes_max)
      return give_up(Reason::peer_wrong, where() + " sent a token that is too long");
    authorization_ = std::string(*token);
  } else if (opens) {
    return give_up(Reason::peer_wrong, where() + " opened the run without a token");
  }
  return FdoAnswer{expected, response.body};
}

AttemptTask<void> FdoClient::report(fdo::ErrorCode code, std::uint8_t previous_message,
                                    std::string text, Time now, std::uint64_t correlation) {
  constexpr std::size_t text_max = 500;
  if (text.size() > text_max) text.resize(text_max);
  fdo::ErrorMessage message{
      code, previous_message, std::move(text),
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_seconds(now))), correlation};
  net::HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/cbor"}, {"Message-Type", "255"}};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  request.body = fdo::encode_error(message);
  net::Url url = base_;
  url.target += "/fdo/101/msg/255";
  auto sending = http_->send(std::move(url), std::move(request), std::chrono::seconds(5), 4096);
  auto response = co_await std::move(sending);
  if (!response) co_return std::unexpected(transport_failure(response.error()));
  co_return Attempt<void>{};
}

}  // namespace fairlead::device
