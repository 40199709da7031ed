// SPDX-License-Identifier: Apache-2.0
// One connection's TLS, without waiting: every call moves what the socket takes and says what to
// wait for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/tls.h"

struct ssl_st;
struct ssl_session_st;

namespace fairlead::net {

// A session that a later connection to the same peer can resume.
using TlsResumption = std::shared_ptr<ssl_session_st>;

// What one side learned of the other. Written during the handshake, which runs on one thread at a
// time.
struct TlsPeer {
  std::string expected_host;                       // a client's
  std::optional<crypto::Certificate> certificate;  // as it was shown, accepted or not
  bool valid = false;
  std::string problem;           // why it is not valid
  std::optional<Error> refusal;  // a client's reason to end the handshake
  TlsResumption resumption;      // a client's newest ticket
  std::string recalled;  // a server's verdict on the client, out of the ticket that was shown
};

class TlsSession {
 public:
  explicit TlsSession(ssl_st* ssl);  // owns it; bound to its descriptor already
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  Io handshake();
  Io read(char* into, std::size_t room);
  Io write(std::string_view bytes);
  bool has_buffered() const;
  void shut_down();  // close_notify, without waiting

  bool resumed() const;
  // A server's view of tls-unique (RFC 5929 §3.1): the first Finished message of the handshake.
  // Empty under TLS 1.3, which has none.
  Bytes unique_binding() const;
  TlsPeer& peer() { return *peer_; }
  ssl_st* ssl() { return ssl_; }

 private:
  Io outcome(int result);
  void recall_client();  // from a resumed session
  ssl_st* ssl_;
  bool broken_ = false;            // an error after which OpenSSL wants nothing more to be written
  std::unique_ptr<TlsPeer> peer_;  // its address is known to ssl_
};

// Everything a listener needs for TLS, made once.
class TlsAcceptor {
 public:
  static Result<std::unique_ptr<TlsAcceptor>> create(const TlsServer& settings);
  ~TlsAcceptor();
  Result<std::unique_ptr<TlsSession>> open(int descriptor);

  struct Impl;
  explicit TlsAcceptor(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

class TlsConnector {
 public:
  // refused if `settings` accepts no peer at all.
  static Result<std::unique_ptr<TlsConnector>> create(const TlsClient& settings);
  ~TlsConnector();
  // host: the name or address (without zone) that the certificate must be for.
  Result<std::unique_ptr<TlsSession>> open(int descriptor, const std::string& host,
                                           const TlsResumption& resume);

  struct Impl;
  explicit TlsConnector(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::net
