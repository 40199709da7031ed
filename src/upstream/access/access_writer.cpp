// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "base/assert.h"
#include "upstream/access/table_file.h"

namespace fairlead::upstream {

using namespace table_file;

struct AccessWriter::Impl {
  std::string path;
  Descriptor lock;
  OpenTable table;
  AccessStatus status;
  std::uint64_t damaged = 0;

  Result<void> write_status();
  Result<void> write_entry(std::uint64_t slot, const AccessEntry& entry);
  Result<void> note_taken(const CertificateFingerprint& fingerprint);
  Result<void> replace(OpenTable next, const AccessStatus& next_status);
  Result<void> grow();
  Result<void> count_entries();
};

namespace {

// More of the slots than this in use, and the runs to read grow long.
bool is_crowded(std::uint64_t entries, std::uint64_t capacity) {
  return entries > capacity - capacity / 4;
}

Result<Descriptor> take_lock(const std::string& path) {
  auto name = path + ".lock";
  Descriptor lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(Errc::io, name + ": " + errno_words(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::busy, "another server writes the access table " + path);
  return lock;
}

// A file under construction, mapped. Its blocks are reserved first, so that a full disk is an error
// here and not a signal at some store.
class Draft {
 public:
  static Result<Draft> create(const std::string& path, std::uint64_t capacity) {
    if (capacity == 0 || capacity > limits::access_capacity_max)
      return fail(Errc::refused, "access table: capacity of " + std::to_string(capacity) +
                                     " entries is not within 1 to " +
                                     std::to_string(limits::access_capacity_max));
    Draft draft;
    draft.path_ = path + ".new";
    ::unlink(draft.path_.c_str());  // left over from a process that was killed
    draft.table_.file = Descriptor(
        ::open(draft.path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!draft.table_.file) return fail(Errc::io, draft.path_ + ": " + errno_words(errno));
    int fd = draft.table_.file.get();
    auto& layout = draft.table_.layout;
    layout.capacity = capacity;
    if (::getrandom(&layout.table_id, sizeof layout.table_id, 0) != sizeof layout.table_id)
      return fail(Errc::internal, "no randomness");
    layout.created = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    if (::fchmod(fd, 0640) != 0) return fail(Errc::io, draft.path_ + ": " + errno_words(errno));
    auto size = layout.file_bytes();
    if (int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size)))
      return fail(Errc::io,
                  draft.path_ + ": " + std::to_string(size) + " bytes: " + errno_words(error));
    draft.map_ = static_cast<std::uint8_t*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    if (draft.map_ == MAP_FAILED) {
      draft.map_ = nullptr;
      return fail(Errc::io, draft.path_ + ": " + errno_words(errno));
    }
    std::ranges::copy(encode_layout(layout), draft.map_);
    return draft;
  }
  Draft(Draft&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        table_(std::move(other.table_)),
        map_(std::exchange(other.map_, nullptr)) {}
  Draft& operator=(Draft&&) = delete;
  ~Draft() {
    unmap();
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  enum class Added { fresh, again, no_room };
  Added add(const AccessEntry& entry) {
    const auto& layout = table_.layout;
    auto slot = layout.home(entry.fingerprint);
    for (std::uint64_t i = 0; i < std::min(probe_slots_max, layout.capacity); ++i) {
      auto* at = map_ + Layout::offset(slot);
      bool fresh = *at == 0;
      if (fresh || std::equal(at + 16, at + 48, entry.fingerprint.value.begin())) {
        std::ranges::copy(encode_slot(entry, layout.table_id), at);
        return fresh ? Added::fresh : Added::again;
      }
      slot = slot + 1 == layout.capacity ? 0 : slot + 1;
    }
    return Added::no_room;
  }

  // Under its final name; from then on readers may see it.
  Result<OpenTable> publish(const std::string& path, const AccessStatus& status) {
    std::ranges::copy(encode_status(status, table_.layout.table_id), map_ + status_offset);
    unmap();
    struct stat about{};
    if (::fstat(table_.file.get(), &about) != 0 || ::rename(path_.c_str(), path.c_str()) != 0)
      return fail(Errc::io, path + ": " + errno_words(errno));
    path_.clear();
    table_.device = about.st_dev;
    table_.inode = about.st_ino;
    return std::move(table_);
  }

 private:
  Draft() = default;
  void unmap() {
    if (map_) ::munmap(std::exchange(map_, nullptr), table_.layout.file_bytes());
  }
  std::string path_;
  OpenTable table_;
  std::uint8_t* map_ = nullptr;
};

// Every whole entry, in the file's order; the number of torn slots.
Result<std::uint64_t> for_each_entry(const OpenTable& table,
                                     const std::function<Result<void>(const AccessEntry&)>& visit) {
  std::uint64_t torn = 0;
  std::vector<std::uint8_t> run(1024 * slot_bytes);
  AccessEntry entry;
  for (std::uint64_t slot = 0; slot < table.layout.capacity;) {
    auto count = std::min<std::uint64_t>(1024, table.layout.capacity - slot);
    auto bytes = std::span(run).first(count * slot_bytes);
    if (!read_exactly(table.file.get(), bytes, Layout::offset(slot)))
      return fail(Errc::malformed, "the access table has been truncated");
    for (std::uint64_t i = 0; i < count; ++i) {
      auto kind = decode_slot(bytes.subspan(i * slot_bytes).first<slot_bytes>(),
                              table.layout.table_id, entry);
      if (kind == SlotKind::torn) ++torn;
      if (kind == SlotKind::whole) TRY_VOID(visit(entry));
    }
    slot += count;
  }
  return torn;
}

}  // namespace

Result<void> AccessWriter::Impl::write_status() {
  return write_exactly(table.file.get(), encode_status(status, table.layout.table_id),
                       status_offset);
}

// One write of one slot, within a page: a process that is killed has written it or not, and what a
// reader catches half-way has the wrong checksum.
Result<void> AccessWriter::Impl::write_entry(std::uint64_t slot, const AccessEntry& entry) {
  return write_exactly(table.file.get(), encode_slot(entry, table.layout.table_id),
                       Layout::offset(slot));
}

// Before the status that counts it, so that who sees the count finds the name.
Result<void> AccessWriter::Impl::note_taken(const CertificateFingerprint& fingerprint) {
  auto number = ++status.revocations;
  return write_exactly(table.file.get(), encode_taken(number, fingerprint, table.layout.table_id),
                       recent_offset + number % recent_count * taken_bytes);
}

Result<void> AccessWriter::Impl::count_entries() {
  std::uint64_t entries = 0;
  TRY(damaged, for_each_entry(table, [&](const AccessEntry&) {
        ++entries;
        return ok();
      }));
  status.entries = entries + damaged;
  return ok();
}

// `next` is at the path already. The mark on the old file only hastens what readers find out by
// themselves from the path.
Result<void> AccessWriter::Impl::replace(OpenTable next, const AccessStatus& next_status) {
  auto old = std::exchange(table, std::move(next));
  auto old_status = std::exchange(status, next_status);
  damaged = 0;
  if (!old.file) return ok();
  old_status.superseded = true;
  ignore(
      write_exactly(old.file.get(), encode_status(old_status, old.layout.table_id), status_offset),
      "readers compare the file at the path too");
  return ok();
}

Result<void> AccessWriter::Impl::grow() {
  auto capacity = table.layout.capacity;
  while (true) {
    capacity *= 2;
    TRY(auto draft, Draft::create(path, capacity));
    bool fits = true;
    AccessStatus next = status;
    next.entries = 0;
    TRY(auto torn, for_each_entry(table, [&](const AccessEntry& entry) -> Result<void> {
          fits = fits && draft.add(entry) != Draft::Added::no_room;
          ++next.entries;
          return ok();
        }));
    static_cast<void>(torn);  // denied before, absent now
    if (!fits) continue;
    TRY(auto published, draft.publish(path, next));
    return replace(std::move(published), next);
  }
}

Result<std::unique_ptr<AccessWriter>> AccessWriter::create_or_open(const std::string& path,
                                                                   std::uint64_t capacity) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  TRY(impl->lock, take_lock(path));
  auto existing = open_table(path, O_RDWR);
  if (existing) {
    impl->table = std::move(*existing);
    TRY(impl->status, read_status(impl->table).in(path));
    TRY_VOID(impl->count_entries());
    // A predecessor that was killed may have changed an entry and not counted it. A leap that no
    // list of names covers makes the readers look at everybody.
    impl->status.revocations += recent_count + 1;
    ++impl->status.changes;
    TRY_VOID(impl->write_status());
  } else if (existing.error().code == Errc::not_found) {
    TRY(auto draft, Draft::create(path, capacity));
    AccessStatus fresh{.changes = 1, .revocations = 1};
    TRY(auto published, draft.publish(path, fresh));
    TRY_VOID(impl->replace(std::move(published), fresh));
  } else {
    return fail(std::move(existing).error());
  }
  return std::make_unique<AccessWriter>(std::move(impl));
}

Result<std::unique_ptr<AccessWriter>> AccessWriter::create_anew(const std::string& path,
                                                                std::uint64_t capacity) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  TRY(impl->lock, take_lock(path));
  AccessStatus fresh{.changes = 1, .revocations = 1};
  if (auto old = open_table(path, O_RDWR)) {
    if (auto status = read_status(*old)) {  // the counts go on where they can
      fresh.changes = status->changes + 1;
      fresh.revocations = status->revocations + 1;
      impl->table = std::move(*old);
      impl->status = *status;
    }
  }
  TRY(auto draft, Draft::create(path, capacity));
  TRY(auto published, draft.publish(path, fresh));
  TRY_VOID(impl->replace(std::move(published), fresh));
  return std::make_unique<AccessWriter>(std::move(impl));
}

AccessWriter::AccessWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AccessWriter::~AccessWriter() = default;

Result<void> AccessWriter::put(const AccessEntry& entry) {
  TRY_VOID(check_entry(entry));
  while (true) {
    TRY(auto found, search(impl_->table, entry.fingerprint));
    if (found.slot) {
      if (found.entry == entry) return ok();
      TRY_VOID(impl_->write_entry(*found.slot, entry));
      // Another state, id or prefix may be less than before.
      TRY_VOID(impl_->note_taken(entry.fingerprint));
      break;
    }
    if (found.free && !is_crowded(impl_->status.entries + 1, impl_->table.layout.capacity)) {
      TRY_VOID(impl_->write_entry(*found.free, entry));
      ++impl_->status.entries;
      break;
    }
    TRY_VOID(impl_->grow());
  }
  ++impl_->status.changes;
  return impl_->write_status();
}

Result<void> AccessWriter::revoke(const CertificateFingerprint& fingerprint) {
  TRY(auto found, search(impl_->table, fingerprint));
  if (!found.slot)
    return fail(Errc::not_found,
                "certificate " + fingerprint.hex() + " is not in the access table");
  found.entry.state = AccessState::revoked;
  return put(found.entry);
}

Result<void> AccessWriter::rebuild(std::span<const AccessEntry> entries) {
  for (const auto& entry : entries) TRY_VOID(check_entry(entry));
  auto capacity = std::max<std::uint64_t>(impl_->table.layout.capacity,
                                          entries.size() + entries.size() / 2 + 16);
  while (true) {
    TRY(auto draft, Draft::create(impl_->path, capacity));
    bool fits = true;
    AccessStatus next = impl_->status;
    next.entries = 0;
    for (const auto& entry : entries) {
      auto added = draft.add(entry);
      fits = fits && added != Draft::Added::no_room;
      if (added == Draft::Added::fresh) ++next.entries;
    }
    capacity *= 2;
    if (!fits) continue;
    ++next.changes;
    ++next.revocations;
    TRY(auto published, draft.publish(impl_->path, next));
    return impl_->replace(std::move(published), next);
  }
}

Result<void> AccessWriter::heartbeat(Time now) {
  impl_->status.heartbeat = now;
  return impl_->write_status();
}

std::optional<AccessEntry> AccessWriter::find(const CertificateFingerprint& fingerprint) const {
  auto found = search(impl_->table, fingerprint);
  if (!found || !found->slot) return std::nullopt;
  return std::move(found->entry);
}

const AccessStatus& AccessWriter::status() const { return impl_->status; }
std::uint64_t AccessWriter::capacity() const { return impl_->table.layout.capacity; }
std::uint64_t AccessWriter::damaged_slots() const { return impl_->damaged; }

}  // namespace fairlead::upstream
