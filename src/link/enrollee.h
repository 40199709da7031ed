// SPDX-License-Identifier: Apache-2.0
// The port by which this machine gets its Wi-Fi network by Wi-Fi Easy Connect, as Enrollee: through
// a tunnel that somebody else carries, or over the air. Every call is short and for one thread at a
// time.
#pragma once

#include "link/wifi.h"

namespace fairlead::link {

// The bootstrapping key of this machine: ECPrivateKey (RFC 5915) with its public key, DER.
using EnrolleeKey = SecretBytes;

class Enrollee {
 public:
  virtual ~Enrollee() = default;

  // Begins an exchange through a tunnel, with the Configurator whose bootstrapping URI this is, and
  // in mutual authentication. Ends whatever was under way. unsupported: what drives the adapter has
  // no Easy Connect. io: it isn't there.
  virtual Result<void> open(const EnrolleeKey& key, const std::string& configurator) = 0;
  // Passes on what the Configurator said, and takes what this machine has to say by now: pieces of
  // the two directions of a connection as "DPP over TCP" has it. At most dpp_message_bytes_max.
  struct Carried {
    Bytes content;
    bool open = true;  // false: this machine ended the connection
  };
  virtual Result<Carried> carry(View content) = 0;

  // Calls for a Configurator over the air, on all channels, for some minutes; again while that
  // goes on is no fault. Ends a tunnel.
  virtual Result<void> chirp(const EnrolleeKey& key) = 0;

  // What was received since; none: nothing yet. It is told once. refused: an exchange failed, in
  // words; io: what drives the adapter is gone.
  virtual Result<std::optional<WifiCredentials>> received() = 0;

  // Ends tunnel and calls.
  virtual Result<void> stop() = 0;
};

}  // namespace fairlead::link
