// SPDX-License-Identifier: Apache-2.0
// What the desktop face is about: a plan, what is seen of it, and carrying it out. The window shows
// `lines` and calls the rest.
#pragma once

#include <QObject>
#include <QTimer>
#include <QUrl>
#include <optional>

#include "app/desk/line_filter.h"
#include "app/desk/line_model.h"
#include "app/desk/lookout.h"
#include "app/desk/server_link.h"
#include "client/apply/run.h"
#include "client/plan/import.h"
#include "client/scan/seen.h"
#include "tool/journal_file.h"
#include "tool/project_file.h"

namespace fairlead::app {

class Plant final : public QObject {
  Q_OBJECT
  Q_PROPERTY(QObject* lines READ lines CONSTANT)  // LineFilter
  Q_PROPERTY(QObject* all READ all CONSTANT)      // LineModel
  Q_PROPERTY(QString project READ project NOTIFY projectChanged)
  Q_PROPERTY(bool scanning READ scanning NOTIFY scanningChanged)
  Q_PROPERTY(bool applying READ applying NOTIFY progressChanged)
  Q_PROPERTY(int applyAll READ apply_all NOTIFY progressChanged)
  Q_PROPERTY(int applyThrough READ apply_through NOTIFY progressChanged)
  Q_PROPERTY(QString progress READ progress NOTIFY progressChanged)  // "12 of 200: 11 done, …"
  Q_PROPERTY(QString notice READ notice NOTIFY noticeChanged)  // what a person should know now
  Q_PROPERTY(QStringList complaints READ complaints NOTIFY noticeChanged)  // one by one

 public:
  explicit Plant(ServerLink& server, QObject* parent = nullptr);
  ~Plant() override;  // lets devices that are worked on come to their end

  Q_INVOKABLE void openProject(const QUrl& file);
  // A table becomes the plan; beside it, as NAME.plan, unless a project is open. All or nothing.
  Q_INVOKABLE void importTable(const QUrl& file);

  // `interfaces`, `addresses`, `ranges`: lists with commas, as in `fairlead scan`; may be empty.
  Q_INVOKABLE void scan(const QString& interfaces, const QString& addresses, const QString& ranges);
  Q_INVOKABLE void stopScan();

  Q_INVOKABLE void applyChosen();
  Q_INVOKABLE void stopApply();  // begins no further device
  // The device blinks, or whatever it does to be found by eye.
  Q_INVOKABLE void identify(const QString& key);
  Q_INVOKABLE void dismissNotice() { notice({}); }

  QObject* lines() { return &filter_; }
  QObject* all() { return &model_; }
  QString project() const;
  bool scanning() const { return lookout_.goes_on(); }
  bool applying() const { return apply_thread_.joinable(); }
  int apply_all() const { return static_cast<int>(counts_.all); }
  int apply_through() const;
  QString progress() const;
  const QString& notice() const { return notice_; }
  const QStringList& complaints() const { return complaints_; }

 signals:
  void projectChanged();
  void scanningChanged();
  void progressChanged();
  void noticeChanged();

 private:
  void notice(const QString& words);
  void notice(const QString& words, const QStringList& complaints);
  void use(tool::ProjectFile project);
  Result<tool::ProjectFile> project_for(const QString& table) const;
  void compare_soon();
  void compare();
  std::vector<client::Line> compared() const;
  const client::Line* line_of(const std::vector<client::Line>& lines, const QString& key) const;
  std::vector<client::Job> chosen_jobs() const;
  void apply(std::vector<client::Job> jobs, std::shared_ptr<client::Api> server,
             std::unique_ptr<tool::JournalFile> journal);
  void one_ended(const QString& row, const client::ApplyCounts& counts);
  void all_ended(const client::ApplyCounts& counts);

  ServerLink& server_;
  std::optional<tool::ProjectFile> project_;
  client::Plan no_plan_;
  client::History no_history_;
  client::Seen seen_;
  LineModel model_;
  LineFilter filter_{&model_};
  Lookout lookout_;
  QTimer comparing_, aging_;
  QString notice_;
  QStringList complaints_;
  client::ApplyCounts counts_;
  bool journal_grew_ = false;  // since project_->history was read
  std::atomic<bool> stop_apply_ = false;
  std::thread apply_thread_, identify_thread_;
};

}  // namespace fairlead::app
