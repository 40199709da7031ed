// SPDX-License-Identifier: Apache-2.0
#include "device/state_hook.h"

#include "base/events.h"

namespace fairlead::device {

namespace {

constexpr Duration tick = std::chrono::milliseconds(250);
constexpr std::string_view names[] = {"off", "offering", "session", "joining", "online", "failed"};

}  // namespace

std::string_view to_string(Shown shown) { return names[static_cast<std::size_t>(shown)]; }

Shown shown_state(const DoorLook& door, State flow) {
  using local::Progress;
  const bool online = flow == State::connected;
  if (door.progress == Progress::checking || door.progress == Progress::joining ||
      door.progress == Progress::connecting)
    return Shown::joining;
  if (door.open && door.progress == Progress::committed)
    return online ? Shown::online : Shown::joining;
  if (door.open && door.progress == Progress::failed) return Shown::failed;
  if (door.session) return Shown::session;
  if (door.open) return Shown::offering;
  return online ? Shown::online : Shown::off;
}

net::Task<void> show_state(const Config& config, Workshop shop, Log& log, const LocalDoor* door,
                           std::function<State()> flow) {
  std::optional<Shown> before;
  std::string complaint;
  for (;;) {
    const Shown now = shown_state(door ? door->look() : DoorLook{}, flow());
    if (now != before) {
      std::vector<std::string> words{config.state_hook.string(), std::string(to_string(now))};
      auto show_it = [&] { return run_hook(words, shop.directory.path()); };
      auto showing = shop.loop.on_worker(show_it);
      auto shown = co_await std::move(showing);
      const std::string why = shown ? "" : shown.error().context;
      if (!why.empty() && why != complaint)
        log(event::device_hook_failed, {{"what", "state"}, {"why", why}});
      complaint = why;
      before = now;
    }
    auto sleeping = shop.loop.sleep(tick);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

}  // namespace fairlead::device
