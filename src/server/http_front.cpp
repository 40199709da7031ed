// SPDX-License-Identifier: Apache-2.0
#include "server/http_front.h"

#include <charconv>

#include "base/limits.h"
#include "server/percent.h"

namespace fairlead::server {

namespace {

constexpr std::string_view fdo_path = "/fdo/101/msg/";
constexpr std::size_t token_bytes_max = 1000;

// The message number of a target, decimal, nothing behind it.
std::optional<std::uint8_t> message_number(std::string_view target) {
  if (!target.starts_with(fdo_path)) return std::nullopt;
  target.remove_prefix(fdo_path.size());
  std::uint8_t number = 0;
  auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  if (error != std::errc{} || end != target.data() + target.size()) return std::nullopt;
  return number;
}

std::string bearer_of(const net::Headers& headers) {
  auto value = net::find_header(headers, "Authorization");
  if (!value || value->size() > token_bytes_max) return {};
  std::string_view token = *value;
  if (token.starts_with("Bearer ")) token.remove_prefix(7);
  return std::string(token);
}

std::pair<std::string, std::string> retry_after(Duration wait) {
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  return {"Retry-After", std::to_string(seconds.count())};
}

net::HttpResponse to_http(FdoReply reply) {
  net::HttpResponse response;
  if (reply.type == 0) return response;  // to a device's own error message there is nothing to say
  response.status = reply.come_again > Duration(0) ? 429 : reply.type == 255 ? 500 : 200;
  response.headers = {{"Content-Type", "application/cbor"},
                      {"Message-Type", std::to_string(reply.type)}};
  if (reply.come_again > Duration(0)) response.headers.push_back(retry_after(reply.come_again));
  if (!reply.token.empty()) response.headers.emplace_back("Authorization", "Bearer " + reply.token);
  response.body = std::move(reply.body);
  return response;
}

net::HttpResponse plain(unsigned status, std::string_view text) {
  return {status, {{"Content-Type", "text/plain"}}, to_bytes(text)};
}

// The pool's queue is full.
net::HttpResponse too_busy(Duration wait = std::chrono::seconds(1)) {
  auto response = plain(503, "too much to do; come again later\n");
  response.headers.push_back(retry_after(wait));
  return response;
}

std::string header_text(const net::HttpRequest& request, std::string_view name) {
  return std::string(net::find_header(request.headers, name).value_or(""));
}

api::Request to_api(net::HttpRequest request, Time now) {
  api::Request out;
  out.method = std::move(request.method);
  std::string_view target = request.target;
  auto question = target.find('?');
  out.path = target.substr(0, question);
  std::string_view query =
      question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  while (!query.empty()) {
    auto ampersand = query.find('&');
    std::string_view pair = query.substr(0, ampersand);
    auto equals = pair.find('=');
    out.query.emplace_back(percent_decoded(pair.substr(0, equals)),
                           equals == std::string_view::npos
                               ? std::string()
                               : percent_decoded(pair.substr(equals + 1)));
    query.remove_prefix(ampersand == std::string_view::npos ? query.size() : ampersand + 1);
  }
  out.authorization = header_text(request, "Authorization");
  out.content_type = header_text(request, "Content-Type");
  out.if_match = header_text(request, "If-Match");
  out.body = std::move(request.body);
  out.peer = std::move(request.peer);
  out.now = now;
  return out;
}

net::HttpResponse from_api(api::Response response) {
  net::HttpResponse out;
  out.status = response.status;
  if (!response.content_type.empty())
    out.headers.emplace_back("Content-Type", std::move(response.content_type));
  if (!response.etag.empty()) out.headers.emplace_back("ETag", std::move(response.etag));
  out.headers.emplace_back("Cache-Control", "no-store");
  if (response.come_again > Duration(0)) out.headers.push_back(retry_after(response.come_again));
  if (response.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  out.body = to_bytes(std::string_view(response.body));
  return out;
}

net::Task<net::HttpResponse> serve_fdo(net::Loop& loop, FdoService& service, Clock clock,
                                       net::HttpRequest request) {
  auto number = message_number(request.target);
  if (!number) co_return plain(404, "there is nothing here but FDO 1.1\n");
  if (request.method != "POST") co_return plain(405, "FDO messages are sent by POST\n");
  std::string token = bearer_of(request.headers);
  auto work = [&]() -> Result<FdoReply> {
    return service.handle(*number, token, request.body, {request.peer, clock()});
  };
  auto reply = co_await loop.on_worker(work);
  if (!reply) co_return too_busy();
  co_return to_http(std::move(*reply));
}

net::Task<net::HttpResponse> serve_api(net::Loop& loop, api::Api& api, Clock clock,
                                       net::HttpRequest request) {
  api::Request translated = to_api(std::move(request), clock());
  auto work = [&]() -> Result<api::Response> { return api.handle(translated); };
  auto response = co_await loop.on_worker(work);
  if (!response) co_return too_busy();
  co_return from_api(std::move(*response));
}

// A service whose handle(request, now) says it all.
template <class Service>
net::Task<net::HttpResponse> serve_plainly(net::Loop& loop, Service& service, Clock clock,
                                           net::HttpRequest request) {
  auto work = [&]() -> Result<net::HttpResponse> { return service.handle(request, clock()); };
  auto response = co_await loop.on_worker(work);
  if (!response) co_return too_busy(std::chrono::seconds(30));
  co_return std::move(*response);
}

}  // namespace

net::HttpHandler est_front(net::Loop& loop, EstService& service, Clock clock) {
  return [&loop, &service, clock](net::HttpRequest request) {
    return serve_plainly(loop, service, clock, std::move(request));
  };
}

net::HttpHandler revocation_front(net::Loop& loop, Revocation& revocation, Clock clock) {
  return [&loop, &revocation, clock](net::HttpRequest request) {
    return serve_plainly(loop, revocation, clock, std::move(request));
  };
}

net::HttpHandler fdo_front(net::Loop& loop, FdoService& service, Asking& asking, Clock clock) {
  return [&loop, &service, &asking, clock](net::HttpRequest request) {
    if (request.target == asking_path)
      return serve_plainly(loop, asking, clock, std::move(request));
    return serve_fdo(loop, service, clock, std::move(request));
  };
}

net::HttpHandler api_front(net::Loop& loop, api::Api& api, Clock clock) {
  return [&loop, &api, clock](net::HttpRequest request) {
    return serve_api(loop, api, clock, std::move(request));
  };
}

}  // namespace fairlead::server
