// SPDX-License-Identifier: Apache-2.0
// FDO 1.1 §4.3: which message goes to which role, tokens, and errors. One table for all three
// protocols' servers.
#pragma once

#include <string>

#include "base/checkpoint.h"
#include "base/log.h"
#include "server/fdo/answer.h"
#include "server/fdo/limits.h"
#include "server/fdo/owner.h"
#include "server/fdo/rendezvous.h"
#include "server/fdo/station.h"
#include "server/sessions.h"

namespace fairlead::server {

struct FdoReply {
  std::uint8_t type = 0;  // 255: an error message
  Bytes body;
  std::string token;      // to be set as "Authorization: Bearer ..." when not empty
  Duration come_again{};  // not zero: too much at present, try again after that
};

// Roles that are switched off are null; their messages are refused. Without limits everybody may
// ask as often as they like. Thread-safe; may block.
class FdoService {
 public:
  // Checkpoints: message-NN.received, before anything is done, and message-NN.answering, when all
  // is done and durable.
  FdoService(Sessions& sessions, Random& random, Log& log, Station* station, Rendezvous* rendezvous,
             Owner* owner, FdoLimits* limits = nullptr, Checkpoint checkpoint = {})
      : sessions_(sessions),
        random_(random),
        log_(log),
        station_(station),
        rendezvous_(rendezvous),
        owner_(owner),
        limits_(limits),
        checkpoint_(std::move(checkpoint)) {}

  FdoReply handle(std::uint8_t type, std::string_view token, View body, const Caller& caller);

 private:
  Result<FdoReply> pass_by(std::uint8_t type, std::string_view token, View body,
                           const Caller& caller);
  FdoReply work(std::uint8_t type, std::string_view token, View body, const Caller& caller);
  FdoReply begin(std::uint8_t type, View body, const Caller& caller);
  FdoReply go_on(std::uint8_t type, std::string_view token, View body, const Caller& caller);
  FdoReply proceed(std::uint8_t type, std::string_view token, View state, View body,
                   const Caller& caller);
  fdo::Outcome<Answer> first(std::uint8_t type, View body, const Caller& caller);
  fdo::Outcome<Answer> next(std::uint8_t type, View state, View body, const Caller& caller);
  FdoReply refuse(std::uint8_t type, const fdo::Refusal& refusal, const Caller& caller);
  FdoReply come_again(std::uint8_t type, Duration wait, const Caller& caller);
  FdoReply error(std::uint8_t type, fdo::ErrorCode code, std::string text, const Caller& caller);
  void hear_error(std::string_view token, View body, const Caller& caller);

  Sessions& sessions_;
  Random& random_;
  Log& log_;
  Station* station_;
  Rendezvous* rendezvous_;
  Owner* owner_;
  FdoLimits* limits_;
  Checkpoint checkpoint_;
};

}  // namespace fairlead::server
