// SPDX-License-Identifier: Apache-2.0
// wpa_supplicant without a radio, as a device that speaks Wi-Fi Easy Connect over TCP.
#pragma once

#include "dpp/frames.h"
#include "dpp/uri.h"
#include "link/wpa/control.h"
#include "support/child_process.h"
#include "support/temporary_directory.h"

namespace fairlead::test {

class WpaPeer {
 public:
  // Throws where it doesn't start.
  WpaPeer();

  link::wpa::Control& control() { return *control_; }
  std::filesystem::path socket() const { return directory_.path() / "ctrl" / "lo"; }
  // Makes a bootstrapping key; its number is what other commands call it by.
  std::string make_key(std::string_view curve = "prime256v1");
  dpp::BootstrapUri uri_of(const std::string& key);
  // Listens as Enrollee; the port is for connect_to().
  std::uint16_t listen_as_enrollee();
  // What follows the name in the first such event within ten seconds; throws where none comes.
  std::string wait_for(std::string_view event);
  // A value of the network that it last added.
  std::string network_value(std::string_view name);

 private:
  TemporaryDirectory directory_;
  std::optional<ChildProcess> process_;
  std::unique_ptr<link::wpa::Control> control_;
};

// A connection on loopback that carries bodies; closed when it goes.
class BodySocket {
 public:
  static BodySocket connect_to(std::uint16_t port);
  explicit BodySocket(int descriptor) : descriptor_(descriptor) {}
  BodySocket(BodySocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), joiner_(std::move(other.joiner_)) {}
  ~BodySocket();

  void send(View body);
  std::optional<Bytes> receive();  // none: closed, or nothing for ten seconds

 private:
  int descriptor_;
  dpp::BodyJoiner joiner_;
};

// A port of the system's choice.
class LoopbackListener {
 public:
  LoopbackListener();
  ~LoopbackListener();
  std::uint16_t port() const { return port_; }
  BodySocket accept();

 private:
  int descriptor_;
  std::uint16_t port_;
};

}  // namespace fairlead::test
