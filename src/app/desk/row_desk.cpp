// SPDX-License-Identifier: Apache-2.0
#include "app/desk/row_desk.h"

#include "app/desk/text.h"
#include "client/plan/edit.h"
#include "crypto/system_random.h"
#include "tool/row_changes.h"

namespace fairlead::app {

namespace {

using client::Field;
using Tone = Plant::Tone;

QString title_of(const client::Row& row) {
  return shown(row[Field::name].empty() ? row[Field::serial] : row[Field::name]);
}

client::RowIdentity identity(const QString& serial, const QString& uri, const QString& code) {
  client::RowIdentity out{serial.trimmed().toStdString(), uri.trimmed().toStdString()};
  if (!code.isEmpty()) out.code = code.toStdString();
  return out;
}

}  // namespace

QVariantList RowDesk::freeRows() const {
  QVariantList out;
  for (const auto& line : plant_.line_list())
    if (line.row && !line.device && line.state != client::RowState::provisioned)
      out.push_back(QVariantMap{{"key", LineModel::key_of(line)}, {"title", title_of(*line.row)}});
  return out;
}

QVariantList RowDesk::freeDevices() const {
  QVariantList out;
  for (const auto& line : plant_.line_list()) {
    if (line.row || !line.device) continue;
    const auto& said = line.device->said;
    QString title = shown(said.serial);
    if (!said.model.empty()) title += QStringLiteral(" · ") + shown(said.model);
    out.push_back(QVariantMap{{"key", LineModel::key_of(line)}, {"title", title}});
  }
  return out;
}

QVariantMap RowDesk::identityOf(const QString& key) const {
  const client::Line* line = plant_.line_of(key);
  if (!line) return {};
  if (line->row)
    return {{"serial", shown((*line->row)[Field::serial])},
            {"uri", shown((*line->row)[Field::product_uri])}};
  return {{"serial", shown(line->device->said.serial)},
          {"uri", shown(line->device->said.product_uri)}};
}

bool RowDesk::keep(tool::ProjectFile& project, const QString& words) {
  auto saved = project.save();
  if (saved)
    plant_.tell(words, Tone::good);
  else
    plant_.tell(shown(saved.error().context), Tone::bad);
  plant_.compare();
  return saved.has_value();
}

bool RowDesk::bind(const QString& key, const QString& serial, const QString& uri,
                   const QString& code) {
  auto* project = plant_.changeable_project();
  auto* row = project ? project->plan.find(key.toStdString()) : nullptr;
  if (!row) return false;
  if (auto bound = client::bind(*row, identity(serial, uri, code)); !bound) {
    plant_.tell(shown(bound.error()), Tone::bad);
    return false;
  }
  return keep(*project, tr("%1 is for %2 now.").arg(title_of(*row), serial));
}

bool RowDesk::replace(const QString& key, const QString& serial, const QString& uri,
                      const QString& code, const QString& reason) {
  auto* project = plant_.changeable_project();
  auto* row = project ? project->plan.find(key.toStdString()) : nullptr;
  if (!row) return false;
  tool::Deed deed{server_.user().toStdString(), reason.trimmed().toStdString(), Plant::now};
  auto done = tool::replace_device(*project, *row, identity(serial, uri, code), deed);
  plant_.journal_changed();
  if (done)
    plant_.tell(tr("%1 is for %2 now. Provision it: the device before is revoked at that moment.")
                    .arg(title_of(*row), serial),
                Tone::good);
  else
    plant_.tell(shown(done.error()), Tone::bad);
  return done.has_value();
}

bool RowDesk::add(const QString& key, const QString& name, const QString& code) {
  const client::Line* line = plant_.line_of(key);
  auto* project = plant_.changeable_project();
  if (!project || !line || !line->device) return false;
  crypto::SystemRandom random;
  auto row =
      client::row_for(line->device->said, name.trimmed().toStdString(), code.toStdString(), random);
  for (const auto& info : client::fields())
    if (auto why = client::objection(info.field, row[info.field])) {
      plant_.tell(shown(info.title) + QStringLiteral(" ") + shown(*why), Tone::bad);
      return false;
    }
  project->plan.rows.push_back(std::move(row));
  return keep(*project, tr("%1 is in the plan.").arg(title_of(project->plan.rows.back())));
}

bool RowDesk::ignore(const QString& key, bool ignored) {
  const client::Line* line = plant_.line_of(key);
  auto* project = plant_.changeable_project();
  if (!project || !line || !line->device) return false;
  client::set_attention(project->plan, line->device->key,
                        ignored ? client::Attention::ignored : client::Attention::shown);
  return keep(*project,
              ignored ? tr("It is not shown as new any more.") : tr("It is shown again."));
}

QStringList RowDesk::rows_to_undo(const QString& current) const {
  QStringList out = plant_.model().chosen_to_undo();
  const client::Line* line = plant_.line_of(current);
  if (out.isEmpty() && line && line->undoable) out.push_back(current);
  return out;
}

QStringList RowDesk::undoNames(const QString& current) const {
  QStringList out;
  for (const QString& key : rows_to_undo(current))
    if (const client::Line* line = plant_.line_of(key)) out.push_back(title_of(*line->row));
  return out;
}

void RowDesk::undo(const QString& current, const QString& reason) {
  auto server = server_.api();
  if (!server) return plant_.tell(tr("Sign in to the server first: it takes back what was done."));
  auto* project = plant_.changeable_project();
  if (!project) return;
  std::vector<std::string> ids;
  for (const QString& key : rows_to_undo(current)) ids.push_back(key.toStdString());
  if (ids.empty()) return plant_.tell(tr("Nothing was done that could be taken back."));
  tool::Deed deed{server_.user().toStdString(), reason.trimmed().toStdString(), Plant::now};
  undoing_.begin([this, server, project = *project, ids = std::move(ids),
                  deed = std::move(deed)]() -> Errand::End {
    int undone = 0;
    auto done = tool::undo(project, ids, *server, deed, [&](const std::string&) { ++undone; });
    return [this, done, undone, all = ids.size()] {
      plant_.journal_changed();
      plant_.model().chooseNone();
      if (done)
        plant_.tell(tr("%n row(s) undone.", nullptr, undone), Tone::good);
      else
        plant_.tell(tr("%1 of %2 undone, then: %3").arg(undone).arg(all).arg(shown(done.error())),
                    Tone::bad);
    };
  });
}

}  // namespace fairlead::app
