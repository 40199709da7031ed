// SPDX-License-Identifier: Apache-2.0
// Devices by the thousand: made by a manufacturer of our own, onboarded one after the other by the
// project's device machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "fdo/di.h"
#include "http_line.h"
#include "pki/authority.h"

namespace fairlead::bench {

// A device as it leaves the factory, with what it says in TO2 prepared, so that the load generator
// takes little of the processor that it shares with the server.
struct Device {
  std::unique_ptr<crypto::SoftwareKey> key, operational;
  Bytes hmac_secret;
  fdo::DeviceCredential credential;
  Bytes offer;              // signed; empty: a device that asks for no certificate
  std::string pem_voucher;  // one entry, to the owner
};

class Maker {
 public:
  static Result<Maker> create(crypto::KeyType type);
  const crypto::PublicKey& public_key() const { return key_->public_key(); }

  // Rendezvous bypass: what is measured is TO2, without registrations beside it. Thread-safe.
  Result<Device> make(const crypto::PublicKey& owner, std::uint64_t number, bool with_offer);

 private:
  Maker(std::unique_ptr<crypto::SoftwareKey> key, std::unique_ptr<crypto::SoftwareKey> ca_key,
        std::vector<crypto::Certificate> ca, pki::Authority authority)
      : key_(std::move(key)),
        ca_key_(std::move(ca_key)),
        ca_(std::move(ca)),
        authority_(std::move(authority)) {}

  std::unique_ptr<crypto::SoftwareKey> key_, ca_key_;
  std::vector<crypto::Certificate> ca_;
  pki::Authority authority_;
  crypto::SystemRandom random_;
};

struct Onboarding {
  std::vector<HttpLine::Sizes> exchanges;  // one per request
  bool certified = false;  // a Grant with a certificate for this device's operational key came
};
// 60 to 71 on a connection of its own, as a device does it. Ends early after message `last`, with
// the connection still open in `kept`.
Result<Onboarding> onboard(Device& device, const crypto::PublicKey& owner, std::uint16_t port,
                           std::uint8_t last = 71, std::vector<HttpLine>* kept = nullptr);

}  // namespace fairlead::bench
