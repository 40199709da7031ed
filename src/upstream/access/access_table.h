// SPDX-License-Identifier: Apache-2.0
// Who may be on the broker: a file that one server writes and any number of broker plugins read,
// without a lock and without asking anyone. The file is the authority for connections; a
// certificate that is not in it does not come in. Its form is in docs/wire/access-table.md, the
// reasons for it in docs/adr/0005-broker-access-table.md.
//
// Standard library and POSIX only: this is loaded into the broker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace fairlead::limits {
inline constexpr std::size_t access_device_id_bytes_max = 64;
inline constexpr std::size_t access_topic_prefix_bytes_max = 128;
inline constexpr std::uint64_t access_capacity_max = std::uint64_t{1} << 26;  // 16 GiB of file
}  // namespace fairlead::limits

namespace fairlead::upstream {

// SHA-256 of a client certificate's DER: the key of the table. crypto::Certificate::fingerprint()
// has the same bytes.
using CertificateFingerprint = FixedBytes<32, struct CertificateFingerprintTag>;

enum class AccessState : std::uint8_t { active = 1, revoked = 2 };

enum class AccessRole : std::uint8_t {
  device = 1,  // reads and writes below its own topic prefix
  service = 2  // a server of ours: reads every device's topics and $SYS, writes below its prefix
};

// What the broker knows of one certificate.
struct AccessEntry {
  CertificateFingerprint fingerprint{};
  AccessState state = AccessState::active;
  AccessRole role = AccessRole::device;
  std::uint64_t generation = 0;  // of the grant; the caller's own count, shown in logs
  std::string device_id;         // 1 to 64 bytes; see is_topic_level() in topics.h, and no ':'
  std::string topic_prefix;      // 1 to 128 bytes, ends in '/', no wildcard

  friend bool operator==(const AccessEntry&, const AccessEntry&) = default;
};

// refused, with what is wrong, for an entry that the table can't hold or that would open more than
// it says.
Result<void> check_entry(const AccessEntry& entry);

// What the server last said about the whole table.
struct AccessStatus {
  std::uint64_t changes = 0;      // raised by every change of an entry
  std::uint64_t revocations = 0;  // raised by every change that may take a right away
  std::uint64_t entries = 0;
  Time heartbeat{};         // when the server last said that it is alive
  bool superseded = false;  // a newer file is at the path
};

// The one writer. Not thread-safe: calls come from one thread at a time. Every call returns only
// when readers can see the change; a process killed at any moment leaves each entry whole, or
// denied.
class AccessWriter {
 public:
  // Opens the table at `path`, or creates it (mode 0640, group of the folder if that is set-gid)
  // with room for `capacity` entries. A file that is torn, foreign or corrupt is refused: start
  // over with `create_anew`. busy if another process writes here (lock file `path`.lock).
  static Result<std::unique_ptr<AccessWriter>> create_or_open(const std::string& path,
                                                              std::uint64_t capacity);
  // Replaces whatever is at `path` by an empty table. Readers notice within a moment, and deny.
  static Result<std::unique_ptr<AccessWriter>> create_anew(const std::string& path,
                                                           std::uint64_t capacity);
  ~AccessWriter();
  AccessWriter(const AccessWriter&) = delete;

  // Adds the entry or replaces the one with the same fingerprint. The table grows by itself, by
  // writing a new file beside the old one and renaming it. io when the disk is full: the old entry,
  // if any, then stands or is denied.
  Result<void> put(const AccessEntry& entry);
  // Active to revoked. Revoking twice is well. not_found if the certificate was never let in (and
  // so is not let in now).
  Result<void> revoke(const CertificateFingerprint& fingerprint);
  // The whole truth at once, as after a start: what is not in `entries` is gone. One rename, so
  // that readers see the old table or the new one. Duplicates: the last counts.
  Result<void> rebuild(std::span<const AccessEntry> entries);
  // To be called regularly, say every 10 s; plugins may deny everything when it is too old.
  Result<void> heartbeat(Time now);

  std::optional<AccessEntry> find(const CertificateFingerprint& fingerprint) const;
  const AccessStatus& status() const;
  std::uint64_t capacity() const;       // slots of the current file
  std::uint64_t damaged_slots() const;  // found torn when it was opened; `rebuild` mends them

  struct Impl;
  explicit AccessWriter(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

// A reader copies what it looks at and checks the copy, so that neither a writer at work nor a
// damaged or hostile file can do worse than a refusal. Not thread-safe; one per thread.
class AccessReader {
 public:
  // not_found, io, malformed (truncated, torn or corrupt), unsupported (another version).
  static Result<std::unique_ptr<AccessReader>> open(const std::string& path);
  ~AccessReader();
  AccessReader(const AccessReader&) = delete;

  // nullopt: not in the table, which means denied. malformed: the entry's place in the file is
  // damaged, or the file is; denied too, and worth a log line. A revoked entry is found.
  Result<std::optional<AccessEntry>> find(const CertificateFingerprint& fingerprint) const;

  // malformed if the file is not what it was at open().
  Result<AccessStatus> status() const;

  // Whose entries changed in revocations after+1 to `upto`, both from status() of this very file.
  // nullopt when that is too long ago (64) or a whole table was replaced: then it may be anybody.
  std::optional<std::vector<CertificateFingerprint>> taken_away(std::uint64_t after,
                                                                std::uint64_t upto) const;

  enum class Reload { unchanged, reloaded };
  // Opens the file now at the path if ours was superseded, replaced or removed. On an error the
  // reader keeps what it has; the caller decides what to do with those who are in.
  Result<Reload> reload_if_superseded();

  struct Impl;
  explicit AccessReader(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::upstream
