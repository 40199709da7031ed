// SPDX-License-Identifier: Apache-2.0
#include "device/local_stick.h"

#include "base/events.h"
#include "device/back_off.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

constexpr Duration tick = std::chrono::seconds(1);
constexpr Duration again_first = std::chrono::seconds(15), again_most = std::chrono::minutes(10);

// A stranger's text as part of ours.
std::string printable(const std::string& text) {
  std::string out = text.substr(0, 64);
  for (char& c : out)
    if (c < 0x20 || c > 0x7E) c = '?';
  return out;
}

Result<std::optional<local::BundleEntry>> entry_for(const std::optional<std::string>& file,
                                                    const std::string& serial) {
  if (!file) return std::nullopt;
  TRY(auto entries, local::decode_bundle(*file));
  if (entries.size() != 1)
    return fail(Errc::malformed, "the bundle on a stick is of one device, this one is of " +
                                     std::to_string(entries.size()));
  if (entries[0].serial != serial)
    return fail(Errc::untrusted, "it is of another device, '" + printable(entries[0].serial) + "'");
  return std::move(entries[0]);
}

}  // namespace

LocalStick::LocalStick(const Config& config, net::Loop& loop, Log& log, Random& random,
                       LocalDoor& door, const LocalFacts& facts)
    : config_(config), loop_(loop), log_(log), random_(random), door_(door), facts_(facts) {}

Result<void> LocalStick::offer(bool open) {
  open_ = open;
  if (!complaint_.empty()) return fail(Errc::io, "the stick: " + complaint_);
  return ok();
}

std::string LocalStick::words(const std::string& what) const {
  return "Device " + facts_.serial + " (" + facts_.model + "): " + what + "\n";
}

net::Task<void> LocalStick::run() {
  for (;;) {
    auto sleeping = loop_.sleep(tick);
    CO_TRY_VOID(co_await std::move(sleeping));
    if (door_.has_session() || door_.trying()) continue;
    bool owned = door_.is_done() || !(open_ || door_.is_needed().value_or(true));
    if (!open_ && !owned) continue;
    auto attending = owned ? turn_away() : attend();
    auto attended = co_await std::move(attending);
    complaint_ = attended ? "" : attended.error().context;
  }
}

// On a worker. What can't be used is said on the stick as well, as far as that can be.
Result<std::optional<LocalStick::Found>> LocalStick::look() const {
  TRY(auto folder, StickFolder::look(config_.stick_directory, facts_.serial));
  if (!folder) return std::nullopt;
  const auto refused = [&](const Error& why) {
    std::string name = folder->bundle_name();
    ignore(folder->tell(words("it can't use " + name + ": " + why.context +
                              ". Move that file elsewhere, and the device writes its own.")),
           "the log has it");
    return fail(why.code, name + ": " + why.context);
  };
  auto file = folder->read();
  if (!file) return refused(file.error());
  auto entry = entry_for(*file, facts_.serial);
  if (!entry) return refused(entry.error());
  auto content = crypto::sha256(as_view(file->value_or("")));
  return Found{std::move(*folder), std::move(*entry), content};
}

net::Task<void> LocalStick::attend() {
  auto look_there = [this] { return look(); };
  auto looking = loop_.on_worker(look_there);
  CO_TRY(auto found, co_await std::move(looking));
  if (!found) {
    tried_.reset();
    co_return ok();
  }
  const auto& entry = found->entry;
  bool has_grant = entry && !entry->grant.empty();
  if (has_grant) {
    if (entry->delivered) co_return ok();
    bool tried = tried_ && tried_->content == found->content;
    if (tried && (!tried_->again || *tried_->again > steady_clock::now())) co_return ok();
    auto taking = take_grant(*found);
    co_return co_await std::move(taking);
  }
  // One that is still open stays as it is: somebody may be on his way with its Grant.
  if (entry && door_.is_open_offer(crypto::sha256(entry->offer))) co_return ok();
  auto giving = give_offer(*found);
  co_return co_await std::move(giving);
}

// Also for who pulled the stick before it could be said what became of its Grant.
net::Task<void> LocalStick::turn_away() {
  auto say_it = [this]() -> Result<void> {
    TRY(auto found, look());
    if (!found || !found->entry || found->entry->delivered) return ok();
    return found->folder.tell(
        words("it has its upstream, and takes nothing from a stick. To change that, press its "
              "button or reset it."));
  };
  auto saying = loop_.on_worker(say_it);
  co_return co_await std::move(saying);
}

net::Task<void> LocalStick::give_offer(const Found& found) {
  auto making = door_.offer_for_stick();
  CO_TRY(auto offer, co_await std::move(making));
  local::BundleEntry entry;
  entry.serial = facts_.serial;
  entry.proof = local::Proof::stick;
  entry.offer = std::move(offer);
  auto write_it = [&]() -> Result<void> {
    TRY_VOID(found.folder.write(local::encode_bundle({entry})));
    const std::string name = found.folder.bundle_name();
    return found.folder.tell(words("its Offer is in " + name +
                                   ". Where the server can be reached, say\n"
                                   "  fairlead bundle exchange --bundle " +
                                   name + " --account ACCOUNT\nand bring the stick back."));
  };
  auto writing = loop_.on_worker(write_it);
  CO_TRY_VOID(co_await std::move(writing));
  log_(event::device_stick_offer, {{"file", found.folder.bundle_name()}});
  co_return ok();
}

net::Task<void> LocalStick::take_grant(const Found& found) {
  local::BundleEntry entry = *found.entry;
  auto taking = door_.grant_from_stick(entry.grant, entry.owner);
  CO_TRY(auto obstacle, co_await std::move(taking));
  std::string said = "it is provisioned as " + printable(entry.device) + " and was online.";
  if (obstacle) {
    const bool for_good =
        obstacle->reason == to_string(Reason::grant_wrong) || obstacle->reason == "no_offer";
    unsigned attempts = tried_ && tried_->content == found.content ? tried_->attempts : 0;
    Tried tried{found.content, attempts + 1, std::nullopt};
    if (!for_good)
      tried.again =
          steady_clock::now() + back_off(again_first, attempts, again_most, random_.bytes(1)[0]);
    tried_ = tried;
    said = "it is not provisioned: " + obstacle->words +
           (for_good ? ". The Grant on this stick is of no use to it: remove the file, and the "
                       "device writes another Offer."
                     : ". It tries again while the stick is here.");
    log_(event::device_stick_refused, {{"why", obstacle->words}});
  }
  auto say_it = [&]() -> Result<void> {
    entry.delivered = !obstacle;
    if (!obstacle) TRY_VOID(found.folder.write(local::encode_bundle({entry})));
    return found.folder.tell(words(said));
  };
  auto saying = loop_.on_worker(say_it);
  co_return co_await std::move(saying);
}

}  // namespace fairlead::device
