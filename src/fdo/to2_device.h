// SPDX-License-Identifier: Apache-2.0
// The device's side of TO1 (30 to 33) and TO2 (60 to 71), without I/O: answers in, next message
// out. The machine calls the device's key handles, which may block; the driver runs each step where
// blocking is allowed.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "fdo/device_modules.h"
#include "fdo/di.h"
#include "fdo/to01.h"
#include "fdo/to2.h"

namespace fairlead::fdo {

struct Outgoing {
  std::uint8_t type = 0;
  Bytes body;
  bool idle = false;  // neither side has anything to say: the driver paces its polling
};

struct DeviceKeys {
  crypto::Signer& key;
  crypto::HmacKey& hmac;       // of the present credential
  crypto::HmacKey& next_hmac;  // for the replacement
};

// TO1: two messages, so a function each.
Outgoing start_to1(const DeviceCredential& credential, const crypto::Signer& key);  // 30
Outcome<Outgoing> on_hello_rv_ack(const DeviceCredential& credential, crypto::Signer& key,
                                  View message31);  // 32
Outcome<To1d> on_rv_redirect(
    View message33);  // its signature is checked in TO2, with the owner's key

struct To2DeviceOptions {
  KexSuite kex = KexSuite::ecdh256;
  CipherSuite cipher = CipherSuite::a128gcm;
  bool allow_reuse = false;
  std::uint16_t max_message_bytes = 65'535;
  std::uint16_t max_service_info_bytes = 65'535;
  // Told once, when the owner has proven itself by the voucher: modules that check the owner's word
  // need its key.
  std::function<void(const crypto::PublicKey&)> on_owner_proven;
};

// What the device commits when 71 has proven good. Empty on credential reuse.
struct To2Committed {
  std::optional<DeviceCredential> replacement;
};

class To2Device {
 public:
  // All references outlive the machine. `to1d` is null on rendezvous bypass.
  To2Device(const DeviceCredential& credential, DeviceKeys keys, To2DeviceOptions options,
            std::optional<To1d> to1d, Random& random,
            std::vector<std::unique_ptr<DeviceModule>> modules, DevMod devmod);
  ~To2Device();

  Outcome<Outgoing> start();                                   // 60
  Outcome<Outgoing> on_message(std::uint8_t type, View body);  // anything out of order is 101
  const std::optional<To2Committed>& committed() const;        // set by a good 71

  // The number of the last message sent: what an error message names.
  std::uint8_t last_sent() const;

 private:
  struct Run;
  std::unique_ptr<Run> run_;
};

}  // namespace fairlead::fdo
