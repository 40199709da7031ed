// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "device/identity.h"
#include "device/journal.h"

namespace fairlead::device {

// Where the device stands, for a person (`now` by the device's clock) and for a program.
std::string status_text(const std::optional<Identity>& identity, const JournalRecord& journal,
                        Time now);
std::string status_json(const std::optional<Identity>& identity, const JournalRecord& journal);

}  // namespace fairlead::device
