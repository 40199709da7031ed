// SPDX-License-Identifier: Apache-2.0
// TO1 and TO2 (FDO 1.1 §5.4, §5.5) against one server each: drives the machines of fdo/to2_device.h
// over HTTP and commits what comes of them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "device/fdo_client.h"
#include "device/identity.h"
#include "device/initialize.h"
#include "device/modules/modules.h"
#include "fdo/to2_device.h"

namespace fairlead::device {

// TO1: where the owner is, in its own words (their signature is checked in TO2).
AttemptTask<fdo::To1d> ask_rendezvous(Workshop workshop, const Identity& identity,
                                      fdo::Candidate candidate, bool clock_plausible);

struct OwnerSought {
  fdo::Candidate candidate;
  std::optional<fdo::To1d> to1d;  // none on rendezvous bypass
  bool clock_plausible = true;
  // Of one that the network named: what its server showed when it was looked at, and how long it
  // may take to prove by the voucher that it is the owner. Else empty, and without end.
  Bytes server_key{};
  std::optional<Duration> prove_within{};
};

// What the device proposes in 60, where its configuration says so: else as strong as its key.
struct Proposal {
  bool allow_reuse = false;
  std::optional<fdo::KexSuite> kex;
  std::optional<fdo::CipherSuite> cipher;
};

// TO2. The identity that it returns is committed: one rename has switched credential, HMAC key and
// access to the upstream together. On failure the identity is as before, and the peer was told why.
AttemptTask<Identity> onboard(Workshop workshop, const Identity& identity, ModuleFacts facts,
                              OwnerSought sought, Proposal proposal);

// How long to wait before polling an owner that has nothing to say: 0, then 100 ms doubling to 5 s.
Duration poll_pause(unsigned idle_rounds);

}  // namespace fairlead::device
