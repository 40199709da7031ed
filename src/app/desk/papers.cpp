// SPDX-License-Identifier: Apache-2.0
#include "app/desk/papers.h"

#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <boost/json/serialize.hpp>

#include "app/desk/text.h"
#include "client/plan/import.h"
#include "client/report/report.h"
#include "crypto/system_random.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

using Tone = Plant::Tone;

QStringList in_words(const client::Refused& refused, const std::string& sheet) {
  QStringList out;
  for (const auto& each : refused.complaints) out.push_back(shown(client::in_words(each, sheet)));
  if (refused.more > 0) out.push_back(Papers::tr("and %1 more").arg(refused.more));
  return out;
}

std::string path_of(const QUrl& file) { return file.toLocalFile().toStdString(); }

}  // namespace

Papers::Papers(Plant& plant, ServerLink& server, QObject* parent)
    : QObject(parent), plant_(plant), server_(server) {
  connect(&bundling_, &Errand::changed, this, &Papers::busyChanged);
}

Papers::~Papers() {
  stop();
  bundling_.wait();
}

bool Papers::isThere(const QString& path) const { return QFileInfo(path).isFile(); }

// Tables that come in.

QStringList Papers::fields() const {
  QStringList out{tr("not used")};
  for (const auto& each : client::fields()) out.push_back(shown(each.title));
  return out;
}

Result<tool::ProjectFile> Papers::project_for_table() const {
  if (plant_.project_file()) return *plant_.project_file();
  const QFileInfo info(path_);
  const QString beside =
      info.path() + QLatin1Char('/') + info.completeBaseName() + QStringLiteral(".plan");
  return tool::ProjectFile::open(beside.toStdString(), tool::ProjectFile::IfMissing::begin);
}

bool Papers::openTable(const QUrl& file) {
  path_ = file.toLocalFile();
  auto sheet = tool::read_table(path_.toStdString(), {});
  auto project = project_for_table();
  if (!sheet || !project) {
    plant_.tell(shown(sheet ? project.error().context : sheet.error().context), Tone::bad);
    return false;
  }
  sheet_ = std::move(*sheet);
  table_ = file.fileName();
  columns_.clear();
  for (const auto& each : client::columns_of(sheet_, project->plan))
    columns_.push_back(QVariantMap{{"header", shown(each.header)},
                                   {"example", shown(each.example)},
                                   {"field", each.field ? static_cast<int>(*each.field) + 1 : 0},
                                   {"id", each.is_id}});
  emit tableChanged();
  return true;
}

void Papers::importTable(const QVariantList& fields) {
  if (plant_.applying())
    return plant_.tell(tr("Wait until the devices that are worked on are through."));
  auto project = project_for_table();
  if (!project) return plant_.tell(shown(project.error().context), Tone::bad);
  client::NamedColumns named;
  const auto before = client::columns_of(sheet_, project->plan);
  for (std::size_t i = 0; i < before.size() && i < static_cast<std::size_t>(fields.size()); ++i) {
    if (before[i].is_id || before[i].header.empty()) continue;
    const int place = fields[static_cast<qsizetype>(i)].toInt();
    auto field = place > 0 ? std::optional(static_cast<client::Field>(place - 1)) : std::nullopt;
    if (field != before[i].field) named[before[i].header] = field;
  }
  crypto::SystemRandom random;
  auto imported = client::import_sheet(sheet_, project->plan, named, random);
  if (!imported)
    return plant_.tell(tr("Nothing of %1 was taken over.").arg(table_), Tone::bad,
                       in_words(imported.error(), sheet_.name));
  project->plan = std::move(imported->plan);
  if (auto saved = project->save(); !saved)
    return plant_.tell(shown(saved.error().context), Tone::bad);
  plant_.tell(tr("%1: %2 rows new, %3 changed, %4 as before, %5 no longer in it.")
                  .arg(table_)
                  .arg(imported->added)
                  .arg(imported->changed)
                  .arg(imported->unchanged)
                  .arg(imported->removed),
              Tone::good);
  plant_.use(std::move(*project));
}

// What leaves the plan.

void Papers::write_rows(const QUrl& file, const std::string& name,
                        const std::vector<std::vector<std::string>>& rows, unsigned mode) {
  auto written = tool::write_table(path_of(file), name, rows, mode);
  if (!written) return plant_.tell(shown(written.error().context), Tone::bad);
  plant_.tell(tr("%1 rows are in %2.").arg(rows.size() - 1).arg(file.toLocalFile()), Tone::good);
}

void Papers::writeReport(const QUrl& file) {
  const auto& project = plant_.project_file();
  if (!project) return plant_.tell(tr("Import a plan first."));
  write_rows(file, "Report", client::report_of(project->plan, project->history), 0644);
}

void Papers::writePlan(const QUrl& file, bool withCodes) {
  const auto& project = plant_.project_file();
  if (!project) return plant_.tell(tr("Import a plan first."));
  write_rows(file, "Plan",
             client::table_of(project->plan,
                              withCodes ? client::Codes::included : client::Codes::left_out),
             withCodes ? 0600 : 0644);
}

void Papers::writeNameplates(const QUrl& vendors, const QUrl& file) {
  const auto& project = plant_.project_file();
  if (!project) return plant_.tell(tr("Import a plan first."));
  QFile in(vendors.toLocalFile());
  if (!in.open(QIODevice::ReadOnly))
    return plant_.tell(in.fileName() + QStringLiteral(": ") + in.errorString(), Tone::bad);
  auto addresses = client::decode_vendors(in.read(client::vendors_bytes_max + 1).toStdString())
                       .in(path_of(vendors));
  if (!addresses) return plant_.tell(shown(addresses.error().context), Tone::bad);
  auto plates = client::nameplates_of(project->plan, *addresses);
  QSaveFile out(file.toLocalFile());
  const QByteArray text =
      QByteArray::fromStdString(boost::json::serialize(plates.environment) + "\n");
  if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit())
    return plant_.tell(out.fileName() + QStringLiteral(": ") + out.errorString(), Tone::bad);
  QStringList missing;
  for (const std::string& each : plates.missing) missing.push_back(shown(each));
  plant_.tell(tr("%1 nameplates are in %2; %3 rows lack what one must have.")
                  .arg(plates.count)
                  .arg(file.toLocalFile())
                  .arg(missing.size()),
              missing.isEmpty() ? Tone::good : Tone::bad, missing);
}

// Bundles.

std::vector<client::Job> Papers::jobs_at_hand() const {
  QStringList keys = plant_.model().chosen();
  for (const auto& line : plant_.line_list())
    if (plant_.model().chosen_count() == 0 && line.ready) keys.push_back(LineModel::key_of(line));
  return plant_.ready_jobs(keys);
}

void Papers::work_on_bundle(std::function<client::Answer<Count>(const Watch&)> work,
                            const QString& words) {
  stop_ = false;
  const bool begun = bundling_.begin([this, work = std::move(work), words]() -> Errand::End {
    QStringList told;
    auto count = work(
        {[&](const std::string& each) { told.push_back(shown(each)); }, [this] { return !stop_; }});
    return [this, count, words, told] {
      if (plant_.project_file()) plant_.journal_changed();
      if (!count) return plant_.tell(shown(count.error()), Tone::bad, told);
      plant_.tell(words.arg(count->good).arg(count->bad), count->bad ? Tone::bad : Tone::good,
                  told);
    };
  });
  plant_.tell(begun ? tr("Working on the bundle…") : tr("A bundle is being worked on already."));
}

void Papers::collectOffers(const QUrl& bundle) {
  if (!plant_.changeable_project()) return;
  work_on_bundle(
      [path = path_of(bundle), jobs = jobs_at_hand(),
       account = server_.account().toStdString()](const Watch& watch) -> client::Answer<Count> {
        TRY(auto file, tool::BundleFile::open(path, tool::ProjectFile::IfMissing::begin));
        crypto::SystemRandom random;
        return file.collect(jobs, {.account = account}, tool::connect_device, random, watch);
      },
      tr("%1 Offers collected, %2 not."));
}

void Papers::fetchGrants(const QUrl& bundle) {
  auto server = server_.api();
  if (!server) return plant_.tell(tr("Sign in to the server first: it decides who gets in."));
  work_on_bundle(
      [path = path_of(bundle), server,
       account = server_.account().toStdString()](const Watch& watch) -> client::Answer<Count> {
        TRY(auto file, tool::BundleFile::open(path));
        return file.exchange(*server, account, watch);
      },
      tr("%1 Grants are in the bundle, %2 are not."));
}

void Papers::deliverGrants(const QUrl& bundle) {
  auto* project = plant_.changeable_project();
  if (!project) return;
  work_on_bundle(
      [path = path_of(bundle), jobs = jobs_at_hand(), journal_path = project->journal(),
       by = server_.user().toStdString()](const Watch& watch) -> client::Answer<Count> {
        TRY(auto file, tool::BundleFile::open(path));
        auto journal = tool::JournalFile::open(journal_path);
        if (!journal) return std::unexpected(tool::own_problem(journal.error()));
        crypto::SystemRandom random;
        const auto note = [&](client::JournalLine line) -> client::Answer<void> {
          line.at = Plant::now();
          line.by = by;
          if (auto added = (*journal)->add(line); !added)
            return std::unexpected(tool::own_problem(added.error()));
          return {};
        };
        client::Beside beside{random, tool::connect_device, note,
                              [](Duration time) { std::this_thread::sleep_for(time); }};
        return file.deliver(jobs, {}, beside, watch);
      },
      tr("%1 Grants delivered, %2 not."));
}

}  // namespace fairlead::app
