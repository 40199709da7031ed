// SPDX-License-Identifier: Apache-2.0
// What comes into the plan by files, and what leaves it: tables, reports, nameplates, bundles.
#pragma once

#include "app/desk/plant.h"
#include "client/plan/row.h"
#include "client/plan/sheet.h"
#include "tool/bundle_file.h"

namespace fairlead::app {

class Papers final : public QObject {
  Q_OBJECT
  // [{header, example, field, id}] of the table that is open; field: a place in `fields`, 0: none
  Q_PROPERTY(QVariantList columns READ columns NOTIFY tableChanged)
  Q_PROPERTY(QStringList fields READ fields CONSTANT)  // "Not used", then as a person reads them
  Q_PROPERTY(int codeField READ code_field CONSTANT)   // the place of the label's code, a secret
  Q_PROPERTY(QString table READ table NOTIFY tableChanged)  // its name; empty: none is open
  Q_PROPERTY(int tableRows READ table_rows NOTIFY tableChanged)
  Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)

 public:
  Papers(Plant& plant, ServerLink& server, QObject* parent = nullptr);
  ~Papers() override;

  // A table is looked at, and then becomes the plan; beside it, as NAME.plan, unless a project is
  // open. All or nothing. `fields`: for each column its place in `fields`.
  Q_INVOKABLE bool openTable(const QUrl& file);
  Q_INVOKABLE void importTable(const QVariantList& fields);

  // For the window, which has text where files have names.
  Q_INVOKABLE QUrl urlOf(const QString& path) const { return QUrl::fromLocalFile(path); }
  Q_INVOKABLE QString pathOf(const QUrl& file) const { return file.toLocalFile(); }
  Q_INVOKABLE bool isThere(const QString& path) const;

  // .xlsx, else CSV; nameplates: JSON.
  Q_INVOKABLE void writeReport(const QUrl& file);
  Q_INVOKABLE void writePlan(const QUrl& file, bool withCodes);
  Q_INVOKABLE void writeNameplates(const QUrl& vendors, const QUrl& file);

  // Where server and devices are never reachable at once. Of the ticked rows, else of all that are
  // ready.
  Q_INVOKABLE void collectOffers(const QUrl& bundle);
  Q_INVOKABLE void fetchGrants(const QUrl& bundle);
  Q_INVOKABLE void deliverGrants(const QUrl& bundle);
  Q_INVOKABLE void stop() { stop_ = true; }  // begins no further device

  const QVariantList& columns() const { return columns_; }
  QStringList fields() const;
  int code_field() const { return static_cast<int>(client::Field::code) + 1; }
  const QString& table() const { return table_; }
  int table_rows() const {
    return sheet_.rows.empty() ? 0 : static_cast<int>(sheet_.rows.size()) - 1;
  }
  bool busy() const { return bundling_.goes_on(); }

 signals:
  void tableChanged();
  void busyChanged();

 private:
  using Watch = tool::BundleFile::Watch;
  using Count = tool::BundleFile::Count;

  Result<tool::ProjectFile> project_for_table() const;
  void write_rows(const QUrl& file, const std::string& name,
                  const std::vector<std::vector<std::string>>& rows, unsigned mode);
  std::vector<client::Job> jobs_at_hand() const;
  // `words`: "%1 Offers collected, %2 not".
  void work_on_bundle(std::function<client::Answer<Count>(const Watch&)> work,
                      const QString& words);

  Plant& plant_;
  ServerLink& server_;
  QString table_, path_;
  client::Sheet sheet_;
  QVariantList columns_;
  std::atomic<bool> stop_ = false;
  Errand bundling_;
};

}  // namespace fairlead::app
