// SPDX-License-Identifier: Apache-2.0
#include "app/desk/line_model.h"

#include <algorithm>

#include "app/desk/text.h"

namespace fairlead::app {

namespace {

using client::Field;
using client::RowState;

QString tone_of(RowState state) {
  switch (state) {
    case RowState::provisioned:
      return QStringLiteral("good");
    case RowState::found:
    case RowState::matched:
    case RowState::in_progress:
      return QStringLiteral("busy");
    case RowState::differs:
    case RowState::unverified:
    case RowState::waiting:
      return QStringLiteral("warn");
    case RowState::wrong_type:
    case RowState::duplicate:
    case RowState::owned_elsewhere:
    case RowState::failed:
      return QStringLiteral("bad");
    case RowState::planned:
    case RowState::ignored:
      break;
  }
  return QStringLiteral("quiet");
}

QString or_else(std::string_view first, std::string_view second) {
  return shown(first.empty() ? second : first);
}

std::string_view planned(const client::Line& line, Field field) {
  return line.row ? std::string_view((*line.row)[field]) : std::string_view();
}

// As short as it stays unambiguous: all of them are http.
QString address_of(const client::SeenDevice& device) {
  if (device.places.empty()) return {};
  return shown(device.places.front().url()).remove(QStringLiteral("http://"));
}

}  // namespace

QString LineModel::key_of(const client::Line& line) {
  return line.row ? shown(line.row->id) : QStringLiteral("device ") + shown(line.device->key);
}

LineModel::Entry LineModel::entry_of(const client::Line& line) {
  const auto said = line.device ? line.device->said : client::Said{};
  Entry out;
  out.key = key_of(line);
  out.state = shown(to_string(line.state));
  out.tone = tone_of(line.state);
  out.name = shown(planned(line, Field::name));
  out.serial = or_else(said.serial, planned(line, Field::serial));
  out.type = or_else(said.model, planned(line, Field::type));
  out.vendor = or_else(said.vendor, planned(line, Field::vendor));
  if (line.device) out.address = address_of(*line.device);
  out.reason = shown(line.reason);
  out.next = shown(line.next);
  out.ready = line.ready;
  out.undoable = line.undoable;
  out.called = line.device && line.device->button_pressed();
  out.has_row = line.row != nullptr;
  out.has_device = line.device != nullptr;
  return out;
}

int LineModel::index_of(const QString& key) const { return places_.value(key, -1); }

void LineModel::remove_absent(const QSet<QString>& present) {
  const auto is_absent = [&](const Entry& each) { return !present.contains(each.key); };
  const auto absent = std::ranges::count_if(entries_, is_absent);
  if (absent == 0) return;
  // One by one they keep the view where it is; many at once are another plan.
  const bool all_anew = absent > 100;
  if (all_anew) beginResetModel();
  for (int i = static_cast<int>(entries_.size()) - 1; i >= 0 && !all_anew; --i) {
    if (!is_absent(entries_[static_cast<std::size_t>(i)])) continue;
    beginRemoveRows({}, i, i);
    entries_.erase(entries_.begin() + i);
    endRemoveRows();
  }
  if (all_anew) std::erase_if(entries_, is_absent);
  chosen_.intersect(present);
  places_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i)
    places_.insert(entries_[i].key, static_cast<int>(i));
  if (all_anew) endResetModel();
}

void LineModel::change(int at, Entry entry) {
  Entry& old = entries_[static_cast<std::size_t>(at)];
  if (old == entry) return;
  old = std::move(entry);
  emit dataChanged(index(at), index(at));
}

void LineModel::append(std::vector<Entry> entries) {
  if (entries.empty()) return;
  const int first = rowCount();
  beginInsertRows({}, first, first + static_cast<int>(entries.size()) - 1);
  for (Entry& each : entries) {
    places_.insert(each.key, static_cast<int>(entries_.size()));
    entries_.push_back(std::move(each));
  }
  endInsertRows();
}

void LineModel::count_states() {
  QVariantMap counts;
  for (const Entry& each : entries_) counts[each.state] = counts.value(each.state).toInt() + 1;
  if (counts == counts_) return;
  counts_ = std::move(counts);
  emit countsChanged();
}

void LineModel::show(const std::vector<client::Line>& lines) {
  QSet<QString> present;
  for (const client::Line& line : lines) present.insert(key_of(line));
  const auto before = std::pair(chosen_count(), undo_count());
  remove_absent(present);
  std::vector<Entry> added;
  for (const client::Line& line : lines) {
    Entry entry = entry_of(line);
    if (!entry.ready && !entry.undoable) chosen_.remove(entry.key);
    if (int at = index_of(entry.key); at >= 0)
      change(at, std::move(entry));
    else
      added.push_back(std::move(entry));
  }
  append(std::move(added));
  count_states();
  if (std::pair(chosen_count(), undo_count()) != before) emit chosenChanged();
}

void LineModel::working_on(const QString& key, bool works) {
  if (works)
    working_.insert(key);
  else
    working_.remove(key);
  if (int at = index_of(key); at >= 0) emit dataChanged(index(at), index(at));
}

void LineModel::choose(const QStringList& keys, bool chosen) {
  for (const QString& key : keys) {
    const int at = index_of(key);
    if (at < 0) continue;
    const Entry& entry = entries_[static_cast<std::size_t>(at)];
    if (chosen && !entry.ready && !entry.undoable) continue;
    if (chosen)
      chosen_.insert(key);
    else
      chosen_.remove(key);
    emit dataChanged(index(at), index(at), {Chosen});
  }
  emit chosenChanged();
}

void LineModel::chooseNone() { choose(chosen_.values(), false); }

QStringList LineModel::chosen_where(bool Entry::* what) const {
  QStringList out;
  if (chosen_.isEmpty()) return out;
  for (const Entry& each : entries_)
    if (each.*what && chosen_.contains(each.key)) out.push_back(each.key);
  return out;
}

int LineModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant LineModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Entry& entry = entries_[static_cast<std::size_t>(index.row())];
  const bool works = working_.contains(entry.key);
  switch (role) {
    case Key:
      return entry.key;
    case State:
      return works ? tr("at work") : entry.state;
    case Tone:
      return works ? QStringLiteral("busy") : entry.tone;
    case Qt::DisplayRole:
    case Name:
      return entry.name;
    case Serial:
      return entry.serial;
    case Type:
      return entry.type;
    case Vendor:
      return entry.vendor;
    case Address:
      return entry.address;
    case Reason:
      return entry.reason;
    case Next:
      return entry.next;
    case Ready:
      return entry.ready && !works;
    case Chosen:
      return chosen_.contains(entry.key);
    case Undoable:
      return entry.undoable && !works;
    case Called:
      return entry.called;
    case HasRow:
      return entry.has_row;
    case HasDevice:
      return entry.has_device;
    default:
      return {};
  }
}

QHash<int, QByteArray> LineModel::roleNames() const {
  // "state" would hide a member that every QML item has.
  return {{Key, "key"},           {State, "status"},  {Tone, "tone"},     {Name, "name"},
          {Serial, "serial"},     {Type, "type"},     {Vendor, "vendor"}, {Address, "address"},
          {Reason, "reason"},     {Next, "next"},     {Ready, "ready"},   {Chosen, "chosen"},
          {Undoable, "undoable"}, {Called, "called"}, {HasRow, "hasRow"}, {HasDevice, "hasDevice"}};
}

}  // namespace fairlead::app
