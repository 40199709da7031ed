// SPDX-License-Identifier: Apache-2.0
// Everything between this server and its broker: the table of who may in, the broker itself where
// it is ours to run, and the watch over who is there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <memory>

#include "server/broker_access.h"
#include "server/clone_watch.h"
#include "server/config.h"
#include "server/farewell.h"
#include "server/listeners.h"
#include "server/own_certificates.h"
#include "server/presence.h"
#include "upstream/broker.h"
#include "upstream/broker_watch.h"

namespace fairlead::server {

class BrokerSide final : public Farewell {
 public:
  // Opens the table and fills it from the registry, so that the door is right before anyone knocks.
  // All references outlive this.
  static Result<std::unique_ptr<BrokerSide>> open(net::Loop& loop, const Config& config,
                                                  const Identity& identity, Store& store,
                                                  Random& random, Clock clock, Log& log);

  // Hands over the broker's certificate and this server's own way into it. A broker started by hand
  // finds the new one in its files and has to be told (SIGHUP).
  void keep_by(OwnCertificates& own);
  Access& access() { return *access_; }
  bool connected() const { return connected_; }  // as of the last second; from any thread
  // Called on a worker when the broker has let a device in, with its certificate's fingerprint. Set
  // before run(). conflict: called again.
  using OnUse = std::function<Result<void>(const DeviceId&, View fingerprint, Time)>;
  void on_certificate_use(OnUse on_use) { on_use_ = std::move(on_use); }
  // Called on a worker when two devices live under one identity. Set before run(). conflict: called
  // again.
  using OnClone = std::function<Result<void>(const DeviceId&, const ClonePair&, Time)>;
  void on_clone(OnClone on_clone) { on_clone_ = std::move(on_clone); }
  bool send_off(const DeviceId& device, const std::string& topic_prefix) override;
  net::Task<void>
  run();  // starts the broker, watches it, keeps the table's heartbeat; until the loop stops
  // Brings into the table what other servers on the registry granted and took, within half a
  // second; until the loop stops.
  net::Task<void> follow();
  net::Task<void> stop();  // awaited before the loop ends

 private:
  BrokerSide(net::Loop& loop, const Config& config, const Identity& identity, Store& store,
             Random& random, Clock clock, Log& log);
  Result<crypto::Certificate> make_broker_certificate(Time now);
  upstream::MqttSettings watch_settings() const;
  void hear(const upstream::Presence& presence);
  net::Task<void> record(upstream::Presence presence);
  net::Task<void> write(upstream::Presence presence);
  void hear(const upstream::CertificateUse& use);
  // On a worker, again where another node writes the device at the same time.
  net::Task<void> carry_out(std::function<Result<void>()> work);

  net::Loop& loop_;
  const Config& config_;
  const Identity& identity_;
  Random& random_;
  Store& store_;
  Clock clock_;
  Log& log_;
  PresenceRecord presence_;
  std::atomic<bool> connected_ = false;
  // Devices whose presence is being written, and what was heard of them meanwhile. Loop thread.
  std::unordered_map<std::string, std::optional<upstream::Presence>> writing_;
  // Devices that were ordered to remove their secrets, and of those who said that they have.
  std::mutex leaving_mutex_;
  std::condition_variable has_left_;
  std::set<DeviceId> leaving_, left_;
  OnUse on_use_;
  OnClone on_clone_;
  CloneWatch clones_;  // loop thread
  upstream::BrokerOptions options_;
  std::vector<crypto::Certificate> at_start_;  // the broker's, this server's own
  std::unique_ptr<BrokerAccess> access_;
  std::unique_ptr<upstream::Broker> broker_;
  std::unique_ptr<upstream::BrokerWatch> watch_;
};

}  // namespace fairlead::server
