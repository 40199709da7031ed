// SPDX-License-Identifier: Apache-2.0
#include "device/modules/modules.h"

#include "device/modules/command.h"
#include "device/modules/enrollment.h"
#include "device/modules/files.h"

namespace fairlead::device {

std::vector<std::unique_ptr<fdo::DeviceModule>> make_modules(
    const ModuleFacts& facts, keystore::Keystore& keystore, const Identity& identity,
    Random& random, const OwnerProof& proof, ModuleReport& report) {
  Enrollment enrollment{
      facts,    identity, std::make_shared<NextOperationalKey>(keystore, identity, proof),
      keystore, random,   proof,
      report};
  std::vector<std::unique_ptr<fdo::DeviceModule>> out;
  out.push_back(std::make_unique<EnrollModule>(enrollment));
  out.push_back(std::make_unique<CsrModule>(enrollment));
  out.push_back(std::make_unique<DownloadModule>(facts));
  out.push_back(std::make_unique<UploadModule>(facts, report));
  if (facts.fetch) out.push_back(std::make_unique<WgetModule>(facts));
  if (!facts.commands.empty()) out.push_back(std::make_unique<CommandModule>(facts, report));
  return out;
}

}  // namespace fairlead::device
