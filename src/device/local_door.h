// SPDX-License-Identifier: Apache-2.0
// Local provisioning over HTTP, beside the flow table: listens while the door (local/door.h) is
// open, and carries out what the door says. What a client gave is tried on the real upstream and
// committed only then; the flow hears of it by take_committed().
#pragma once

#include <map>
#include <memory>

#include "device/config.h"
#include "device/local_offer.h"
#include "device/upstream_link.h"
#include "net/http.h"

namespace fairlead::device {

class LocalDoor {
 public:
  // All outlive the door.
  LocalDoor(const Config& config, Workshop workshop, Log& log, local::DeviceSecrets secrets,
            LocalFacts facts);
  ~LocalDoor();

  net::Task<void> run();  // until the loop stops
  void press_button();
  // Whether the flow has no upstream: the door stays open while it hasn't.
  void needed(bool yes) { needed_ = yes; }
  // The owner is taking the device by TO2: no Offer is made meanwhile.
  void owner_at_work(bool yes) { owner_at_work_ = yes; }
  bool trying() const;  // what a client gave is being tried: TO2 has to wait
  bool has_committed() const { return committed_; }
  bool take_committed() { return std::exchange(committed_, false); }

 private:
  net::Task<net::HttpResponse> handle(net::HttpRequest request);
  // Carries actions out, and those that follow. The reply or refusal for `peer` goes to `answer`.
  net::Task<void> perform(local::Actions actions, net::HttpResponse* answer);
  net::Task<local::Actions> make_offer(enroll::OfferNonce nonce);
  net::Task<local::Actions> check_grant(local::CheckGrant grant);
  net::Task<void> go_online();
  net::Task<local::Actions> commit();
  void roll_back(const std::string& why);
  Result<void> keep_listener();
  void open_if_needed();
  local::PeerId peer_of(const net::HttpRequest& request, bool& is_new);
  Time now() const;

  const Config& config_;
  Workshop shop_;
  Log& log_;
  LocalFacts facts_;
  local::Door door_;
  std::unique_ptr<net::HttpServer> server_;
  std::optional<crypto::Sha256> offer_hash_;
  std::optional<Identity> staged_;
  bool needed_ = false, owner_at_work_ = false, committed_ = false, button_ = false;
  Time closed_until_{};  // after too many wrong codes
};

}  // namespace fairlead::device
