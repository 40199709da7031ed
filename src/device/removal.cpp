// SPDX-License-Identifier: Apache-2.0
#include "device/removal.h"

#include "device/journal.h"
#include "device/modules/working_directory.h"
#include "device/outstanding_offers.h"
#include "device/renewal.h"
#include "device/upstream_candidates.h"

namespace fairlead::device {

namespace {

constexpr std::string_view due_anew = "all, begins anew", due_out = "all, stays out of use",
                           due_networks = "networks";

Result<void> note(const StateDirectory& directory, std::string_view due) {
  return directory.write(std::string(removal_file), as_view(due));
}

Result<void> remove_identity(const StateDirectory& directory, keystore::Keystore& keystore,
                             Identity& identity, Afterwards afterwards) {
  identity.operational.reset();
  identity.onboarded = false;
  identity.owner.reset();
  identity.decommissioned = afterwards == Afterwards::stays_out_of_use;
  TRY_VOID(save_identity(directory, identity));
  return sweep_keys(keystore, identity);
}

}  // namespace

Result<void> give_up_upstream(const StateDirectory& directory, keystore::Keystore& keystore,
                              const std::filesystem::path& work, std::optional<Identity>& identity,
                              Afterwards afterwards) {
  const bool anew = afterwards == Afterwards::begins_anew;
  TRY_VOID(note(directory, anew ? due_anew : due_out));
  if (identity) TRY_VOID(remove_identity(directory, keystore, *identity, afterwards));
  TRY_VOID(forget_staged_renewal(directory));
  TRY_VOID(OutstandingOffers::load(directory).clear(directory));
  TRY_VOID(UpstreamCandidates(directory).choose("", {}));
  if (anew) TRY_VOID(directory.remove(std::string(journal_file)));
  TRY_VOID(WorkingDirectory(work).clear());
  return note(directory, due_networks);
}

Result<bool> resume_removal(const StateDirectory& directory, keystore::Keystore& keystore,
                            const std::filesystem::path& work, std::optional<Identity>& identity) {
  TRY(auto due, directory.read(std::string(removal_file)));
  if (!due || as_text(*due) == due_networks) return false;
  const bool anew = as_text(*due) == due_anew;
  if (!anew && as_text(*due) != due_out)
    return fail(Errc::malformed, std::string(removal_file) + " in " + directory.path().string() +
                                     " says nothing that this program knows");
  TRY_VOID(give_up_upstream(directory, keystore, work, identity,
                            anew ? Afterwards::begins_anew : Afterwards::stays_out_of_use));
  return true;
}

Result<std::optional<std::size_t>> forget_networks(const StateDirectory& directory,
                                                   link::Wifi& wifi) {
  TRY(auto due, directory.read(std::string(removal_file)));
  if (!due || as_text(*due) != due_networks) return std::optional<std::size_t>();
  TRY(std::size_t networks, wifi.forget());
  TRY_VOID(directory.remove(std::string(removal_file)));
  return std::optional(networks);
}

}  // namespace fairlead::device
