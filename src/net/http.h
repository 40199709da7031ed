// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as values, a server and a client. Every wait has a deadline, every size a limit
// (base/limits.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "net/loop.h"
#include "net/tls.h"

namespace fairlead::net {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names compare without case
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

struct Url {
  bool tls = false;
  std::string host;  // name, IPv4, or IPv6 without brackets (a zone "%eth0" may follow)
  std::uint16_t port = 0;
  std::string target;             // path and query, at least "/"
  std::string authority() const;  // host:port for messages and the Host header (no zone)
};
Result<Url> parse_url(std::string_view text);  // http and https only; no user info

struct HttpRequest {
  std::string method;  // "POST"
  std::string target;  // "/fdo/101/msg/60?x=y"
  Headers headers;
  Bytes body;
  std::string peer;  // address of the caller, without port
  std::optional<crypto::Certificate>
      client_certificate;  // verified to client_anchors only if it says so:
  bool client_certificate_valid = false;
  bool tls_resumed = false;                // the handshake was a short one
  std::string client_certificate_problem;  // why it is not valid: "certificate has expired"
  Bytes tls_unique;                        // RFC 5929 §3; empty but under TLS 1.2, which has it
};

struct HttpResponse {
  unsigned status = 200;
  Headers headers;  // Content-Length and Connection are the server's business
  Bytes body;
};

// Runs on the loop thread. An error becomes a bare 500 and an INTERNAL_ERROR event.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // "::", "0.0.0.0"; "::%eth0": any of one interface
  std::uint16_t port = 0;             // 0: any free port; see HttpServer::port()
  std::optional<TlsServer> tls;
  std::size_t body_bytes_max = 1024 * 1024;  // larger: 413, connection closed
  // A lower bound for some targets, asked before the body is read: 64 KiB for /fdo/, for instance.
  std::function<std::size_t(std::string_view target)> body_limit_for;
  std::size_t connections_max = 10'000;  // in all; beyond it a new connection is closed at once
  std::size_t connections_per_peer_max = 10'000;  // from one address
  // At either limit room is made by the connection that has been idle longest, or else by the one
  // that has been longest about sending its request; only when all are being answered is a new one
  // closed at once.

  Duration header_deadline =
      limits::http_header_deadline;  // first byte to the end of the head; TLS handshake
  Duration body_deadline = limits::http_body_deadline;    // end of the head to the end of the body
  Duration idle_deadline = limits::http_idle_deadline;    // between two requests
  Duration write_deadline = limits::http_write_deadline;  // for the answer, plus what it takes
  std::size_t write_rate_min = 64 * 1024;                 // at this many bytes a second
};

// Tolerates odd header lines ("http: //host/…: x", "_connection: keep-alive"): a stock FDO device
// sends them.
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, Log& log, HttpServerOptions options,
                                                    HttpHandler handler);
  ~HttpServer();  // stops accepting; open requests are cancelled. On the loop thread, or after
                  // run()
  std::uint16_t port() const;
  std::size_t connections() const;
  // Another certificate, for handshakes from now on; those that are up or under way keep theirs. On
  // the loop thread. conflict: the server was opened without TLS; else as listen().
  Result<void> use_tls(const TlsServer& tls);

  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);

 private:
  std::shared_ptr<Impl> impl_;  // shared with the connections that are still open
};

// An answer that is too large for memory, taken as it comes.
struct BodyInParts {
  std::uint64_t bytes_max = 0;  // more: refused
  Duration limit{};             // in all, else timed_out
  Duration quiet{};             // the longest wait for the next byte, else timed_out
  // Awaited for each part of a 200's body, in order, on the loop thread; its error ends the
  // exchange. Bodies under other statuses are passed over.
  std::function<Task<void>(Bytes part)> sink;
};

// What can be seen of a server without asking it anything.
struct Look {
  std::string address;    // that answered, numeric
  Duration round_trip{};  // of the TCP handshake
  crypto::Certificate certificate;
};

// Keeps connections open per origin and reuses them (and TLS sessions); no redirects.
class HttpClient {
 public:
  HttpClient(Loop& loop, TlsClient tls);
  ~HttpClient();

  // request.target is ignored in favour of url.target; Host and Content-Length are set. Within
  // `limit` in all, else timed_out. io: can't resolve, refused, reset; untrusted: TLS peer not
  // accepted, with why (issuer named).
  Task<HttpResponse> send(Url url, HttpRequest request, Duration limit, std::size_t body_bytes_max);
  // The same, with the body in parts and the response's own body empty.
  Task<HttpResponse> receive(Url url, HttpRequest request, BodyInParts parts);
  // Connects anew, asks nothing, and says who is there. https only. Errors as of send().
  Task<Look> look(Url url, Duration limit);

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

// Every address of a host name, IPv6 and IPv4, in the resolver's order. Numeric addresses pass
// through.
Task<std::vector<std::string>> resolve(Loop& loop, std::string host, Duration limit);

}  // namespace fairlead::net
