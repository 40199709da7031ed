// SPDX-License-Identifier: Apache-2.0
// What a person does with single rows of the plan, and with devices that are in none.
#pragma once

#include "app/desk/plant.h"

namespace fairlead::app {

class RowDesk final : public QObject {
  Q_OBJECT

 public:
  RowDesk(Plant& plant, ServerLink& server, QObject* parent = nullptr)
      : QObject(parent), plant_(plant), server_(server) {}
  ~RowDesk() override { undoing_.wait(); }

  // [{key, title}]: rows that have no device yet, and devices that are in no row.
  Q_INVOKABLE QVariantList freeRows() const;
  Q_INVOKABLE QVariantList freeDevices() const;
  // {serial, uri} of the row, or of the device that is in none.
  Q_INVOKABLE QVariantMap identityOf(const QString& key) const;

  // Each says by its answer whether it was done; if not, the notice says why. `code`: "" keeps the
  // row's.
  Q_INVOKABLE bool bind(const QString& row, const QString& serial, const QString& uri,
                        const QString& code);
  // The device before is revoked as soon as the new one is granted access.
  Q_INVOKABLE bool replace(const QString& row, const QString& serial, const QString& uri,
                           const QString& code, const QString& reason);
  Q_INVOKABLE bool add(const QString& device, const QString& name, const QString& code);
  Q_INVOKABLE bool ignore(const QString& device, bool ignored);

  // Takes back at the server what apply did for the ticked rows, else for this one.
  Q_INVOKABLE QStringList undoNames(const QString& current) const;
  Q_INVOKABLE void undo(const QString& current, const QString& reason);

 private:
  QStringList rows_to_undo(const QString& current) const;
  bool keep(tool::ProjectFile& project, const QString& words);

  Plant& plant_;
  ServerLink& server_;
  Errand undoing_;
};

}  // namespace fairlead::app
