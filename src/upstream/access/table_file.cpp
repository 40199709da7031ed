// SPDX-License-Identifier: Apache-2.0
#include "upstream/access/table_file.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace fairlead::upstream::table_file {
namespace {

constexpr std::array<std::uint8_t, 8> magic{'F', 'L', 'A', 'C', 'C', 'E', 'S', 'S'};
constexpr std::uint32_t version = 1;
constexpr std::uint8_t slot_tag = 0xA5;
constexpr std::uint64_t flag_superseded = 1;
constexpr int torn_reads_max = 64;

std::uint64_t get64(const std::uint8_t* at) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | at[i];
  return value;
}
void put64(std::uint8_t* at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i, value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}
std::uint32_t get32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0] | at[1] << 8 | at[2] << 16) |
         static_cast<std::uint32_t>(at[3]) << 24;
}
void put32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i, value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

// Of all but the last eight bytes, which hold it.
std::uint64_t checksum(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  std::uint64_t sum = seed ^ 0x9E3779B97F4A7C15ull;
  for (std::size_t i = 0; i + 8 < bytes.size(); i += 8) {
    sum = (sum ^ get64(bytes.data() + i)) * 0xFF51AFD7ED558CCDull;
    sum ^= sum >> 32;
  }
  return sum;
}
void seal(std::span<std::uint8_t> bytes, std::uint64_t seed) {
  put64(bytes.data() + bytes.size() - 8, checksum(bytes, seed));
}
bool is_sealed(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  return get64(bytes.data() + bytes.size() - 8) == checksum(bytes, seed);
}

// Most slots on the way to an entry: not worth decoding.
bool is_whole_and_anothers(std::span<const std::uint8_t, slot_bytes> bytes, std::uint64_t table_id,
                           const CertificateFingerprint& ours) {
  return bytes[0] == slot_tag && !std::equal(ours.value.begin(), ours.value.end(), &bytes[16]) &&
         is_sealed(bytes, table_id);
}

}  // namespace

std::uint64_t Layout::home(const CertificateFingerprint& fingerprint) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{get64(fingerprint.data())} * capacity >> 64);
}

LayoutBytes encode_layout(const Layout& layout) {
  LayoutBytes out{};
  std::ranges::copy(magic, out.begin());
  put32(out.data() + 8, version);
  put32(out.data() + 12, slot_bytes);
  put64(out.data() + 16, layout.capacity);
  put64(out.data() + 24, layout.table_id);
  put64(out.data() + 32, static_cast<std::uint64_t>(to_unix_ms(layout.created)));
  seal(out, layout.table_id);
  return out;
}

Result<Layout> decode_layout(std::span<const std::uint8_t, layout_bytes> bytes) {
  if (!std::ranges::equal(bytes.first<8>(), magic))
    return fail(Errc::malformed, "this is not an access table");
  if (get32(bytes.data() + 8) != version)
    return fail(Errc::unsupported, "access table of version " +
                                       std::to_string(get32(bytes.data() + 8)) +
                                       "; this program knows version 1");
  Layout out;
  out.capacity = get64(bytes.data() + 16);
  out.table_id = get64(bytes.data() + 24);
  out.created = from_unix_ms(static_cast<std::int64_t>(get64(bytes.data() + 32)));
  if (!is_sealed(bytes, out.table_id))
    return fail(Errc::malformed, "the access table's header is damaged");
  if (get32(bytes.data() + 12) != slot_bytes || out.capacity == 0 ||
      out.capacity > limits::access_capacity_max)
    return fail(Errc::malformed, "the access table's header has impossible sizes");
  return out;
}

StatusBytes encode_status(const AccessStatus& status, std::uint64_t table_id) {
  StatusBytes out{};
  put64(out.data(), status.changes);
  put64(out.data() + 8, status.revocations);
  put64(out.data() + 16, status.entries);
  put64(out.data() + 24, static_cast<std::uint64_t>(to_unix_ms(status.heartbeat)));
  put64(out.data() + 32, status.superseded ? flag_superseded : 0);
  seal(out, table_id);
  return out;
}

std::optional<AccessStatus> decode_status(std::span<const std::uint8_t, status_bytes> bytes,
                                          std::uint64_t table_id) {
  if (!is_sealed(bytes, table_id)) return std::nullopt;
  AccessStatus out;
  out.changes = get64(bytes.data());
  out.revocations = get64(bytes.data() + 8);
  out.entries = get64(bytes.data() + 16);
  out.heartbeat = from_unix_ms(static_cast<std::int64_t>(get64(bytes.data() + 24)));
  out.superseded = (get64(bytes.data() + 32) & flag_superseded) != 0;
  return out;
}

TakenBytes encode_taken(std::uint64_t number, const CertificateFingerprint& fingerprint,
                        std::uint64_t table_id) {
  TakenBytes out{};
  put64(out.data(), number);
  std::ranges::copy(fingerprint.value, out.begin() + 8);
  seal(out, table_id);
  return out;
}

std::optional<CertificateFingerprint> decode_taken(std::span<const std::uint8_t, taken_bytes> bytes,
                                                   std::uint64_t number, std::uint64_t table_id) {
  if (!is_sealed(bytes, table_id) || get64(bytes.data()) != number) return std::nullopt;
  return CertificateFingerprint::from(bytes.subspan<8, 32>());
}

SlotBytes encode_slot(const AccessEntry& entry, std::uint64_t table_id) {
  SlotBytes out{};
  out[0] = slot_tag;
  out[1] = static_cast<std::uint8_t>(entry.state);
  out[2] = static_cast<std::uint8_t>(entry.role);
  out[3] = static_cast<std::uint8_t>(entry.device_id.size());
  out[4] = static_cast<std::uint8_t>(entry.topic_prefix.size());
  put64(out.data() + 8, entry.generation);
  std::ranges::copy(entry.fingerprint.value, out.begin() + 16);
  std::ranges::copy(entry.device_id, out.begin() + 48);
  std::ranges::copy(entry.topic_prefix, out.begin() + 112);
  seal(out, table_id);
  return out;
}

bool is_empty_slot(std::span<const std::uint8_t, slot_bytes> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

SlotKind decode_slot(std::span<const std::uint8_t, slot_bytes> bytes, std::uint64_t table_id,
                     AccessEntry& entry) {
  if (bytes[0] == 0 && is_empty_slot(bytes)) return SlotKind::empty;
  if (bytes[0] != slot_tag || !is_sealed(bytes, table_id)) return SlotKind::torn;
  if (bytes[3] > limits::access_device_id_bytes_max ||
      bytes[4] > limits::access_topic_prefix_bytes_max)
    return SlotKind::torn;
  auto text = [&](std::size_t from, std::size_t length) {
    return std::string(reinterpret_cast<const char*>(bytes.data()) + from, length);
  };
  entry.state = static_cast<AccessState>(bytes[1]);
  entry.role = static_cast<AccessRole>(bytes[2]);
  entry.generation = get64(bytes.data() + 8);
  std::copy_n(bytes.begin() + 16, 32, entry.fingerprint.value.begin());
  entry.device_id = text(48, bytes[3]);
  entry.topic_prefix = text(112, bytes[4]);
  return check_entry(entry) ? SlotKind::whole : SlotKind::torn;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string errno_words(int error) { return std::generic_category().message(error); }

bool read_exactly(int fd, std::span<std::uint8_t> into, std::uint64_t offset) {
  while (!into.empty()) {
    auto got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;  // 0: the file is shorter than it says
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

Result<void> write_exactly(int fd, std::span<const std::uint8_t> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    auto put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Errc::io, "access table: write: " + errno_words(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return ok();
}

Result<OpenTable> open_table(const std::string& path, int flags) {
  OpenTable out;
  // Not blocking, and not a link: somebody may have put a FIFO or a door to elsewhere there.
  out.file = Descriptor(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!out.file)
    return fail(errno == ENOENT ? Errc::not_found : Errc::io,
                "access table " + path + ": " + errno_words(errno));
  struct stat about{};
  if (::fstat(out.file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return fail(Errc::malformed, "access table " + path + " is not a regular file");
  out.device = about.st_dev;
  out.inode = about.st_ino;
  LayoutBytes layout;
  if (!read_exactly(out.file.get(), layout, 0))
    return fail(Errc::malformed, "access table " + path + " is truncated: it has no header");
  auto decoded = decode_layout(layout).in(path);
  if (!decoded) return fail(std::move(decoded).error());
  out.layout = *decoded;
  if (static_cast<std::uint64_t>(about.st_size) != out.layout.file_bytes())
    return fail(Errc::malformed, "access table " + path + " is truncated or overlong: " +
                                     std::to_string(about.st_size) + " bytes instead of " +
                                     std::to_string(out.layout.file_bytes()));
  return out;
}

Result<AccessStatus> read_status(const OpenTable& table) {
  for (int i = 0; i < torn_reads_max; ++i) {
    std::array<std::uint8_t, status_offset + status_bytes> head;
    if (!read_exactly(table.file.get(), head, 0))
      return fail(Errc::malformed, "the access table has been truncated");
    std::span<const std::uint8_t, head.size()> bytes(head);
    TRY(auto layout, decode_layout(bytes.first<layout_bytes>()));
    if (layout != table.layout)
      return fail(Errc::malformed, "the access table has been overwritten by another");
    auto status = decode_status(bytes.subspan<status_offset, status_bytes>(), layout.table_id);
    if (status) return *status;
    ::sched_yield();  // a writer is at work
  }
  return fail(Errc::malformed, "the access table's status is damaged");
}

Result<Search> search(const OpenTable& table, const CertificateFingerprint& fingerprint) {
  Search found;
  const auto& layout = table.layout;
  std::array<std::uint8_t, run_slots * slot_bytes> run;
  auto slot = layout.home(fingerprint);
  auto left = std::min(probe_slots_max, layout.capacity);
  int patience = torn_reads_max;  // for the whole search: damage must not hold up the broker
  AccessEntry entry;
  for (std::uint64_t most = first_run_slots; left > 0; most = run_slots) {
    auto count = std::min({most, left, layout.capacity - slot});
    auto bytes = std::span(run).first(count * slot_bytes);
    if (!read_exactly(table.file.get(), bytes, Layout::offset(slot)))
      return fail(Errc::malformed, "the access table has been truncated");
    for (std::uint64_t i = 0; i < count; ++i) {
      auto one = bytes.subspan(i * slot_bytes).first<slot_bytes>();
      if (is_whole_and_anothers(one, layout.table_id, fingerprint)) continue;
      auto kind = decode_slot(one, layout.table_id, entry);
      while (kind == SlotKind::torn && patience-- > 0) {
        ::sched_yield();  // most likely a writer is at work on it
        if (!read_exactly(table.file.get(), one, Layout::offset(slot + i)))
          return fail(Errc::malformed, "the access table has been truncated");
        kind = decode_slot(one, layout.table_id, entry);
      }
      if (kind != SlotKind::whole && !found.free) found.free = slot + i;
      if (kind == SlotKind::empty) return found;
      if (kind == SlotKind::torn) ++found.torn;
      if (kind == SlotKind::whole && entry.fingerprint == fingerprint) {
        found.slot = slot + i;
        found.entry = std::move(entry);
        return found;
      }
    }
    left -= count;
    slot = slot + count == layout.capacity ? 0 : slot + count;
  }
  return found;
}

}  // namespace fairlead::upstream::table_file
