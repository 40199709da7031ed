// SPDX-License-Identifier: Apache-2.0
#include "device/removal.h"

#include "device/modules/working_directory.h"
#include "device/outstanding_offers.h"
#include "device/renewal.h"

namespace fairlead::device {

Result<void> give_up_upstream(const StateDirectory& directory, keystore::Keystore& keystore,
                              const std::filesystem::path& work, Identity& identity,
                              Afterwards afterwards) {
  identity.operational.reset();
  identity.onboarded = false;
  identity.owner.reset();
  identity.decommissioned = afterwards == Afterwards::stays_out_of_use;
  TRY_VOID(save_identity(directory, identity));
  TRY_VOID(sweep_keys(keystore, identity));
  TRY_VOID(forget_staged_renewal(directory));
  TRY_VOID(OutstandingOffers::load(directory).clear(directory));
  return WorkingDirectory(work).clear();
}

}  // namespace fairlead::device
