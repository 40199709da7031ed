// SPDX-License-Identifier: Apache-2.0
// The audit log's form, the same for every back end: an entry becomes a line of JSON, and lines
// make a chain (crypto/hash_chain.h). A back end only has to hand over the last record under a lock
// that lasts until the new one is durable.
//
//   {"sequence":7,"at":"2026-11-24T12:00:00.123Z","who":"ada","from":"api 192.0.2.7",
//    "account":"acme","event":"DEVICE_REVOKED","subject":"d-17","fields":{"reason":"stolen"}}
//
// Members are in this order, fields in their own. What is no UTF-8 is mended.
#pragma once

#include "base/result.h"
#include "registry/records.h"

namespace fairlead::registry {

inline constexpr std::size_t audit_entry_bytes_max = 65536;

// The record that follows `last`; without, the first. malformed: longer than that.
Result<AuditRecord> next_audit_record(const std::optional<AuditRecord>& last,
                                      const AuditEntry& entry);

}  // namespace fairlead::registry
