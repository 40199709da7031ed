// SPDX-License-Identifier: Apache-2.0
#include "registry/audit.h"

#include "crypto/hash_chain.h"

namespace fairlead::registry {

namespace {

std::string quoted(std::string_view text) { return '"' + json_escaped(text) + '"'; }

std::string text_of(std::uint64_t sequence, const AuditEntry& entry) {
  std::string out =
      "{\"sequence\":" + std::to_string(sequence) + ",\"at\":" + quoted(to_rfc3339(entry.at)) +
      ",\"who\":" + quoted(entry.who) + ",\"from\":" + quoted(entry.from) +
      ",\"account\":" + quoted(entry.account.str()) + ",\"event\":" + quoted(entry.event) +
      ",\"subject\":" + quoted(entry.subject) + ",\"fields\":{";
  std::string_view between;
  for (const Field& field : entry.fields) {
    out += std::string(between) + quoted(field.name) + ':' + quoted(field.value);
    between = ",";
  }
  return out + "}}";
}

}  // namespace

Result<AuditRecord> next_audit_record(const std::optional<AuditRecord>& last,
                                      const AuditEntry& entry) {
  AuditRecord record;
  record.sequence = last ? last->sequence + 1 : 1;
  record.account = entry.account;
  record.entry = text_of(record.sequence, entry);
  if (record.entry.size() > audit_entry_bytes_max)
    return fail(Errc::malformed, "too much text in one change: its record is longer than 64 KiB");
  auto previous = last ? crypto::Sha256::from(last->link) : crypto::Sha256();
  if (!previous) return fail(Errc::internal, "the audit log's last link is damaged");
  record.link =
      to_bytes(View(crypto::chain_link(*previous, crypto::sha256(as_view(record.entry)))));
  return record;
}

}  // namespace fairlead::registry
