// SPDX-License-Identifier: Apache-2.0
#include "app/desk/line_facts.h"

#include <QObject>
#include <algorithm>

#include "app/desk/text.h"

namespace fairlead::app {

namespace {

using client::Field;

QVariantMap fact(const QString& what, std::string_view planned, std::string_view found,
                 bool differs = false) {
  return {{QStringLiteral("what"), what},
          {QStringLiteral("planned"), shown(planned)},
          {QStringLiteral("found"), shown(found)},
          {QStringLiteral("differs"), differs}};
}

std::string_view found_in(const client::Said& said, Field field) {
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
}

}  // namespace

QVariantList facts_of(const client::Line& line) {
  const auto said = line.device ? line.device->said : client::Said{};
  QVariantList out;
  for (const auto& info : client::fields()) {
    if (info.field == Field::code) continue;
    std::string_view planned =
        line.row ? std::string_view((*line.row)[info.field]) : std::string_view();
    std::string_view found = found_in(said, info.field);
    if (planned.empty() && found.empty()) continue;
    bool differs = line.state == client::RowState::wrong_type && info.field == Field::type;
    differs |= std::ranges::count(line.differences, info.field, &client::Difference::field) > 0;
    out.push_back(fact(shown(info.title), planned, found, differs));
  }
  if (!line.device) return out;
  for (const auto& place : line.device->places)
    out.push_back(fact(QObject::tr("Seen by %1").arg(shown(to_string(place.by))), {},
                       shown(place.url()).remove(QStringLiteral("http://")).toStdString()));
  if (!said.fingerprint.empty()) out.push_back(fact(QObject::tr("Key"), {}, said.fingerprint));
  return out;
}

}  // namespace fairlead::app
