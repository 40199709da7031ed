// SPDX-License-Identifier: Apache-2.0
#include "tool/http_transport.h"

#include <future>
#include <thread>

#include "base/version.h"
#include "net/http.h"
#include "net/loop.h"
#include "tool/silence.h"

namespace fairlead::tool {

namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;  // a page of 1000 devices and more

// "127.example.com" is a name like any other: all of it must be digits and dots.
bool is_this_machine(const std::string& host) {
  bool numeric = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "::1" || (numeric && host.starts_with("127."));
}

net::HttpRequest http_request(const client::ApiRequest& request) {
  net::HttpRequest out;
  out.method = request.method;
  out.headers = {{"Accept", "application/json"},
                 {"User-Agent", "fairlead/" + std::string(version_text)}};
  auto header = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.headers.emplace_back(name, value);
  };
  header("Authorization", request.authorization);
  header("Content-Type", request.content_type);
  header("If-Match", request.if_match);
  header("Cookie", request.cookie);
  out.body = to_bytes(request.body);
  return out;
}

}  // namespace

struct HttpTransport::Impl {
  using Promise = std::promise<Result<client::ApiResponse>>;

  Impl(std::string its_server, net::TlsTrust trust)
      : server(std::move(its_server)),
        loop(log),
        client(loop, net::TlsClient{std::move(trust), {}, nullptr}),
        thread([this] { loop.run(); }) {}
  ~Impl() {
    loop.stop();
    thread.join();
  }

  static net::Task<void> fetch(net::HttpClient* client, net::Url url, net::HttpRequest request,
                               Duration limit, std::shared_ptr<Promise> promise) {
    auto answer =
        co_await client->send(std::move(url), std::move(request), limit, answer_bytes_max);
    if (!answer) {
      promise->set_value(std::unexpected(std::move(answer).error()));
      co_return ok();
    }
    client::ApiResponse out;
    out.status = answer->status;
    out.body = as_text(answer->body);
    if (auto etag = net::find_header(answer->headers, "ETag")) out.etag = *etag;
    if (auto cookie = net::find_header(answer->headers, "Set-Cookie")) out.set_cookie = *cookie;
    if (auto reason = net::find_header(answer->headers, "Fairlead-Reason")) out.reason = *reason;
    promise->set_value(std::move(out));
    co_return ok();
  }

  std::future<Result<client::ApiResponse>> start(const client::ApiRequest& request) {
    auto promise = std::make_shared<Promise>();  // shared: the task may outlive this call
    auto url = net::parse_url(server + request.target);
    if (!url) {
      promise->set_value(std::unexpected(std::move(url).error()));
      return promise->get_future();
    }
    auto future = promise->get_future();
    loop.spawn("request", fetch(&client, std::move(*url), http_request(request), request.limit,
                                std::move(promise)));
    return future;
  }

  std::string server;
  Silence log;
  net::Loop loop;
  net::HttpClient client;
  std::thread thread;
};

HttpTransport::HttpTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpTransport::~HttpTransport() = default;

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(const std::string& server,
                                                           net::TlsTrust trust, bool plain_http) {
  TRY(auto url, net::parse_url(server));
  if (!url.tls && !plain_http && !is_this_machine(url.host))
    return fail(Errc::refused, server + " is not encrypted, and not this machine");
  return std::make_unique<HttpTransport>(std::make_unique<Impl>(server, std::move(trust)));
}

Result<client::ApiResponse> HttpTransport::exchange(const client::ApiRequest& request) {
  return impl_->start(request).get();
}

client::Transport::Awaited HttpTransport::start(client::ApiRequest request) {
  return [answer = impl_->start(request)]() mutable { return answer.get(); };
}

}  // namespace fairlead::tool
