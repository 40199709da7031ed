// SPDX-License-Identifier: Apache-2.0
#include "tool/bundle_file.h"

#include <algorithm>

#include "disk/whole_file.h"

namespace fairlead::tool {

using client::Answer;
using client::BundleEntry;

Answer<BundleFile> BundleFile::open(const std::string& path, ProjectFile::IfMissing missing) {
  BundleFile out;
  out.path_ = path;
  auto text = disk::read_file(path, local::bundle_bytes_max);
  if (!text && text.error().code == Errc::not_found && missing == ProjectFile::IfMissing::begin)
    return out;
  if (!text) return std::unexpected(own_problem(text.error()));
  auto entries = local::decode_bundle(*text);
  if (!entries)
    return client::problem(client::ProblemKind::failed, path + ": " + entries.error().context);
  out.entries_ = std::move(*entries);
  return out;
}

Answer<void> BundleFile::save() const {
  auto saved = disk::replace_file(path_, local::encode_bundle(entries_), 0600);
  if (!saved) return std::unexpected(own_problem(saved.error()));
  return {};
}

Answer<BundleFile::Count> BundleFile::collect(const std::vector<client::Job>& jobs,
                                              const client::JobOptions& options,
                                              const client::Connect& connect, Random& random,
                                              const Watch& watch) {
  Count count;
  for (const client::Job& job : jobs) {
    if (!watch.go_on()) break;
    const std::string& name = job.row[client::Field::name];
    if (client::holds_undelivered(entries_, job.row.id)) {
      watch.tell(name +
                 ": its Grant is in the bundle and not delivered yet: deliver it, or collect into "
                 "another bundle");
      continue;
    }
    auto entry = client::collect(job, options, connect, random);
    ++(entry ? count.good : count.bad);
    if (!entry) {
      watch.tell(name + ": " + entry.error().message);
      continue;
    }
    std::erase_if(entries_, [&](const BundleEntry& each) { return each.row == job.row.id; });
    entries_.push_back(std::move(*entry));
  }
  TRY_VOID(save());
  return count;
}

Answer<BundleFile::Count> BundleFile::exchange(client::Api& server, const std::string& account,
                                               const Watch& watch) {
  Answer<void> asked;
  Count count;
  for (BundleEntry& entry : entries_) {
    if (!watch.go_on()) break;
    if (entry.account.empty()) entry.account = account;
    asked = client::exchange(entry, server);
    if (!asked) break;
    count.good += !entry.grant.empty();
    if (!entry.why.empty()) watch.tell(entry.serial + ": " + entry.why);
  }
  TRY_VOID(save());
  if (!asked) return std::unexpected(std::move(asked).error());
  count.bad = entries_.size() - count.good;
  return count;
}

Answer<BundleFile::Count> BundleFile::deliver(const std::vector<client::Job>& jobs,
                                              const client::JobOptions& options,
                                              const client::Beside& at, const Watch& watch) {
  Count count;
  for (BundleEntry& entry : entries_) {
    if (entry.delivered || entry.grant.empty() || !watch.go_on()) continue;
    auto job = std::ranges::find(jobs, entry.row, [](const auto& each) { return each.row.id; });
    Answer<void> delivered =
        client::problem(client::ProblemKind::not_found, "its device is not seen");
    if (job != jobs.end()) delivered = client::deliver(*job, entry, options, at);
    entry.delivered = delivered.has_value();
    ++(delivered ? count.good : count.bad);
    if (!delivered) watch.tell(entry.serial + ": " + delivered.error().message);
    TRY_VOID(save());
  }
  return count;
}

}  // namespace fairlead::tool
