// SPDX-License-Identifier: Apache-2.0
// fairlead.enroll and fdo.csr: how the device comes by access to an upstream during TO2.
#pragma once

#include "device/modules/modules.h"

namespace fairlead::device {

// The key that a run enrols: made at first need, and the same for each repetition with the same
// owner until one is committed.
class NextOperationalKey {
 public:
  NextOperationalKey(keystore::Keystore& keystore, const Identity& identity,
                     const OwnerProof& proof)
      : keystore_(keystore), identity_(identity), proof_(proof) {}
  Result<crypto::Signer*> get();  // untrusted before the owner has proven itself
  const keystore::KeyName& name() const { return name_; }  // once there is one

 private:
  keystore::Keystore& keystore_;
  const Identity& identity_;
  const OwnerProof& proof_;
  keystore::KeyName name_;
  std::unique_ptr<crypto::Signer> key_;
};

struct Enrollment {
  const ModuleFacts& facts;
  const Identity& identity;
  std::shared_ptr<NextOperationalKey> key;  // shared by the two modules, whichever the owner takes
  keystore::Keystore& keystore;
  Random& random;
  const OwnerProof& proof;
  ModuleReport& report;
};

// docs/wire/enroll-fsim.md. d: offer bstr; o: grant bstr; d: result [bool, tstr]
class EnrollModule final : public fdo::DeviceModule {
 public:
  explicit EnrollModule(Enrollment enrollment) : e_(std::move(enrollment)) {}
  std::string_view name() const override { return "fairlead.enroll"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  Result<Bytes> make_offer();
  Result<Operational> accept(View grant) const;

  Enrollment e_;
  crypto::Sha256 offer_hash_{};
};

// d: cacerts-req 281, simpleenroll-req tstr; o: cacerts-res, simpleenroll-res tstr (base64 PKCS#7),
// error uint
class CsrModule final : public fdo::DeviceModule {
 public:
  explicit CsrModule(Enrollment enrollment) : e_(std::move(enrollment)) {}
  std::string_view name() const override { return "fdo.csr"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override;

 private:
  Result<void> ask(fdo::Outbox& out);
  Result<void> stage(std::vector<crypto::Certificate> certificates);

  Enrollment e_;
  std::vector<crypto::Certificate> anchors_;
};

// What a certificate chain has to hold before the device stores it: our key in the leaf, each
// signed by the next, and dates that fit, where the clock can be trusted.
Result<void> check_chain(std::span<const crypto::Certificate> chain, const crypto::PublicKey& key,
                         Time now, bool clock_plausible);

}  // namespace fairlead::device
