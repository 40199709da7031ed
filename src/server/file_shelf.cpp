// SPDX-License-Identifier: Apache-2.0
#include "server/file_shelf.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <mutex>

#include "crypto/hasher.h"
#include "disk/descriptor.h"

namespace fairlead::server {

namespace {

constexpr std::size_t stretch_bytes = 64 * 1024, name_bytes_max = 255, remembered_max = 1024;

// Tells one content of a file from another without reading it.
struct Version {
  dev_t device{};
  ino_t inode{};
  off_t size{};
  timespec changed{};
  friend bool operator==(const Version& a, const Version& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

struct Opened {
  disk::Descriptor file;
  Version version;
};

Result<Opened> open_file(const std::filesystem::path& folder, const std::string& name) {
  std::string what = "the server's file '" + name + "'";
  if (name.empty() || name.size() > name_bytes_max || name.front() == '.' ||
      name.find('/') != name.npos || name.find('\0') != name.npos)
    return fail(Errc::refused, what + ": a name without '/' and without a dot in front is wanted");
  disk::Descriptor file(
      ::open((folder / name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT)
    return fail(Errc::not_found, what + " is not in " + folder.string());
  if (!file) return disk::failure(what);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return disk::failure(what);
  if (!S_ISREG(status.st_mode)) return fail(Errc::refused, what + " is not a plain file");
  return Opened{std::move(file), {status.st_dev, status.st_ino, status.st_size, status.st_mtim}};
}

Result<Bytes> hash_of(const disk::Descriptor& file) {
  crypto::Hasher hasher(crypto::HashAlg::sha384);
  Bytes stretch(stretch_bytes);
  for (;;) {
    TRY(std::size_t count, disk::read_some(file.get(), stretch));
    if (count == 0) return hasher.finish();
    hasher.add(View(stretch).first(count));
  }
}

}  // namespace

// One file is hashed once, however many devices begin with it at a time.
struct FileShelf::Hashes {
  struct Hashed {
    Version version;
    Bytes sha384;
  };
  std::mutex mutex;
  std::map<std::string, Hashed> known;

  Result<Hashed> of(const std::string& name, const Opened& opened) {
    std::lock_guard lock(mutex);
    auto found = known.find(name);
    if (found != known.end() && found->second.version == opened.version) return found->second;
    TRY(Bytes sha384, hash_of(opened.file).in(name));
    if (known.size() >= remembered_max) known.clear();
    return known.insert_or_assign(name, Hashed{opened.version, std::move(sha384)}).first->second;
  }
};

class FileShelf::File final : public fdo::FileSource {
 public:
  File(const std::filesystem::path& folder, Hashes& hashes, std::string name)
      : folder_(folder), hashes_(hashes), name_(std::move(name)) {}

  Result<Description> describe() const override {
    TRY(auto opened, open_file(folder_, name_));
    TRY(auto hashed, hashes_.of(name_, opened));
    return Description{static_cast<std::uint64_t>(hashed.version.size), std::move(hashed.sha384)};
  }

  Result<Bytes> read(std::uint64_t offset, std::size_t most) const override {
    TRY(auto opened, open_file(folder_, name_));
    // A run may go on at another server, or after a restart: there it is hashed once more.
    TRY(auto hashed, hashes_.of(name_, opened));
    const auto size = static_cast<std::uint64_t>(hashed.version.size);
    if (offset > size) return fail(Errc::io, name_ + " became shorter while it was sent");
    Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(most, size - offset)));
    if (::lseek(opened.file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
      return disk::failure(name_);
    TRY(std::size_t count, disk::read_some(opened.file.get(), out).in(name_));
    if (count < out.size()) return fail(Errc::io, name_ + " became shorter while it was sent");
    return out;
  }

 private:
  const std::filesystem::path& folder_;
  Hashes& hashes_;
  std::string name_;
};

FileShelf::FileShelf(std::filesystem::path folder)
    : folder_(std::move(folder)), hashes_(std::make_unique<Hashes>()) {}
FileShelf::~FileShelf() = default;

std::shared_ptr<const fdo::FileSource> FileShelf::find(const std::string& name) const {
  return std::make_shared<const File>(folder_, *hashes_, name);
}

}  // namespace fairlead::server
