// SPDX-License-Identifier: Apache-2.0
#include "app/desk/line_model.h"

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

QVariantMap fact(const QString& what, std::string_view planned, std::string_view found) {
  return {{QStringLiteral("what"), what},
          {QStringLiteral("planned"), shown(planned)},
          {QStringLiteral("found"), shown(found)}};
}

// Both sides whole, without what neither says. The code of the label is a secret.
QVariantList facts_of(const client::Line& line) {
  const auto said = line.device ? line.device->said : client::Said{};
  const auto found = [&](Field field) -> std::string_view {
    switch (field) {
      case Field::type:
        return said.model;
      case Field::vendor:
        return said.vendor;
      case Field::serial:
        return said.serial;
      case Field::product_uri:
        return said.product_uri;
      case Field::firmware:
        return said.firmware;
      default:
        return {};
    }
  };
  QVariantList out;
  for (const auto& info : client::fields()) {
    if (info.field == Field::code) continue;
    if (planned(line, info.field).empty() && found(info.field).empty()) continue;
    out.push_back(fact(shown(info.title), planned(line, info.field), found(info.field)));
  }
  if (!line.device) return out;
  for (const auto& place : line.device->places)
    out.push_back(fact(QObject::tr("Seen by %1").arg(shown(to_string(place.by))), {}, place.url()));
  if (!said.fingerprint.empty()) out.push_back(fact(QObject::tr("Key"), {}, said.fingerprint));
  return out;
}

QVariantList differences_of(const client::Line& line) {
  QVariantList out;
  for (const auto& each : line.differences)
    out.push_back(fact(shown(info_of(each.field).title), each.planned, each.found));
  return out;
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
  if (line.device && !line.device->places.empty())
    out.address = shown(line.device->places.front().url());
  out.reason = shown(line.reason);
  out.next = shown(line.next);
  out.ready = line.ready;
  out.has_row = line.row != nullptr;
  out.has_device = line.device != nullptr;
  out.differences = differences_of(line);
  out.facts = facts_of(line);
  return out;
}

int LineModel::index_of(const QString& key) const { return places_.value(key, -1); }

void LineModel::remove_absent(const QSet<QString>& present) {
  for (int i = static_cast<int>(entries_.size()) - 1; i >= 0; --i) {
    const QString key = entries_[static_cast<std::size_t>(i)].key;
    if (present.contains(key)) continue;
    beginRemoveRows({}, i, i);
    entries_.erase(entries_.begin() + i);
    chosen_.remove(key);
    endRemoveRows();
  }
  places_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i)
    places_.insert(entries_[i].key, static_cast<int>(i));
}

void LineModel::put(Entry entry) {
  if (!entry.ready) chosen_.remove(entry.key);
  int at = index_of(entry.key);
  if (at < 0) {
    at = static_cast<int>(entries_.size());
    beginInsertRows({}, at, at);
    places_.insert(entry.key, at);
    entries_.push_back(std::move(entry));
    endInsertRows();
    return;
  }
  Entry& old = entries_[static_cast<std::size_t>(at)];
  if (old == entry) return;
  old = std::move(entry);
  emit dataChanged(index(at), index(at));
}

void LineModel::count() {
  QVariantMap counts;
  for (const Entry& each : entries_) counts[each.state] = counts.value(each.state).toInt() + 1;
  if (counts == counts_) return;
  counts_ = std::move(counts);
  emit countsChanged();
}

void LineModel::show(const std::vector<client::Line>& lines) {
  std::vector<Entry> entries;
  QSet<QString> present;
  for (const client::Line& line : lines) {
    entries.push_back(entry_of(line));
    present.insert(entries.back().key);
  }
  const auto chosen_before = chosen_.size();
  remove_absent(present);
  for (Entry& each : entries) put(std::move(each));
  count();
  if (chosen_.size() != chosen_before) emit chosenChanged();
}

void LineModel::working_on(const QString& key, bool works) {
  if (works)
    working_.insert(key);
  else
    working_.remove(key);
  if (int at = index_of(key); at >= 0) emit dataChanged(index(at), index(at));
}

void LineModel::choose(const QString& key, bool chosen) {
  int at = index_of(key);
  if (at < 0 || (chosen && !entries_[static_cast<std::size_t>(at)].ready)) return;
  if (chosen)
    chosen_.insert(key);
  else
    chosen_.remove(key);
  emit dataChanged(index(at), index(at), {Chosen});
  emit chosenChanged();
}

void LineModel::chooseNone() {
  for (const QString& key : chosen()) choose(key, false);
}

QStringList LineModel::chosen() const {
  QStringList out;
  for (const Entry& each : entries_)
    if (chosen_.contains(each.key)) out.push_back(each.key);
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
    case Differences:
      return entry.differences;
    case Facts:
      return entry.facts;
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
  return {{Key, "key"},
          {State, "status"},
          {Tone, "tone"},
          {Name, "name"},
          {Serial, "serial"},
          {Type, "type"},
          {Vendor, "vendor"},
          {Address, "address"},
          {Reason, "reason"},
          {Next, "next"},
          {Ready, "ready"},
          {Chosen, "chosen"},
          {Differences, "differences"},
          {Facts, "sides"},
          {HasRow, "hasRow"},
          {HasDevice, "hasDevice"}};
}

}  // namespace fairlead::app
