// SPDX-License-Identifier: Apache-2.0
// Keys that wait for a person's decision at the server, beside those that they compete with, and
// the decision: about the very key that was shown, whatever asked since.
#pragma once

#include <QAbstractListModel>
#include <QTimer>
#include <vector>

#include "app/desk/server_link.h"

namespace fairlead::app {

class AdoptionQueue final : public QAbstractListModel {
  Q_OBJECT
  Q_PROPERTY(int count READ count NOTIFY countChanged)
  Q_PROPERTY(QString problem READ problem NOTIFY problemChanged)  // why the last request failed
  // Asked for again every few seconds while somebody looks.
  Q_PROPERTY(bool watched READ watched WRITE set_watched NOTIFY watchedChanged)

 public:
  enum Role {
    Device = Qt::UserRole,
    Key,  // fingerprint
    Name,
    Serial,
    Model,
    Why,
    KeyState,  // "waiting", "quarantined", "accepted"
    Evidence,
    Since,
    Undecided  // not the one that is accepted already
  };

  explicit AdoptionQueue(ServerLink& server, QObject* parent = nullptr);

  Q_INVOKABLE void refresh();
  Q_INVOKABLE void approve(const QString& device, const QString& key);
  Q_INVOKABLE void refuse(const QString& device, const QString& key, const QString& reason);

  int count() const { return rowCount(); }
  const QString& problem() const { return problem_; }
  bool watched() const { return timer_.isActive(); }
  void set_watched(bool on);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QHash<int, QByteArray> roleNames() const override;

 signals:
  void countChanged();
  void problemChanged();
  void watchedChanged();

 private:
  struct Entry {
    QString device, key, name, serial, model, why, state, evidence, since;
    bool operator==(const Entry&) const = default;
  };
  void decide(const QString& device, const char* how, client::json::object document);
  static void add_keys(const client::json::value& adoption, std::vector<Entry>& to);
  void show(const client::Answer<client::Document>& answer);
  void put(std::vector<Entry> entries);
  void tell(const QString& problem);

  ServerLink& server_;
  std::vector<Entry> entries_;
  QString problem_;
  QTimer timer_;
  bool asking_ = false;  // an answer is still to come
};

}  // namespace fairlead::app
