// SPDX-License-Identifier: Apache-2.0
// A bundle as a file, and what is done with the whole of it. What was got is kept, whatever comes
// then.
#pragma once

#include "client/apply/bundle.h"
#include "client/apply/job.h"
#include "tool/project_file.h"

namespace fairlead::tool {

class BundleFile {
 public:
  static client::Answer<BundleFile> open(
      const std::string& path, ProjectFile::IfMissing missing = ProjectFile::IfMissing::refuse);

  struct Watch {
    std::function<void(const std::string&)> tell;  // of each that is not through, why
    std::function<bool()> go_on;                   // false: nothing more is begun
  };
  struct Count {
    std::size_t good = 0, bad = 0;
  };

  // Offers of these devices, each in the place of an earlier one. A row whose Grant is not
  // delivered yet is left alone.
  client::Answer<Count> collect(const std::vector<client::Job>& jobs,
                                const client::JobOptions& options, const client::Connect& connect,
                                Random& random, const Watch& watch);
  // Grants for the Offers that have none. `account`: for entries that name none, as a stick's. A
  // problem: the server can't be asked.
  client::Answer<Count> exchange(client::Api& server, const std::string& account,
                                 const Watch& watch);
  // Hands the Grants to those of their devices that are among `jobs`.
  client::Answer<Count> deliver(const std::vector<client::Job>& jobs,
                                const client::JobOptions& options, const client::Beside& at,
                                const Watch& watch);

 private:
  client::Answer<void> save() const;

  std::string path_;
  std::vector<client::BundleEntry> entries_;
};

}  // namespace fairlead::tool
