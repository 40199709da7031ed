// SPDX-License-Identifier: Apache-2.0
// What a phone keeps from one start to the next, in a folder that only its owner may read: who is
// signed in, the site, registrations that are not finished, and what was set up.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/apply/bundle.h"
#include "client/apply/history.h"

namespace fairlead::app {

struct Remembered {
  std::string server, ca, token;         // token empty: nobody is signed in
  std::string account, site;             // whose devices, and where
  std::string wifi_name, wifi_password;  // of the site; the name empty: not known
};

class Keeping {
 public:
  // Makes the folder. What can't be read there is reported once, and begun anew.
  explicit Keeping(std::filesystem::path folder);

  const Remembered& remembered() const { return remembered_; }
  Result<void> remember(Remembered what);

  // Registrations on their way, by the name under which the device was picked.
  const std::vector<client::BundleEntry>& claims() const { return claims_; }
  const client::BundleEntry* claim_of(const std::string& row) const;
  Result<void> keep(client::BundleEntry claim);  // in place of the one before
  Result<void> drop(const std::string& row);

  const std::vector<client::JournalLine>& history() const { return history_; }  // oldest first
  Result<void> add(client::JournalLine line);

  const std::string& problem() const { return problem_; }  // of reading; empty: none

 private:
  void read_remembered();
  void read_claims();
  void read_history();
  Result<void> save_claims() const;

  std::filesystem::path folder_;
  Remembered remembered_;
  std::vector<client::BundleEntry> claims_;
  std::vector<client::JournalLine> history_;
  std::string problem_;
};

}  // namespace fairlead::app
