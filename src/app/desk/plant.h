// SPDX-License-Identifier: Apache-2.0
// What the desktop face is about: a plan, what is seen of it, and carrying it out. The window shows
// `lines` and calls the rest; what a person does with single rows, devices and files is in rooms of
// its own beside this one, which use the plant's C++ side.
#pragma once

#include <QObject>
#include <QSet>
#include <QTimer>
#include <QUrl>
#include <optional>

#include "app/desk/errand.h"
#include "app/desk/line_filter.h"
#include "app/desk/line_model.h"
#include "app/desk/lookout.h"
#include "app/desk/server_link.h"
#include "client/apply/run.h"
#include "client/scan/seen.h"
#include "tool/journal_file.h"
#include "tool/project_file.h"

namespace fairlead::app {

class Plant final : public QObject {
  Q_OBJECT
  Q_PROPERTY(QObject* lines READ lines CONSTANT)          // LineFilter
  Q_PROPERTY(QObject* all READ all CONSTANT)              // LineModel
  Q_PROPERTY(int revision READ revision NOTIFY compared)  // of what factsOf() says
  Q_PROPERTY(QString project READ project NOTIFY projectChanged)
  Q_PROPERTY(bool scanning READ scanning NOTIFY scanningChanged)
  Q_PROPERTY(bool applying READ applying NOTIFY progressChanged)
  Q_PROPERTY(int applyAll READ apply_all NOTIFY progressChanged)
  Q_PROPERTY(int applyThrough READ apply_through NOTIFY progressChanged)
  Q_PROPERTY(QString progress READ progress NOTIFY progressChanged)  // "12 of 200: 11 done, …"
  Q_PROPERTY(QString notice READ notice NOTIFY noticeChanged)  // what a person should know now
  Q_PROPERTY(QString noticeTone READ notice_tone NOTIFY noticeChanged)     // "good", "quiet", "bad"
  Q_PROPERTY(QStringList complaints READ complaints NOTIFY noticeChanged)  // one by one

 public:
  explicit Plant(ServerLink& server, QObject* parent = nullptr);
  ~Plant() override;  // lets devices that are worked on come to their end

  Q_INVOKABLE void openProject(const QUrl& file);

  // `interfaces`, `addresses`, `ranges`: lists with commas, as in `fairlead scan`; may be empty.
  Q_INVOKABLE void scan(const QString& interfaces, const QString& addresses, const QString& ranges);
  Q_INVOKABLE void stopScan();

  Q_INVOKABLE void applyChosen();
  Q_INVOKABLE void stopApply();  // begins no further device
  Q_INVOKABLE QVariantList factsOf(const QString& key) const;
  Q_INVOKABLE void dismissNotice() { tell({}); }

  // For the other rooms. What they read is good until the next compare().
  enum class Tone { quiet, good, bad };
  void tell(const QString& words, Tone tone = Tone::quiet, const QStringList& details = {});
  // None, and a person was told why: no project is open, or devices are worked on just now.
  tool::ProjectFile* changeable_project();
  const std::optional<tool::ProjectFile>& project_file() const { return project_; }
  void use(tool::ProjectFile project);
  const client::Line* line_of(const QString& key) const;
  const std::vector<client::Line>& line_list() const { return compared_; }
  std::vector<client::Job> ready_jobs(const QStringList& keys) const;  // of these rows
  void compare();
  void journal_changed();  // reads it, and compares
  static Time now();

  QObject* lines() { return &filter_; }
  QObject* all() { return &model_; }
  LineModel& model() { return model_; }
  int revision() const { return revision_; }
  QString project() const;
  bool scanning() const { return lookout_.goes_on(); }
  bool applying() const { return apply_.goes_on(); }
  int apply_all() const { return static_cast<int>(counts_.all); }
  int apply_through() const;
  QString progress() const;
  const QString& notice() const { return notice_; }
  QString notice_tone() const;
  const QStringList& complaints() const { return complaints_; }

 signals:
  void compared();
  void called(const QString& key, const QString& name);  // its button was just pressed
  void projectChanged();
  void scanningChanged();
  void progressChanged();
  void noticeChanged();

 private:
  void compare_soon();
  void tell_who_calls();
  Errand::End apply_on_thread(std::vector<client::Job> jobs, client::Api& server,
                              tool::JournalFile& journal, const std::string& by,
                              const std::string& account);
  void one_ended(const QString& row, const client::ApplyCounts& counts);
  void all_ended(const client::ApplyCounts& counts);

  ServerLink& server_;
  std::optional<tool::ProjectFile> project_;
  client::Plan no_plan_;
  client::History no_history_;
  client::Seen seen_;
  std::vector<client::Line> compared_;
  QSet<QString> calling_;
  LineModel model_;
  LineFilter filter_{&model_};
  Lookout lookout_;
  QTimer comparing_, aging_;
  QString notice_;
  Tone tone_ = Tone::quiet;
  QStringList complaints_;
  client::ApplyCounts counts_;
  int revision_ = 0;
  bool journal_grew_ = false;  // since project_->history was read
  std::atomic<bool> stop_apply_ = false;
  Errand apply_;
};

}  // namespace fairlead::app
