// SPDX-License-Identifier: Apache-2.0
// Devices that can be set up from here, by Bluetooth or on the same network; the nearest first.
#pragma once

#include <QAbstractListModel>
#include <QTimer>
#include <atomic>
#include <thread>

#include "app/desk/lookout.h"
#include "client/scan/seen.h"
#include "tool/bluetooth.h"

namespace fairlead::app {

// Where and how a device was seen.
struct NearbyDevice {
  QString name;                   // as its label has it: "PROV_01b1e8", or its serial
  QString detail;                 // "Pump, by Bluetooth"
  int bars = 0;                   // of its signal, 1 to 4; 0: it has none
  std::string bluetooth;          // its address; empty: by the network
  std::vector<std::string> urls;  // by the network, best first
  bool operator==(const NearbyDevice&) const = default;
};

class Nearby final : public QAbstractListModel {
  Q_OBJECT
  Q_PROPERTY(int count READ count NOTIFY countChanged)
  Q_PROPERTY(bool hasBluetooth READ has_bluetooth NOTIFY bluetoothChanged)

 public:
  enum Role { Name = Qt::UserRole, Detail, Bars, Unfinished };

  Nearby(tool::Bluetooth bluetooth, std::string adapter, QObject* parent = nullptr);
  ~Nearby() override;

  void look(tool::ScanOptions options);  // until stop()
  void stop();                           // what is under way by Bluetooth ends by itself
  const NearbyDevice* at(int row) const;
  // By the name on a label; none: it was not seen.
  const NearbyDevice* named(const std::string& setup_name) const;
  // Those whose registration is under way are marked.
  void set_unfinished(const QStringList& names);

  int count() const { return rowCount(); }
  bool has_bluetooth() const { return has_bluetooth_; }
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QHash<int, QByteArray> roleNames() const override;

 signals:
  void countChanged();
  void bluetoothChanged();

 private:
  using Heard = client::Answer<std::vector<tool::Bluetooth::Nearby>>;
  void listen();
  void heard(const Heard& answer);
  void show();

  tool::Bluetooth bluetooth_;
  std::string adapter_;
  client::Seen seen_;
  std::vector<tool::Bluetooth::Nearby> by_bluetooth_;
  std::vector<NearbyDevice> devices_;
  QStringList unfinished_;
  bool has_bluetooth_ = true;  // until it is found out
  Lookout lookout_;
  QTimer aging_;
  std::atomic<bool> stop_ = false;
  std::thread listening_;
};

}  // namespace fairlead::app
