// SPDX-License-Identifier: Apache-2.0
// FDO 1.1 §4.3 over HTTP, the client's side of one protocol run against one server: message out,
// message in, with the run's token.
#pragma once

#include <memory>
#include <string>

#include "base/checkpoint.h"
#include "device/attempt_task.h"
#include "fdo/rendezvous.h"
#include "net/http.h"

namespace fairlead::device {

// Which server is talked to; decides the words of a failure.
enum class FdoPeer { station, rendezvous, owner };

struct FdoAnswer {
  std::uint8_t type = 0;
  Bytes body;
};

class FdoClient {
 public:
  // `base` with scheme, host and port; a path in it is put in front of /fdo/101/msg/NN. Loop and
  // `now` outlive it. TLS is held to the candidate's pins; without a pin it is not authenticated,
  // since FDO proves the peer itself. `server_key`, where not empty, is a pin as well: SHA-256 of
  // the server's SubjectPublicKeyInfo. Checkpoints: message-NN.sending, message-NN.arrived.
  FdoClient(net::Loop& loop, Checkpoint checkpoint, FdoPeer peer, const fdo::Candidate& candidate,
            bool clock_plausible, const Bytes& server_key = {});
  FdoClient(net::Loop& loop, Checkpoint checkpoint, FdoPeer peer, net::Url base,
            net::TlsTrust trust);

  // An error message (255) of the peer is a failure, whatever the HTTP status. So is an answer
  // other than `expected`, and one that asks to come again later (429, 503): then with how long.
  AttemptTask<FdoAnswer> exchange(std::uint8_t type, Bytes body, std::uint8_t expected,
                                  Duration limit);

  // Tells the peer why the run ends here (255). Best effort: what comes of it does not matter.
  AttemptTask<void> report(fdo::ErrorCode code, std::uint8_t previous_message, std::string text,
                           Time now, std::uint64_t correlation);

  std::string where() const { return base_.authority(); }
  // The peer's own error message, if it sent one in this run.
  const std::optional<fdo::ErrorMessage>& peer_error() const { return peer_error_; }

 private:
  Failure transport_failure(const Error& error) const;
  Failure peer_failure(std::uint8_t answering) const;
  Failure busy(std::uint8_t answering, const net::HttpResponse& response) const;
  Attempt<FdoAnswer> judge(std::uint8_t type, std::uint8_t expected,
                           const net::HttpResponse& response);

  Checkpoint checkpoint_;
  FdoPeer peer_;
  net::Url base_;
  std::unique_ptr<net::HttpClient> http_;
  std::string authorization_;  // repeated on every message once given
  std::optional<fdo::ErrorMessage> peer_error_;
};

}  // namespace fairlead::device
