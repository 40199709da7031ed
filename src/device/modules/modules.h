// SPDX-License-Identifier: Apache-2.0
// The service info modules that this device has (FSIMs), as one set for a run of TO2.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "base/random.h"
#include "device/identity.h"
#include "device/reason.h"
#include "fdo/device_modules.h"
#include "keystore/keystore.h"

namespace fairlead::device {

// The owner's key, once TO2 has proven it by the voucher.
struct OwnerProof {
  std::optional<crypto::PublicKey> owner;
};

// What a run's modules have to say when it is over.
struct ModuleReport {
  std::optional<Operational> staged;  // access to an upstream: committed with the credential
  bool offer_open = false;         // an Offer was made and not answered: an error now is the answer
  std::optional<Failure> failure;  // why a module ended the run
};

// Begins to fetch a URL for fdo.wget. `sink` is handed the body in parts, in order, where blocking
// is allowed; its error ends the fetch. The future tells how it ended, in any case.
using Sink = std::function<Result<void>(View part)>;
using Fetch = std::function<std::future<Result<void>>(const std::string& url,
                                                      std::uint64_t bytes_max, Sink sink)>;

// What modules need to know and may do, from configuration.
struct ModuleFacts {
  std::filesystem::path work;  // names of files are inside it
  std::string product_uri, firmware, upstream_uri;
  std::vector<std::string>
      commands;  // fdo.command may start these; empty: the device does not have the module
  std::chrono::seconds command_seconds_max{60};
  std::uint64_t download_bytes_max = 0, upload_bytes_max = 0, wget_bytes_max = 0;
  Fetch fetch;  // empty: the device does not have fdo.wget
  Log* log = nullptr;
  Clock clock;
  bool clock_plausible = true;
};

// All references outlive the modules.
std::vector<std::unique_ptr<fdo::DeviceModule>> make_modules(
    const ModuleFacts& facts, keystore::Keystore& keystore, const Identity& identity,
    Random& random, const OwnerProof& proof, ModuleReport& report);

}  // namespace fairlead::device
