// SPDX-License-Identifier: Apache-2.0
#include "app/desk/plant.h"

#include <QFileInfo>

#include "app/desk/text.h"
#include "client/apply/job.h"
#include "crypto/system_random.h"
#include "tool/apply.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

constexpr int compare_pause_ms = 150;  // a thousand announcements are compared once
constexpr int aging_ms = 5000;
constexpr std::uint8_t identify_seconds = 15;

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

client::Answer<tool::ScanOptions> options_of(const QString& interfaces, const QString& addresses,
                                             const QString& ranges) {
  const auto list_of = [](const QString& text) {
    std::vector<std::string> list;
    for (const QString& each : text.split(QLatin1Char(','), Qt::SkipEmptyParts))
      list.push_back(each.trimmed().toStdString());
    return list;
  };
  tool::ScanOptions out;
  out.interfaces = list_of(interfaces);
  TRY(out.addresses, client::places_to_ask(ranges.trimmed().toStdString(), list_of(addresses)));
  return out;
}

QStringList in_words(const client::Refused& refused, const std::string& sheet) {
  QStringList out;
  for (const auto& each : refused.complaints) out.push_back(shown(client::in_words(each, sheet)));
  if (refused.more > 0) out.push_back(Plant::tr("and %1 more").arg(refused.more));
  return out;
}

}  // namespace

Plant::Plant(ServerLink& server, QObject* parent) : QObject(parent), server_(server) {
  comparing_.setInterval(compare_pause_ms);
  comparing_.setSingleShot(true);
  connect(&comparing_, &QTimer::timeout, this, &Plant::compare);
  aging_.setInterval(aging_ms);
  connect(&aging_, &QTimer::timeout, this, [this] {
    if (!seen_.expire(now()).empty()) compare_soon();
  });
  connect(
      &lookout_, &Lookout::seen, this,
      [this](const client::Sighting& each) {
        if (seen_.on(each, now())) compare_soon();
      },
      Qt::QueuedConnection);
  connect(
      &lookout_, &Lookout::told, this, [this](const QString& words) { notice(words); },
      Qt::QueuedConnection);
}

Plant::~Plant() {
  stop_apply_ = true;
  if (apply_thread_.joinable()) apply_thread_.join();
  if (identify_thread_.joinable()) identify_thread_.join();
}

void Plant::notice(const QString& words) { notice(words, {}); }

void Plant::notice(const QString& words, const QStringList& complaints) {
  if (words == notice_ && complaints == complaints_) return;
  notice_ = words;
  complaints_ = complaints;
  emit noticeChanged();
}

// The plan.

QString Plant::project() const {
  return project_ ? QString::fromStdString(project_->path) : QString();
}

void Plant::use(tool::ProjectFile project) {
  project_ = std::move(project);
  emit projectChanged();
  compare();
}

void Plant::openProject(const QUrl& file) {
  if (applying()) return notice(tr("Wait until the devices that are worked on are through."));
  auto project = tool::ProjectFile::open(file.toLocalFile().toStdString());
  if (!project) return notice(shown(project.error().context));
  notice({});
  use(std::move(*project));
}

Result<tool::ProjectFile> Plant::project_for(const QString& table) const {
  if (project_) return *project_;
  const QFileInfo info(table);
  const QString beside =
      info.path() + QLatin1Char('/') + info.completeBaseName() + QStringLiteral(".plan");
  return tool::ProjectFile::open(beside.toStdString(), tool::ProjectFile::IfMissing::begin);
}

void Plant::importTable(const QUrl& file) {
  if (applying()) return notice(tr("Wait until the devices that are worked on are through."));
  const QString table = file.toLocalFile();
  auto project = project_for(table);
  if (!project) return notice(shown(project.error().context));
  auto sheet = tool::read_table(table.toStdString(), {});
  if (!sheet) return notice(shown(sheet.error().context));
  crypto::SystemRandom random;
  auto imported = client::import_sheet(*sheet, project->plan, {}, random);
  if (!imported)
    return notice(tr("Nothing of %1 was taken over.").arg(file.fileName()),
                  in_words(imported.error(), sheet->name));
  project->plan = std::move(imported->plan);
  if (auto saved = project->save(); !saved) return notice(shown(saved.error().context));
  notice(tr("%1: %2 rows new, %3 changed, %4 as before, %5 no longer in it.")
             .arg(file.fileName())
             .arg(imported->added)
             .arg(imported->changed)
             .arg(imported->unchanged)
             .arg(imported->removed));
  use(std::move(*project));
}

// Looking around.

void Plant::scan(const QString& interfaces, const QString& addresses, const QString& ranges) {
  auto options = options_of(interfaces, addresses, ranges);
  if (!options) return notice(shown(options.error()));
  if (project_) tool::look_at_rows(*options, project_->plan.rows);
  notice({});
  lookout_.start(std::move(*options));
  aging_.start();
  emit scanningChanged();
}

void Plant::stopScan() {
  lookout_.stop();
  aging_.stop();
  emit scanningChanged();
}

std::vector<client::Line> Plant::compared() const {
  return client::compare(project_ ? project_->plan : no_plan_, seen_.devices(),
                         project_ ? project_->history : no_history_);
}

void Plant::compare_soon() {
  if (!comparing_.isActive()) comparing_.start();
}

void Plant::compare() {
  if (std::exchange(journal_grew_, false)) {
    auto history = tool::JournalFile::read(project_->journal());
    if (!history) return notice(shown(history.error().context));
    project_->history = std::move(*history);
  }
  model_.show(compared());
}

const client::Line* Plant::line_of(const std::vector<client::Line>& lines,
                                   const QString& key) const {
  auto at =
      std::ranges::find_if(lines, [&](const auto& each) { return LineModel::key_of(each) == key; });
  return at == lines.end() ? nullptr : &*at;
}

// Carrying it out.

std::vector<client::Job> Plant::chosen_jobs() const {
  auto lines = compared();
  const QStringList chosen = model_.chosen();
  std::erase_if(lines, [&](const auto& each) { return !chosen.contains(LineModel::key_of(each)); });
  return client::ready_jobs(lines, project_->history);
}

void Plant::applyChosen() {
  if (applying()) return;
  auto server = server_.api();
  if (!server) return notice(tr("Sign in to the server first: it decides who gets in."));
  if (!project_) return notice(tr("Import a plan first."));
  auto jobs = chosen_jobs();
  if (jobs.empty()) return notice(tr("Nothing that is chosen can be provisioned now."));
  auto journal = tool::JournalFile::open(project_->journal());
  if (!journal) return notice(shown(journal.error().context));
  notice({});
  for (const auto& job : jobs) model_.working_on(shown(job.row.id), true);
  model_.chooseNone();
  counts_ = {};
  counts_.all = counts_.left = jobs.size();
  apply(std::move(jobs), std::move(server), std::move(*journal));
  emit progressChanged();
}

void Plant::apply(std::vector<client::Job> jobs, std::shared_ptr<client::Api> server,
                  std::unique_ptr<tool::JournalFile> journal) {
  stop_apply_ = false;
  apply_thread_ = std::thread([this, jobs = std::move(jobs), server = std::move(server),
                               journal = std::move(journal), by = server_.user().toStdString(),
                               account = server_.account().toStdString()]() mutable {
    crypto::SystemRandom random;
    auto counts =
        tool::apply({.jobs = std::move(jobs),
                     .options = {.account = account},
                     .server = *server,
                     .random = random,
                     .journal = *journal,
                     .clock = now,
                     .by = by,
                     .connect = tool::connect_device,
                     .ended =
                         [this](const client::Row& row, const client::Outcome&,
                                const client::ApplyCounts& counts) {
                           QMetaObject::invokeMethod(
                               this, [this, id = shown(row.id), counts] { one_ended(id, counts); },
                               Qt::QueuedConnection);
                         },
                     .go_on = [this] { return !stop_apply_; }});
    journal.reset();
    QMetaObject::invokeMethod(this, [this, counts] { all_ended(counts); }, Qt::QueuedConnection);
  });
}

void Plant::one_ended(const QString& row, const client::ApplyCounts& counts) {
  counts_ = counts;
  model_.working_on(row, false);
  journal_grew_ = true;
  compare_soon();
  emit progressChanged();
}

void Plant::all_ended(const client::ApplyCounts& counts) {
  apply_thread_.join();
  counts_ = counts;
  for (const auto& row : project_->plan.rows) model_.working_on(shown(row.id), false);
  notice(progress());
  journal_grew_ = true;
  compare();
  emit progressChanged();
}

void Plant::stopApply() { stop_apply_ = true; }

int Plant::apply_through() const {
  return static_cast<int>(counts_.done + counts_.waiting + counts_.failed);
}

QString Plant::progress() const {
  return tr("%1 of %2 through: %3 done, %4 waiting for a decision, %5 failed")
      .arg(apply_through())
      .arg(counts_.all)
      .arg(counts_.done)
      .arg(counts_.waiting)
      .arg(counts_.failed);
}

void Plant::identify(const QString& key) {
  const auto lines = compared();
  const client::Line* line = line_of(lines, key);
  if (!line || !line->device) return notice(tr("It was not seen, so nothing can be asked of it."));
  if (!line->row) return notice(tr("Its code is in no row of the plan, and it asks for one."));
  if (identify_thread_.joinable()) return notice(tr("Another device is being asked just now."));
  identify_thread_ = std::thread([this, row = *line->row, urls = client::urls_of(*line->device)] {
    crypto::SystemRandom random;
    auto done = client::identify(urls, {.code = row[client::Field::code]}, identify_seconds,
                                 tool::connect_device, random);
    QString words = done ? tr("%1 shows itself for %2 seconds.")
                               .arg(shown(row[client::Field::name]))
                               .arg(identify_seconds)
                         : shown(done.error());
    QMetaObject::invokeMethod(
        this,
        [this, words] {
          identify_thread_.join();
          notice(words);
        },
        Qt::QueuedConnection);
  });
}

}  // namespace fairlead::app
