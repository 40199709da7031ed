// SPDX-License-Identifier: Apache-2.0
// Enrolment profiles: which devices, which account, which endpoint, what is done on the device, for
// how long. Documents are JSON, as docs/api/openapi.yaml describes them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "enroll/decide.h"
#include "fdo/owner_modules.h"
#include "registry/registry.h"

namespace fairlead::server {

struct EnrolmentProfile {
  enroll::Profile decision;
  std::int64_t priority = 0;
  std::vector<std::string> endpoints;  // URIs; empty: this server's own broker
  Duration renew_after_expiry{};       // how long an expired certificate still gets its successor
  bool allow_credential_reuse = false;
  bool quarantine_clones = true;  // two devices alive under one identity: lock both out, or note it
  fdo::OwnerPlan actions;         // beside Grant and fdo.csr, which come first by themselves
  // A download by its place in `actions`, and the server's file (file_shelf.h) that is its source.
  std::map<std::size_t, std::string> files;
};

// malformed with the member that is wrong: "actions[2].url: missing".
Result<EnrolmentProfile> parse_profile(const ProfileId& id, std::string_view json);

// What a profile looks at.
enroll::Subject subject_of(const registry::Device& device);

// Profiles as the registry has them at each question, parsed once: again only when the text is
// another. Thread-safe.
class Profiles {
 public:
  explicit Profiles(registry::Registry& registry) : registry_(registry) {}

  // The one that decides for a device: the highest priority that matches. Null: none does, and the
  // device waits.
  Result<std::shared_ptr<const EnrolmentProfile>> matching(const enroll::Subject& subject);

 private:
  struct Parsed {
    std::string document;
    std::shared_ptr<const EnrolmentProfile> profile;
  };
  Result<std::shared_ptr<const EnrolmentProfile>> parsed(const registry::Profile& record);

  registry::Registry& registry_;
  std::mutex mutex_;
  std::map<ProfileId, Parsed> parsed_;  // none that the registry has no more
};

// What the first start writes: every device of the one account "default", own broker, 90 days.
std::string default_profile_document();

}  // namespace fairlead::server
