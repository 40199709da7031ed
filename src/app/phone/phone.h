// SPDX-License-Identifier: Apache-2.0
// The phone face: which page is shown, and what it works on. The window shows its parts and calls
// the rest.
#pragma once

#include <QObject>
#include <QTimer>

#include "app/phone/device_setup.h"
#include "app/phone/keeping.h"
#include "app/phone/label_camera.h"
#include "app/phone/nearby.h"
#include "local/setup_label.h"

namespace fairlead::app {

// Of the command line.
struct PhoneOptions {
  std::string folder;             // of what is kept
  std::string bluetooth_adapter;  // "hci0"; empty: the first
  std::string camera_picture;     // a file in place of a camera; may be empty
  tool::ScanOptions scan;
};

class Phone final : public QObject {
  Q_OBJECT
  Q_PROPERTY(int page READ page NOTIFY pageChanged)  // as Page
  Q_PROPERTY(QObject* server READ server CONSTANT)   // ServerLink
  Q_PROPERTY(QObject* nearby READ nearby CONSTANT)   // Nearby
  Q_PROPERTY(QObject* setup READ setup CONSTANT)     // DeviceSetup
  Q_PROPERTY(QObject* camera READ camera CONSTANT)   // LabelCamera
  Q_PROPERTY(QString site READ site NOTIFY kept)
  Q_PROPERTY(QString wifi READ wifi NOTIFY kept)            // of the site; empty: not known
  Q_PROPERTY(QString lastServer READ last_server CONSTANT)  // that was signed in to
  Q_PROPERTY(QString picked READ picked NOTIFY pageChanged)
  Q_PROPERTY(QString labelCode READ label_code NOTIFY pageChanged)  // of the one that was scanned
  // Why what was scanned is of no use here; empty: nothing was.
  Q_PROPERTY(QString labelProblem READ label_problem NOTIFY labelChanged)
  // {"name", "words"}: registrations that wait for the server or for somebody beside the device
  Q_PROPERTY(QVariantList unfinished READ unfinished NOTIFY kept)
  // {"name", "words", "when", "device", "good"}, newest first
  Q_PROPERTY(QVariantList history READ history NOTIFY kept)
  // What the server says of the device that is shown: {"state", "name", "serial", ...}
  Q_PROPERTY(QVariantMap cloud READ cloud NOTIFY cloudChanged)
  Q_PROPERTY(QString notice READ notice NOTIFY kept)  // what a person should know; may be empty

 public:
  enum Page {
    SignInPage,
    NearbyPage,
    CodePage,
    SetupPage,
    DevicePage,
    HistoryPage,
    PlacePage,
    LabelPage
  };
  Q_ENUM(Page)

  Phone(ServerLink& server, tool::Bluetooth bluetooth, PhoneOptions options,
        QObject* parent = nullptr);

  Q_INVOKABLE void signIn(const QString& url, const QString& user, const QString& password,
                          const QString& ca);
  Q_INVOKABLE void signInHere() { go_to(SignInPage); }  // and goes on with the setup then
  Q_INVOKABLE void signOut();
  Q_INVOKABLE void back();
  Q_INVOKABLE void openHistory() { go_to(HistoryPage); }
  Q_INVOKABLE void openLabel() { go_to(LabelPage); }
  Q_INVOKABLE void openPlace() { go_to(PlacePage); }
  Q_INVOKABLE void setPlace(const QString& site, const QString& wifi, const QString& password);
  Q_INVOKABLE void pick(int row);  // of nearby
  Q_INVOKABLE void start(const QString& code);
  Q_INVOKABLE void showDevice(const QString& device);  // by the server's id

  Page page() const { return page_; }
  QObject* server() { return &server_; }
  QObject* nearby() { return &nearby_; }
  QObject* setup() { return &setup_; }
  QObject* camera() { return &camera_; }
  QString site() const { return QString::fromStdString(keeping_.remembered().site); }
  QString wifi() const { return QString::fromStdString(keeping_.remembered().wifi_name); }
  QString last_server() const { return QString::fromStdString(keeping_.remembered().server); }
  const QString& picked() const { return picked_.name; }
  QString label_code() const { return QString::fromStdString(label_.code); }
  const QString& label_problem() const { return label_problem_; }
  QVariantList unfinished() const;
  QVariantList history() const;
  const QVariantMap& cloud() const { return cloud_; }
  const QString& notice() const { return notice_; }

 signals:
  void pageChanged();
  void kept();
  void cloudChanged();
  void labelChanged();

 private:
  void go_to(Page page);
  void on_server();
  void on_label(const QString& text);
  void go_on_signed_in();
  void sign_in_again();
  void on_pause(const std::optional<client::BundleEntry>& claim);
  void note(client::Step step, const client::BundleEntry& claim, const QString& reason);
  void take_up_claims();
  void took_up(const client::BundleEntry& claim);
  void ask_cloud();
  void show_kept(const Result<void>& written);
  DeviceSetup::Connect way_to(const NearbyDevice& device) const;

  ServerLink& server_;
  tool::Bluetooth bluetooth_;
  PhoneOptions options_;
  Keeping keeping_;
  Nearby nearby_;
  DeviceSetup setup_;
  LabelCamera camera_;
  Page page_ = SignInPage;
  NearbyDevice picked_;
  local::SetupLabel label_;  // of what is picked; empty: it was touched
  QString label_problem_, shown_device_, notice_;
  QVariantMap cloud_;
  QTimer patience_;  // for a server that can't be reached
  QTimer looking_;   // at a device's record
};

}  // namespace fairlead::app
