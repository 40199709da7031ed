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
  Q_PROPERTY(int count READ count NOTIFY countsChanged)
  Q_PROPERTY(int chosenCount READ chosen_count NOTIFY chosenChanged)  // of these, ready
  Q_PROPERTY(int undoCount READ undo_count NOTIFY chosenChanged)      // of these, undoable
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
    Next,      // what a person can do
    Ready,     // apply would provision it now
    Undoable,  // what apply did for it can be taken back
    Chosen,    // a person ticked it; only what is ready or undoable can be
    Called,    // its button was just pressed
    HasRow,
    HasDevice
  };

  explicit LineModel(QObject* parent = nullptr) : QAbstractListModel(parent) {}

  static QString key_of(const client::Line& line);
  void show(const std::vector<client::Line>& lines);
  void working_on(const QString& key, bool works);
  QStringList chosen() const { return chosen_where(&Entry::ready); }
  QStringList chosen_to_undo() const { return chosen_where(&Entry::undoable); }

  void choose(const QStringList& keys, bool chosen);
  Q_INVOKABLE void choose(const QString& key, bool chosen) { choose(QStringList{key}, chosen); }
  Q_INVOKABLE void chooseNone();
  int count() const { return static_cast<int>(entries_.size()); }
  int chosen_count() const { return static_cast<int>(chosen().size()); }
  int undo_count() const { return static_cast<int>(chosen_to_undo().size()); }
  QVariantMap counts() const { return counts_; }  // of each state

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QHash<int, QByteArray> roleNames() const override;
  int index_of(const QString& key) const;  // -1: none

 signals:
  void chosenChanged();
  void countsChanged();

 private:
  struct Entry {
    QString key, state, tone, name, serial, type, vendor, address, reason, next;
    bool ready = false, undoable = false, called = false, has_row = false, has_device = false;
    bool operator==(const Entry&) const = default;
  };
  static Entry entry_of(const client::Line& line);
  void remove_absent(const QSet<QString>& present);
  void change(int at, Entry entry);
  void append(std::vector<Entry> entries);
  void count_states();
  QStringList chosen_where(bool Entry::* what) const;

  std::vector<Entry> entries_;
  QHash<QString, int> places_;
  QSet<QString> chosen_, working_;
  QVariantMap counts_;
};

}  // namespace fairlead::app
