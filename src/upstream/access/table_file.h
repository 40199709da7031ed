// SPDX-License-Identifier: Apache-2.0
// The access table's form on disk, for its reader and its writer only.
//
//   file    = header slot{capacity}                              all integers little-endian
//   header  = 4096 bytes: layout at 0, status at 512, recent at 1024, else zero
//   layout  = magic[8] version:u32 slot_bytes:u32 capacity:u64 table_id:u64 created_ms:u64
//             zero[16] checksum:u64
//   status  = changes:u64 revocations:u64 entries:u64 heartbeat_ms:u64 flags:u64 zero[16]
//             checksum:u64
//   recent  = taken{64}         the latest that may have lost a right, by number modulo 64
//   taken   = revocations:u64 fingerprint[32] checksum:u64
//   slot    = 256 zero bytes (empty), or
//             tag:u8 state:u8 role:u8 device_length:u8 prefix_length:u8 zero[3] generation:u64
//             fingerprint[32] device[64] prefix[128] zero[8] checksum:u64
//
// Every checksum covers the bytes before it and the table's id, so that a torn write and a piece of
// another file both show. It guards against accidents: who can write the file decides anyway.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "upstream/access/access_table.h"

namespace fairlead::upstream::table_file {

inline constexpr std::size_t header_bytes = 4096;
inline constexpr std::size_t layout_bytes = 64;
inline constexpr std::size_t status_offset = 512;
inline constexpr std::size_t status_bytes = 64;
inline constexpr std::size_t recent_offset = 1024;
inline constexpr std::size_t recent_count = 64;
inline constexpr std::size_t taken_bytes = 48;
inline constexpr std::size_t slot_bytes = 256;
inline constexpr std::size_t run_slots = 16;            // read at once: 4096 bytes
inline constexpr std::size_t first_run_slots = 4;       // most entries are no further from home
inline constexpr std::uint64_t probe_slots_max = 1024;  // from its home, an entry is no further

using LayoutBytes = std::array<std::uint8_t, layout_bytes>;
using StatusBytes = std::array<std::uint8_t, status_bytes>;
using TakenBytes = std::array<std::uint8_t, taken_bytes>;
using SlotBytes = std::array<std::uint8_t, slot_bytes>;

struct Layout {
  std::uint64_t capacity = 0;
  std::uint64_t table_id = 0;
  Time created{};
  friend bool operator==(const Layout&, const Layout&) = default;

  std::uint64_t file_bytes() const { return header_bytes + capacity * slot_bytes; }
  std::uint64_t home(const CertificateFingerprint& fingerprint) const;
  static std::uint64_t offset(std::uint64_t slot) { return header_bytes + slot * slot_bytes; }
};

LayoutBytes encode_layout(const Layout& layout);
Result<Layout> decode_layout(std::span<const std::uint8_t, layout_bytes> bytes);

StatusBytes encode_status(const AccessStatus& status, std::uint64_t table_id);
std::optional<AccessStatus> decode_status(std::span<const std::uint8_t, status_bytes> bytes,
                                          std::uint64_t table_id);  // nullopt: torn

TakenBytes encode_taken(std::uint64_t number, const CertificateFingerprint& fingerprint,
                        std::uint64_t table_id);
// nullopt: torn, or overwritten by a later number.
std::optional<CertificateFingerprint> decode_taken(std::span<const std::uint8_t, taken_bytes> bytes,
                                                   std::uint64_t number, std::uint64_t table_id);

SlotBytes encode_slot(const AccessEntry& entry, std::uint64_t table_id);
enum class SlotKind { empty, whole, torn };
bool is_empty_slot(std::span<const std::uint8_t, slot_bytes> bytes);
// Fills `entry` when whole. An entry that breaks a rule of check_entry() counts as torn.
SlotKind decode_slot(std::span<const std::uint8_t, slot_bytes> bytes, std::uint64_t table_id,
                     AccessEntry& entry);

// ---- An open table. Only copies of the file are looked at, by read(2): a mapping of a file that
// somebody truncates would end the broker with SIGBUS.

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct OpenTable {
  Descriptor file;
  Layout layout;
  std::uint64_t device = 0, inode = 0;
};

// flags: O_RDONLY or O_RDWR.
Result<OpenTable> open_table(const std::string& path, int flags);
// Reads layout and status, again for as long as a writer seems to be at work on them.
Result<AccessStatus> read_status(const OpenTable& table);

struct Search {
  std::optional<std::uint64_t> slot;  // where the entry is
  AccessEntry entry;
  std::optional<std::uint64_t> free;  // the first place where it could be put
  std::uint64_t torn = 0;             // damaged slots on the way
};
Result<Search> search(const OpenTable& table, const CertificateFingerprint& fingerprint);

bool read_exactly(int fd, std::span<std::uint8_t> into, std::uint64_t offset);
Result<void> write_exactly(int fd, std::span<const std::uint8_t> bytes, std::uint64_t offset);
std::string errno_words(int error);

}  // namespace fairlead::upstream::table_file
