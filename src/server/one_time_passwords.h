// SPDX-License-Identifier: Apache-2.0
// One-time passwords: an operator's word that whoever shows one is the device. For one key, for a
// while, and ten wrong ones lock it.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "crypto/key.h"
#include "server/audit.h"
#include "server/store.h"

namespace fairlead::server {

inline constexpr std::int64_t wrong_passwords_max = 10;  // then a new one is needed

class OneTimePasswords {
 public:
  OneTimePasswords(Store& store, Random& random, Log& log)
      : store_(store), random_(random), log_(log) {}

  struct Made {
    std::string password;  // "k7mq-…": 100 bits; only its hash is kept
    Time expires{};
  };
  // A new one for this device; the one before is worthless from then on. not_found: no such device.
  Result<Made> create(const DeviceId& device, const Actor& actor, Duration lifetime, Time now);

  // Takes the password for a request by `key`. The same key may show it again until it expires: an
  // answer gets lost, or a person has to approve first. untrusted: wrong, used for another key,
  // expired, locked, none made. The words are the same for all of these.
  Result<registry::Device> use(std::string_view user, View password, const crypto::PublicKey& key,
                               const std::string& peer, Time now);

 private:
  Result<std::optional<registry::Device>> device_called(std::string_view user);

  Store& store_;
  Random& random_;
  Log& log_;
};

}  // namespace fairlead::server
