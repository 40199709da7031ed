// SPDX-License-Identifier: Apache-2.0
// Provisioning by a USB stick: the device writes its Offer there, and takes the Grant that comes
// back on it (ADR 104). While the door is open and nobody else is about the device. The stick may
// be the same one or another, and be pulled at any moment.
#pragma once

#include <chrono>
#include <optional>

#include "crypto/hash.h"
#include "device/local_carrier.h"
#include "device/local_door.h"
#include "device/stick_folder.h"
#include "local/bundle.h"

namespace fairlead::device {

class LocalStick final : public LocalCarrier {
 public:
  // All outlive it. config.stick_directory: where sticks are mounted.
  LocalStick(const Config& config, net::Loop& loop, Log& log, Random& random, LocalDoor& door,
             const LocalFacts& facts);

  net::Task<void> run();  // until the loop stops
  Result<void> offer(bool open) override;

 private:
  // What is on the stick, as far as it concerns this device.
  struct Found {
    StickFolder folder;
    std::optional<local::BundleEntry> entry;
    crypto::Sha256 content;  // of the whole file
  };
  // The content that was tried last, and when it may be tried again.
  struct Tried {
    crypto::Sha256 content;
    unsigned attempts = 0;
    std::optional<std::chrono::steady_clock::time_point> again;  // none: not this one
  };
  Result<std::optional<Found>> look() const;
  net::Task<void> attend();
  net::Task<void> turn_away();
  net::Task<void> give_offer(const Found& found);
  net::Task<void> take_grant(const Found& found);
  std::string words(const std::string& what) const;

  const Config& config_;
  net::Loop& loop_;
  Log& log_;
  Random& random_;
  LocalDoor& door_;
  LocalFacts facts_;
  bool open_ = false;
  std::string complaint_;
  std::optional<Tried> tried_;
};

}  // namespace fairlead::device
