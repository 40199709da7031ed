// SPDX-License-Identifier: Apache-2.0
#include "app/desk/adoption_queue.h"

#include "app/desk/text.h"

namespace fairlead::app {

namespace {

constexpr int refresh_ms = 3000;
constexpr auto devices_shown = "200";  // as many as a person can decide about; then the next

}  // namespace

AdoptionQueue::AdoptionQueue(ServerLink& server, QObject* parent)
    : QAbstractListModel(parent), server_(server) {
  timer_.setInterval(refresh_ms);
  connect(&timer_, &QTimer::timeout, this, &AdoptionQueue::refresh);
  connect(&server_, &ServerLink::changed, this, &AdoptionQueue::refresh);
}

void AdoptionQueue::set_watched(bool on) {
  if (on == watched()) return;
  if (on)
    timer_.start();
  else
    timer_.stop();
  if (on) refresh();
  emit watchedChanged();
}

void AdoptionQueue::refresh() {
  if (!server_.signed_in()) {
    asking_ = false;  // whoever left hears no answer
    tell({});
    return put({});
  }
  if (std::exchange(asking_, true)) return;  // a slow server isn't asked twice
  server_.ask([this](client::Api& api) {
    auto answer =
        api.get(client::with_query(client::api_path({"adoptions"}), {{"limit", devices_shown}}));
    QMetaObject::invokeMethod(
        this,
        [this, answer] {
          asking_ = false;
          if (server_.signed_in()) show(answer);
        },
        Qt::QueuedConnection);
  });
}

void AdoptionQueue::add_keys(const client::json::value& adoption, std::vector<Entry>& to) {
  const auto of_device = [&](std::string_view name) {
    return shown(client::text_at(adoption, name));
  };
  const auto* members = adoption.if_object();
  const auto* keys = members ? members->if_contains("keys") : nullptr;
  if (!keys || !keys->is_array()) return;
  for (const auto& key : keys->get_array()) {
    const auto of_key = [&](std::string_view name) { return shown(client::text_at(key, name)); };
    to.push_back({of_device("device"), of_key("fingerprint"), of_device("name"),
                  of_device("serial"), of_device("model"), of_device("why"), of_key("state"),
                  of_key("evidence"), of_key("since")});
  }
}

void AdoptionQueue::show(const client::Answer<client::Document>& answer) {
  if (!answer) return tell(shown(answer.error()));
  std::vector<Entry> entries;
  for (const auto& each : client::items_of(answer->value)) add_keys(each, entries);
  tell({});
  put(std::move(entries));
}

void AdoptionQueue::put(std::vector<Entry> entries) {
  if (entries == entries_) return;
  beginResetModel();
  entries_ = std::move(entries);
  endResetModel();
  emit countChanged();
}

void AdoptionQueue::tell(const QString& problem) {
  if (problem == problem_) return;
  problem_ = problem;
  emit problemChanged();
}

void AdoptionQueue::decide(const QString& device, const char* how, client::json::object document) {
  server_.ask([this, id = device.toStdString(), how, document = std::move(document)](auto& api) {
    auto answer = api.post(client::api_path({"devices", id, how}), document);
    QMetaObject::invokeMethod(
        this,
        [this, answer] {
          if (answer)
            refresh();
          else
            tell(shown(answer.error()));
        },
        Qt::QueuedConnection);
  });
}

void AdoptionQueue::approve(const QString& device, const QString& key) {
  decide(device, "approve", {{"key", key.toStdString()}});
}

void AdoptionQueue::refuse(const QString& device, const QString& key, const QString& reason) {
  decide(device, "reject", {{"key", key.toStdString()}, {"reason", reason.toStdString()}});
}

int AdoptionQueue::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(entries_.size());
}

QVariant AdoptionQueue::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Entry& entry = entries_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Device:
      return entry.device;
    case Key:
      return entry.key;
    case Qt::DisplayRole:
    case Name:
      return entry.name;
    case Serial:
      return entry.serial;
    case Model:
      return entry.model;
    case Why:
      return entry.why;
    case KeyState:
      return entry.state;
    case Evidence:
      return entry.evidence;
    case Since:
      return entry.since;
    case Undecided:
      return entry.state != QLatin1String("accepted");
    default:
      return {};
  }
}

QHash<int, QByteArray> AdoptionQueue::roleNames() const {
  // "key" and "state" would hide what every QML delegate or item has.
  return {{Device, "device"},      {Key, "fingerprint"},   {Name, "name"},
          {Serial, "serial"},      {Model, "deviceModel"}, {Why, "why"},
          {KeyState, "keyState"},  {Evidence, "evidence"}, {Since, "since"},
          {Undecided, "undecided"}};
}

}  // namespace fairlead::app
