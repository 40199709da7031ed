// SPDX-License-Identifier: Apache-2.0
// The setup of the device that was picked, as the window shows it: client::PhoneSetup on a thread
// of its own, its steps, and what a person is asked for.
#pragma once

#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <QVariantList>
#include <atomic>
#include <memory>
#include <optional>

#include "app/desk/server_link.h"
#include "client/phone/setup.h"

namespace fairlead::app {

class DeviceSetup final : public QObject {
  Q_OBJECT
  Q_PROPERTY(QString state READ state_name NOTIFY changed)  // as State
  Q_PROPERTY(QString name READ name NOTIFY changed)         // of the device, as it was picked
  Q_PROPERTY(QVariantList steps READ steps NOTIFY changed)  // {"text", "state": "done", "now", ""}
  Q_PROPERTY(QString hint READ hint NOTIFY changed)         // what the device is at, in words
  Q_PROPERTY(
      QVariantMap trouble READ trouble NOTIFY changed)  // {"title", "advice", "detail", "remedy"}
  // {"name", "bars", "security", "open", "whyNot"}, strongest first; of the last question
  Q_PROPERTY(QVariantList networks READ networks NOTIFY changed)
  Q_PROPERTY(QString wifi READ wifi NOTIFY changed)  // the network that was chosen last
  Q_PROPERTY(bool busy READ busy NOTIFY changed)     // something is under way

 public:
  enum State { Idle, Working, NetworkWanted, InTrouble, Done };
  Q_ENUM(State)

  using Connect = std::function<client::Answer<std::unique_ptr<client::DeviceCarrier>>()>;

  explicit DeviceSetup(ServerLink& server, QObject* parent = nullptr);
  ~DeviceSetup() override;

  // `kept`: its registration, where one is under way.
  void begin(const QString& name, client::SetupOrder order, Connect connect,
             const client::BundleEntry* kept);
  void leave();  // what is under way ends at the device's next answer

  // Answers; each goes on at once.
  Q_INVOKABLE void giveCode(const QString& code);
  Q_INVOKABLE void join(const QString& network, const QString& password);  // hidden ones too
  Q_INVOKABLE void givePassword(const QString& password);                  // of the same network
  Q_INVOKABLE void chooseOtherNetwork();
  Q_INVOKABLE void again();

  State state() const { return state_; }
  QString state_name() const;
  const QString& name() const { return name_; }
  QVariantList steps() const;
  const QString& hint() const { return hint_; }
  QVariantMap trouble() const;
  const QVariantList& networks() const { return networks_; }
  QString wifi() const;
  bool busy() const { return busy_; }
  const QString& device() const { return device_; }  // the server's id, once done

 signals:
  void changed();
  void paused(const std::optional<fairlead::client::BundleEntry>& kept);  // after every stretch
  void joined(const QString& network, const QString& password);  // one that was typed, and works

 private:
  struct Run;  // what the thread works on; outlives this where it has to
  void go_on();
  void on_step(std::size_t done);
  void on_progress(local::Progress progress);
  void end(client::SetupPause pause);
  void ask_for_network(const std::vector<local::NearbyNetwork>& heard);
  std::shared_ptr<client::Api> api() const { return server_.api(); }

  ServerLink& server_;
  QThreadPool pool_;
  QTimer retry_;
  std::shared_ptr<Run> run_;
  State state_ = Idle;
  QString name_, hint_, device_;
  std::size_t steps_done_ = 0;
  client::Trouble trouble_;
  std::vector<local::NearbyNetwork> heard_;
  QVariantList networks_;
  QString typed_password_;
  bool busy_ = false;
};

}  // namespace fairlead::app
