// SPDX-License-Identifier: Apache-2.0
#include "device/fetch.h"

#include "net/http.h"

namespace fairlead::device {

namespace {

constexpr Duration fetch_deadline = std::chrono::hours(1), quiet_deadline = std::chrono::minutes(1);

// Delivers whatever becomes of the task, also when the loop stops before it has begun.
struct Promise {
  std::promise<Result<void>> promise;
  bool kept = false;
  void keep(Result<void> result) {
    if (!std::exchange(kept, true)) promise.set_value(std::move(result));
  }
  ~Promise() { keep(fail(Errc::cancelled, "the program stops")); }
};

net::Task<void> store(net::Loop& loop, const Sink& sink, Bytes part) {
  auto store_it = [&] { return sink(part); };
  auto storing = loop.on_worker(store_it);
  co_return co_await std::move(storing);
}

net::Task<void> fetch(net::Loop& loop, net::Url url, std::uint64_t bytes_max, Sink sink,
                      std::shared_ptr<Promise> promise) {
  net::TlsTrust trust;
  trust.system_anchors = true;
  net::HttpClient client(loop, net::TlsClient{trust, {}, nullptr});
  net::HttpRequest request;
  request.method = "GET";
  net::BodyInParts parts{bytes_max, fetch_deadline, quiet_deadline,
                         [&](Bytes part) { return store(loop, sink, std::move(part)); }};
  auto receiving = client.receive(std::move(url), std::move(request), std::move(parts));
  auto response = co_await std::move(receiving);
  if (!response)
    promise->keep(fail(response.error()));
  else if (response->status != 200)
    promise->keep(
        fail(Errc::io, "the server answered with status " + std::to_string(response->status)));
  else
    promise->keep(ok());
  co_return ok();
}

}  // namespace

Fetch fetch_with(net::Loop& loop) {
  return [&loop](const std::string& text, std::uint64_t bytes_max, Sink sink) {
    auto promise = std::make_shared<Promise>();
    auto future = promise->promise.get_future();
    auto url = net::parse_url(text);
    if (!url)
      promise->keep(fail(url.error()));
    else
      loop.spawn("fetch",
                 fetch(loop, std::move(*url), bytes_max, std::move(sink), std::move(promise)));
    return future;
  };
}

}  // namespace fairlead::device
