// SPDX-License-Identifier: Apache-2.0
#include "app/desk/plant.h"

#include <QFileInfo>
#include <algorithm>

#include "app/desk/line_facts.h"
#include "app/desk/text.h"
#include "client/apply/job.h"
#include "crypto/system_random.h"
#include "tool/apply.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

constexpr int compare_pause_ms = 150;  // a thousand announcements are compared once
constexpr int aging_ms = 5000;

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
      &lookout_, &Lookout::told, this, [this](const QString& words) { tell(words); },
      Qt::QueuedConnection);
  connect(&apply_, &Errand::changed, this, &Plant::progressChanged);
}

Plant::~Plant() {
  stop_apply_ = true;
  apply_.wait();
}

Time Plant::now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

void Plant::tell(const QString& words, Tone tone, const QStringList& details) {
  if (words == notice_ && tone == tone_ && details == complaints_) return;
  notice_ = words;
  tone_ = tone;
  complaints_ = details;
  emit noticeChanged();
}

QString Plant::notice_tone() const {
  switch (tone_) {
    case Tone::good:
      return QStringLiteral("good");
    case Tone::bad:
      return QStringLiteral("bad");
    case Tone::quiet:
      break;
  }
  return QStringLiteral("quiet");
}

// The plan.

QString Plant::project() const {
  if (!project_) return {};
  return QFileInfo(QString::fromStdString(project_->path)).absoluteFilePath();
}

tool::ProjectFile* Plant::changeable_project() {
  if (applying()) {
    tell(tr("Wait until the devices that are worked on are through."));
    return nullptr;
  }
  if (!project_) tell(tr("Import a plan first."));
  return project_ ? &*project_ : nullptr;
}

void Plant::use(tool::ProjectFile project) {
  compared_.clear();  // points into the project before
  project_ = std::move(project);
  compare();
  emit projectChanged();
}

void Plant::openProject(const QUrl& file) {
  if (applying()) return tell(tr("Wait until the devices that are worked on are through."));
  auto project = tool::ProjectFile::open(file.toLocalFile().toStdString());
  if (!project) return tell(shown(project.error().context), Tone::bad);
  tell({});
  use(std::move(*project));
}

// Looking around.

void Plant::scan(const QString& interfaces, const QString& addresses, const QString& ranges) {
  auto options = options_of(interfaces, addresses, ranges);
  if (!options) return tell(shown(options.error()), Tone::bad);
  if (project_) tool::look_at_rows(*options, project_->plan.rows);
  tell({});
  lookout_.start(std::move(*options));
  aging_.start();
  emit scanningChanged();
}

void Plant::stopScan() {
  lookout_.stop();
  aging_.stop();
  emit scanningChanged();
}

void Plant::compare_soon() {
  if (!comparing_.isActive()) comparing_.start();
}

void Plant::journal_changed() {
  journal_grew_ = true;
  compare();
}

void Plant::compare() {
  if (std::exchange(journal_grew_, false)) {
    auto history = tool::JournalFile::read(project_->journal());
    if (!history) return tell(shown(history.error().context), Tone::bad);
    project_->history = std::move(*history);
  }
  compared_ = client::compare(project_ ? project_->plan : no_plan_, seen_.devices(),
                              project_ ? project_->history : no_history_);
  model_.show(compared_);
  ++revision_;
  emit compared();
  tell_who_calls();
}

void Plant::tell_who_calls() {
  QSet<QString> before = std::exchange(calling_, {});
  for (const auto& line : compared_) {
    if (!line.device || !line.device->button_pressed()) continue;
    const QString key = LineModel::key_of(line);
    calling_.insert(key);
    if (before.contains(key)) continue;
    const QString name = shown(line.row && !(*line.row)[client::Field::name].empty()
                                   ? (*line.row)[client::Field::name]
                                   : line.device->said.serial);
    tell(tr("%1: its button was just pressed.").arg(name));
    emit called(key, name);
  }
}

const client::Line* Plant::line_of(const QString& key) const {
  auto at = std::ranges::find(compared_, key, &LineModel::key_of);
  return at == compared_.end() ? nullptr : &*at;
}

QVariantList Plant::factsOf(const QString& key) const {
  const client::Line* line = line_of(key);
  return line ? facts_of(*line) : QVariantList();
}

// Carrying it out.

std::vector<client::Job> Plant::ready_jobs(const QStringList& keys) const {
  const QSet<QString> wanted(keys.begin(), keys.end());
  auto lines = compared_;
  std::erase_if(lines, [&](const auto& each) { return !wanted.contains(LineModel::key_of(each)); });
  return client::ready_jobs(lines, project_->history);
}

void Plant::applyChosen() {
  if (applying()) return;
  auto server = server_.api();
  if (!server) return tell(tr("Sign in to the server first: it decides who gets in."));
  if (!project_) return tell(tr("Import a plan first."));
  auto jobs = ready_jobs(model_.chosen());
  if (jobs.empty()) return tell(tr("Nothing that is chosen can be provisioned now."));
  auto journal = tool::JournalFile::open(project_->journal());
  if (!journal) return tell(shown(journal.error().context), Tone::bad);
  tell({});
  for (const auto& job : jobs) model_.working_on(shown(job.row.id), true);
  model_.chooseNone();
  counts_ = {};
  counts_.all = counts_.left = jobs.size();
  stop_apply_ = false;
  apply_.begin([this, jobs = std::move(jobs), server = std::move(server),
                journal = std::shared_ptr(std::move(*journal)), by = server_.user().toStdString(),
                account = server_.account().toStdString()] {
    return apply_on_thread(jobs, *server, *journal, by, account);
  });
}

Errand::End Plant::apply_on_thread(std::vector<client::Job> jobs, client::Api& server,
                                   tool::JournalFile& journal, const std::string& by,
                                   const std::string& account) {
  crypto::SystemRandom random;
  auto counts =
      tool::apply({.jobs = std::move(jobs),
                   .options = {.account = account},
                   .server = server,
                   .random = random,
                   .journal = journal,
                   .clock = now,
                   .by = by,
                   .connect = tool::connect_device,
                   .ended =
                       [this](const client::Row& row, const client::Outcome&,
                              const client::ApplyCounts& so_far) {
                         QMetaObject::invokeMethod(
                             this, [this, id = shown(row.id), so_far] { one_ended(id, so_far); },
                             Qt::QueuedConnection);
                       },
                   .go_on = [this] { return !stop_apply_; }});
  return [this, counts] { all_ended(counts); };
}

void Plant::one_ended(const QString& row, const client::ApplyCounts& counts) {
  counts_ = counts;
  model_.working_on(row, false);
  journal_grew_ = true;
  compare_soon();
  emit progressChanged();
}

void Plant::all_ended(const client::ApplyCounts& counts) {
  counts_ = counts;
  for (const auto& row : project_->plan.rows) model_.working_on(shown(row.id), false);
  tell(progress(), counts.failed > 0 ? Tone::bad : counts.done > 0 ? Tone::good : Tone::quiet);
  journal_changed();
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

}  // namespace fairlead::app
