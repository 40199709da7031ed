// SPDX-License-Identifier: Apache-2.0
#include "app/phone/nearby.h"

#include <algorithm>

#include "app/desk/text.h"
#include "app/phone/signal.h"
#include "client/apply/job.h"
#include "local/setup_label.h"

namespace fairlead::app {

namespace {

constexpr Duration bluetooth_look = std::chrono::seconds(2);
constexpr int aging_ms = 5000;

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

// Owned devices answer too, and let nobody in.
bool can_be_set_up(const client::SeenDevice& device) {
  return device.present && device.said.state != "owned" && !device.places.empty();
}

NearbyDevice on_network(const client::SeenDevice& device) {
  NearbyDevice out;
  const auto& said = device.said;
  out.name = shown(said.serial.empty() ? device.places.front().address : said.serial);
  out.detail = said.model.empty() ? Nearby::tr("On this network")
                                  : Nearby::tr("%1, on this network").arg(shown(said.model));
  out.urls = client::urls_of(device);
  return out;
}

}  // namespace

Nearby::Nearby(tool::Bluetooth bluetooth, std::string adapter, QObject* parent)
    : QAbstractListModel(parent),
      bluetooth_(std::move(bluetooth)),
      adapter_(std::move(adapter)),
      has_bluetooth_(bluetooth_.look != nullptr) {
  aging_.setInterval(aging_ms);
  connect(&aging_, &QTimer::timeout, this, [this] {
    if (!seen_.expire(now()).empty()) show();
  });
  connect(
      &lookout_, &Lookout::seen, this,
      [this](const client::Sighting& each) {
        if (seen_.on(each, now())) show();
      },
      Qt::QueuedConnection);
}

Nearby::~Nearby() {
  stop();
  if (listening_.joinable()) listening_.join();
}

void Nearby::look(tool::ScanOptions options) {
  stop();
  if (listening_.joinable()) listening_.join();
  lookout_.start(std::move(options));
  aging_.start();
  stop_ = false;
  if (bluetooth_.look) listening_ = std::thread([this] { listen(); });
}

void Nearby::stop() {
  stop_ = true;
  aging_.stop();
  lookout_.stop();
}

void Nearby::listen() {
  while (!stop_) {
    auto answer = bluetooth_.look(adapter_, bluetooth_look);
    QMetaObject::invokeMethod(this, [this, answer] { heard(answer); }, Qt::QueuedConnection);
    // Without an adapter the answer is there at once.
    for (Duration waited{}; !answer && !stop_ && waited < bluetooth_look;
         waited += std::chrono::milliseconds(100))
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void Nearby::heard(const Heard& answer) {
  if (answer.has_value() != has_bluetooth_) {
    has_bluetooth_ = answer.has_value();
    emit bluetoothChanged();
  }
  by_bluetooth_ = answer ? *answer : std::vector<tool::Bluetooth::Nearby>();
  show();
}

void Nearby::show() {
  std::vector<NearbyDevice> devices;
  for (const auto& each : by_bluetooth_)
    devices.push_back({shown(each.name.empty() ? each.address : each.name),
                       tr("By Bluetooth"),
                       each.signal_dbm ? bars_of(*each.signal_dbm) : 1,
                       each.address,
                       {}});
  std::ranges::sort(devices, {}, [](const auto& each) { return std::pair(-each.bars, each.name); });
  for (const auto* each : seen_.devices())
    if (can_be_set_up(*each)) devices.push_back(on_network(*each));
  if (devices == devices_) return;
  // Rows keep their place on the screen while a finger is on its way.
  const bool same_rows =
      std::ranges::equal(devices, devices_, {}, &NearbyDevice::name, &NearbyDevice::name);
  if (same_rows) {
    devices_ = std::move(devices);
    emit dataChanged(index(0), index(count() - 1));
    return;
  }
  beginResetModel();
  devices_ = std::move(devices);
  endResetModel();
  emit countChanged();
}

const NearbyDevice* Nearby::at(int row) const {
  return row >= 0 && row < count() ? &devices_[static_cast<std::size_t>(row)] : nullptr;
}

// On the network a device shows its serial, from which its name for phones follows.
const NearbyDevice* Nearby::named(const std::string& setup_name) const {
  auto found = std::ranges::find_if(devices_, [&](const NearbyDevice& each) {
    const std::string name = each.name.toStdString();
    return name == setup_name || local::setup_name(name) == setup_name;
  });
  return found == devices_.end() ? nullptr : &*found;
}

void Nearby::set_unfinished(const QStringList& names) {
  unfinished_ = names;
  if (count() > 0) emit dataChanged(index(0), index(count() - 1));
}

int Nearby::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(devices_.size());
}

QVariant Nearby::data(const QModelIndex& index, int role) const {
  const NearbyDevice* device = at(index.row());
  if (!device) return {};
  switch (role) {
    case Qt::DisplayRole:
    case Name:
      return device->name;
    case Detail:
      return device->detail;
    case Bars:
      return device->bars;
    case Unfinished:
      return unfinished_.contains(device->name);
    default:
      return {};
  }
}

QHash<int, QByteArray> Nearby::roleNames() const {
  return {{Name, "name"}, {Detail, "detail"}, {Bars, "bars"}, {Unfinished, "unfinished"}};
}

}  // namespace fairlead::app
