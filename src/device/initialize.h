// SPDX-License-Identifier: Apache-2.0
// Device Initialize at the factory station (FDO 1.1 §5.2, messages 10 to 13).
#pragma once

#include "device/fdo_client.h"
#include "device/identity.h"

namespace fairlead::device {

struct FactoryFacts {
  std::string serial, model;
  crypto::KeyType key_type = crypto::KeyType::p256;
};

// What a run works with; all outlive it.
struct Workshop {
  net::Loop& loop;
  keystore::Keystore& keystore;
  const StateDirectory& directory;
  Random& random;
  Clock clock;
  Checkpoint checkpoint;
};

// Makes the device's keys (or takes up those of a run that was cut short), runs DI against the
// station at `url`, and commits at message 13. A crash before that leaves a device without a
// credential, which can be initialised again.
AttemptTask<Identity> initialize(Workshop workshop, FactoryFacts facts, std::string url);

}  // namespace fairlead::device
