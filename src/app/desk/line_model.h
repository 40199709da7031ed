// SPDX-License-Identifier: Apache-2.0
// The plan beside what was seen (client::compare), as a list for the grid: one entry for each row
// of the plan and each device that is in none. An entry keeps its place and its tick while others
// come and go.
#pragma once

#include <QAbstractListModel>
#include <QSet>
#include <QVariant>
#include <vector>

#include "client/plan/compare.h"

namespace fairlead::app {

class LineModel final : public QAbstractListModel {
  Q_OBJECT
  Q_PROPERTY(int chosenCount READ chosen_count NOTIFY chosenChanged)
  Q_PROPERTY(QVariantMap counts READ counts NOTIFY countsChanged)

 public:
  enum Role {
    Key = Qt::UserRole,  // of the row, or of the device that is in none
    State,               // in words: "wrong type"
    Tone,                // "good", "busy", "warn", "bad" or "quiet": how the state is coloured
    Name,
    Serial,
    Type,
    Vendor,
    Address,
    Reason,
    Next,         // what a person can do
    Ready,        // apply would provision it now
    Chosen,       // a person ticked it; only what is ready can be
    Differences,  // [{field, planned, found}]
    Facts,        // [{what, planned, found}], the whole of both sides
    HasRow,
    HasDevice
  };

  explicit LineModel(QObject* parent = nullptr) : QAbstractListModel(parent) {}

  static QString key_of(const client::Line& line);
  void show(const std::vector<client::Line>& lines);
  void working_on(const QString& key, bool works);
  QStringList chosen() const;

  Q_INVOKABLE void choose(const QString& key, bool chosen);
  Q_INVOKABLE void chooseNone();
  int chosen_count() const { return static_cast<int>(chosen_.size()); }
  QVariantMap counts() const { return counts_; }  // of each state

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QHash<int, QByteArray> roleNames() const override;

 signals:
  void chosenChanged();
  void countsChanged();

 private:
  struct Entry {
    QString key, state, tone, name, serial, type, vendor, address, reason, next;
    bool ready = false, has_row = false, has_device = false;
    QVariantList differences, facts;
    bool operator==(const Entry&) const = default;
  };
  static Entry entry_of(const client::Line& line);
  void remove_absent(const QSet<QString>& present);
  void put(Entry entry);
  void count();
  int index_of(const QString& key) const;

  std::vector<Entry> entries_;
  QHash<QString, int> places_;
  QSet<QString> chosen_, working_;
  QVariantMap counts_;
};

}  // namespace fairlead::app
