// SPDX-License-Identifier: Apache-2.0
// Real TPM software in place of a chip: swtpm, and the resource manager tpm2-abrmd before it, on a
// D-Bus of their own. Both throw std::runtime_error where they can't be started.
#pragma once

#include <memory>
#include <optional>

#include "support/child_process.h"
#include "support/temporary_directory.h"

namespace fairlead::test {

// A maker of TPMs: swtpm's own authority, which certifies endorsement keys.
class TpmMaker {
 public:
  TpmMaker();

  std::string issuer_pem() const;  // the certificate of who signs; its issuer is a root
  // Gives the TPM whose state will be in `state` an endorsement key with a certificate.
  void make(const std::filesystem::path& state) const;

 private:
  TemporaryDirectory folder_;
};

// One TPM with its own seeds. It serves one program at a time, as a chip without resource manager.
class SoftTpm {
 public:
  SoftTpm();  // switched on and started up, as by a machine's firmware
  explicit SoftTpm(const TpmMaker& maker);  // the same, with an endorsement certificate

  std::string tcti() const;  // "swtpm:path=..."
  void switch_off() { process_.reset(); }
  void switch_on();  // what is persistent is there again; nobody has started it up
  // tpm2-tools on this TPM: {"tpm2_clear"}.
  CommandOutput tool(const std::vector<std::string>& arguments) const;

 private:
  TemporaryDirectory folder_;
  std::optional<ChildProcess> process_;
};

// A TPM that many programs use at once.
class SharedTpm {
 public:
  SharedTpm();

  std::string tcti() const;  // "tabrmd:..."; in this process, after use_bus()
  void use_bus() const;      // sets DBUS_SESSION_BUS_ADDRESS
  void stop_manager() { manager_.reset(); }
  void start_manager();
  void kill_manager() { manager_->send(9); }
  CommandOutput tool(const std::vector<std::string>& arguments) const;
  SoftTpm& tpm() { return tpm_; }

 private:
  Environment bus() const;

  SoftTpm tpm_;
  TemporaryDirectory folder_;
  std::optional<ChildProcess> bus_, manager_;
};

}  // namespace fairlead::test
