// SPDX-License-Identifier: Apache-2.0
// The topics of devices (docs/wire/mqtt.md), and what an entry of the access table may do with
// them. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong_id.h"
#include "upstream/access/access_table.h"

namespace fairlead::upstream {

inline constexpr std::string_view topic_root = "fairlead/v1/";
// Below a device's prefix: what its upstream orders it to do, beside the application's commands.
inline constexpr std::string_view order_topic = "order";
inline constexpr std::string_view decommission_order = R"({"order":"decommission"})";
// Where the plugin says who has connected with which certificate; see docs/wire/mqtt.md.
inline constexpr std::string_view connected_topic = "fairlead/broker/connected";

// 1 to 64 bytes of printable ASCII without '/', '+', '#', '$' and space: what may stand between two
// slashes of a topic of ours without changing its meaning.
bool is_topic_level(std::string_view text);

// "fairlead/v1/{account}/{device}/". refused if a part can't be a topic level, or the device's name
// has a ':' (which separates it from a suffix in client ids).
Result<std::string> device_topic_prefix(const AccountId& account, const DeviceId& device);

struct DeviceTopic {
  std::string account, device;
  std::string rest;  // "state", "telemetry/temperature"
};
// nullopt for anything that is not below some device's prefix.
std::optional<DeviceTopic> parse_device_topic(std::string_view topic);

// ---- What an entry may do. Each answers with the reason of a refusal, for the broker's log.

// The client id must be the device id, or the device id, '/' or ':', and a suffix: a second device
// must not throw the first one off and inherit its subscriptions and queue.
Result<void> may_connect(const AccessEntry& entry, std::string_view client_id);

enum class TopicUse { subscribe, read, write };
// `topic` is a filter for subscribe (with wildcards and "$share/group/" in front, as the client
// sent it), a topic otherwise. refused unless all that it names is below the entry's prefix; a
// service may also subscribe and read below "fairlead/" and "$SYS/".
Result<void> may_use(const AccessEntry& entry, TopicUse use, std::string_view topic);

// Whether a message may be queued for a session whose device is away and not known since the
// broker's start: only if the topic names the very device that the client id names. The device
// still has to come back with its certificate to get it.
bool names_own_device(std::string_view client_id, std::string_view topic);

}  // namespace fairlead::upstream
