// SPDX-License-Identifier: Apache-2.0
#include "app/desk/line_filter.h"

#include <QCollator>

#include "app/desk/line_model.h"

namespace fairlead::app {

namespace {

bool fits(const QString& text, const QString& word) {
  if (word.startsWith(QLatin1Char('!')))
    return word.size() == 1 || !text.contains(word.mid(1), Qt::CaseInsensitive);
  return text.contains(word, Qt::CaseInsensitive);
}

}  // namespace

LineFilter::LineFilter(QAbstractItemModel* lines, QObject* parent) : QSortFilterProxyModel(parent) {
  setSourceModel(lines);
  setDynamicSortFilter(true);
  const auto tell = [this] { emit shownCountChanged(); };
  connect(this, &QAbstractItemModel::rowsInserted, this, tell);
  connect(this, &QAbstractItemModel::rowsRemoved, this, tell);
  connect(this, &QAbstractItemModel::modelReset, this, tell);
}

int LineFilter::role_of(const QString& column) const {
  return sourceModel()->roleNames().key(column.toUtf8(), -1);
}

void LineFilter::setFilter(const QString& column, const QString& text) {
  const int role = role_of(column);
  if (role < 0) return;
  QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  if (words.empty())
    words_.remove(role);
  else
    words_[role] = std::move(words);
  invalidateFilter();
}

void LineFilter::clearFilters() {
  words_.clear();
  invalidateFilter();
}

void LineFilter::sortBy(const QString& column, bool descending) {
  const int role = role_of(column);
  if (role < 0) return;
  setSortRole(role);
  sort(0, descending ? Qt::DescendingOrder : Qt::AscendingOrder);
}

void LineFilter::chooseAllShown() {
  auto* lines = qobject_cast<LineModel*>(sourceModel());
  QStringList ready;
  for (int row = 0; lines && row < rowCount(); ++row)
    if (index(row, 0).data(LineModel::Ready).toBool())
      ready.push_back(index(row, 0).data(LineModel::Key).toString());
  if (lines) lines->choose(ready, true);
}

int LineFilter::placeOf(const QString& key) const {
  auto* lines = qobject_cast<LineModel*>(sourceModel());
  const int at = lines ? lines->index_of(key) : -1;
  return at < 0 ? -1 : mapFromSource(lines->index(at)).row();
}

bool LineFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const QModelIndex entry = sourceModel()->index(row, 0, parent);
  if (!words_.isEmpty() && entry.data(LineModel::Called).toBool()) return true;
  for (auto each = words_.cbegin(); each != words_.cend(); ++each) {
    const QString text = entry.data(each.key()).toString();
    for (const QString& word : each.value())
      if (!fits(text, word)) return false;
  }
  return true;
}

bool LineFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  static const QCollator collator = [] {
    // The C locale compares bytes and knows no numbers.
    const QLocale here;
    QCollator out(here.language() == QLocale::C ? QLocale(QLocale::English) : here);
    out.setNumericMode(true);
    out.setCaseSensitivity(Qt::CaseInsensitive);
    return out;
  }();
  return collator.compare(left.data(sortRole()).toString(), right.data(sortRole()).toString()) < 0;
}

}  // namespace fairlead::app
