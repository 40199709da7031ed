// SPDX-License-Identifier: Apache-2.0
#include "app/desk/device_talk.h"

#include "app/desk/text.h"
#include "crypto/hash.h"
#include "crypto/system_random.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

using client::Field;

constexpr std::uint8_t identify_seconds = 15;

QVariantMap map_of(const local::Upstream& upstream) {
  return {{"source", shown(upstream.source)},
          {"interface", shown(upstream.interface)},
          {"uri", shown(upstream.uri)},
          {"name", shown(upstream.name)},
          {"address", shown(upstream.address)},
          {"key", QString::fromStdString(to_hex(upstream.fingerprint))},
          {"milliseconds", static_cast<int>(upstream.milliseconds)},
          {"result", shown(upstream.result)},
          {"seconds", static_cast<int>(upstream.seconds)},
          {"chosen", upstream.source == "chosen"}};
}

}  // namespace

DeviceTalk::DeviceTalk(Plant& plant, QObject* parent) : QObject(parent), plant_(plant) {
  connect(&errand_, &Errand::changed, this, &DeviceTalk::changed);
}

bool DeviceTalk::hasCode(const QString& key) const {
  const client::Line* line = plant_.line_of(key);
  return line && line->row && !(*line->row)[Field::code].empty();
}

std::optional<DeviceTalk::Way> DeviceTalk::way_to(const QString& key, const QString& code) const {
  const client::Line* line = plant_.line_of(key);
  if (!line || !line->device) return std::nullopt;
  Way out;
  out.urls = client::urls_of(*line->device);
  out.access.code = code.toStdString();
  if (code.isEmpty() && line->row) out.access.code = (*line->row)[Field::code];
  out.access.button = out.access.code.empty();
  const bool named = line->row && !(*line->row)[Field::name].empty();
  out.name = shown(named ? (*line->row)[Field::name] : line->device->said.serial);
  return out;
}

void DeviceTalk::identify(const QString& key, const QString& code) {
  auto way = way_to(key, code);
  if (!way) return plant_.tell(tr("It was not seen, so nothing can be asked of it."));
  const bool begun = errand_.begin([this, way = *way]() -> Errand::End {
    crypto::SystemRandom random;
    auto done =
        client::identify(way.urls, way.access, identify_seconds, tool::connect_device, random);
    return [this, done, name = way.name] {
      if (done)
        plant_.tell(tr("%1 shows itself for %2 seconds.").arg(name).arg(identify_seconds),
                    Plant::Tone::good);
      else
        plant_.tell(name + QStringLiteral(": ") + shown(done.error()), Plant::Tone::bad);
    };
  });
  plant_.tell(begun ? tr("Asking %1 to show itself…").arg(way->name)
                    : tr("Another device is being asked just now."));
}

void DeviceTalk::askUpstreams(const QString& key, const QString& code) {
  if (busy()) return;
  way_ = way_to(key, code);
  if (way_) return wish({});
  problem_ = tr("It was not seen, so nothing can be asked of it.");
  emit changed();
}

void DeviceTalk::choose(const QString& fingerprint) {
  wish({.choose = fingerprint.toStdString(), .give = {}});
}

void DeviceTalk::give(const QString& uri, const QString& key) {
  auto bytes = from_hex(key.trimmed().toStdString());
  if (!bytes || (!bytes->empty() && bytes->size() != crypto::Sha256::size_bytes)) {
    problem_ = tr("A key's fingerprint is a SHA-256 in 64 hexadecimal digits, or nothing.");
    return emit changed();
  }
  wish({.choose = {}, .give = uri.trimmed().toStdString(), .key = std::move(*bytes)});
}

void DeviceTalk::forget() { wish({.choose = {}, .give = {}, .key = {}, .forget = true}); }

void DeviceTalk::leave() {
  way_.reset();
  upstreams_.clear();
  asked_ = false;
  problem_.clear();
  done_.clear();
  emit changed();
}

void DeviceTalk::wish(client::UpstreamWish wish) {
  if (!way_ || busy()) return;
  problem_.clear();
  done_.clear();
  errand_.begin([this, way = *way_, wish = std::move(wish)]() -> Errand::End {
    crypto::SystemRandom random;
    auto seen = client::upstreams(way.urls, way.access, wish, tool::connect_device, random);
    return [this, seen] {
      if (!way_) return;  // left meanwhile
      if (seen)
        show(*seen);
      else
        problem_ = shown(seen.error());
      emit changed();
    };
  });
}

void DeviceTalk::show(const client::UpstreamsSeen& seen) {
  asked_ = true;
  upstreams_.clear();
  for (const auto& each : seen.all) upstreams_.push_back(map_of(each));
  if (!seen.changed) return;
  if (seen.uri.empty())
    done_ = tr("No upstream is chosen any more; the device takes what the network names.");
  else if (seen.key.empty())
    done_ = tr("The device tries %1 first, whatever its key.").arg(shown(seen.uri));
  else
    done_ = tr("The device tries %1 first, and only with this key.").arg(shown(seen.uri));
}

}  // namespace fairlead::app
