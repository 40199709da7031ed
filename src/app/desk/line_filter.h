// SPDX-License-Identifier: Apache-2.0
// What of a LineModel the grid shows, and in which order: a filter for each column, all of which
// have to fit, and the column to sort by. Who pressed a device's button looks for it here, so that
// is shown whatever the filters say.
#pragma once

#include <QHash>
#include <QSortFilterProxyModel>

namespace fairlead::app {

class LineFilter final : public QSortFilterProxyModel {
  Q_OBJECT
  Q_PROPERTY(int shownCount READ shown_count NOTIFY shownCountChanged)

 public:
  explicit LineFilter(QAbstractItemModel* lines, QObject* parent = nullptr);

  // `column` is a role's name. Words separated by blanks, each of which the column holds, in either
  // case; "!word": doesn't hold. An empty text takes the filter off.
  Q_INVOKABLE void setFilter(const QString& column, const QString& text);
  Q_INVOKABLE void clearFilters();
  // Numbers inside of a text compare as numbers: SN-2 before SN-10.
  Q_INVOKABLE void sortBy(const QString& column, bool descending);
  Q_INVOKABLE void chooseAllShown();  // of what is ready
  // Where the entry of this key stands; -1: it is not shown.
  Q_INVOKABLE int placeOf(const QString& key) const;
  int shown_count() const { return rowCount(); }

 signals:
  void shownCountChanged();

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
  bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

 private:
  int role_of(const QString& column) const;
  QHash<int, QStringList> words_;
};

}  // namespace fairlead::app
