// SPDX-License-Identifier: Apache-2.0
// What is said to one device beside the plan: that it shows itself, and which upstream it tries
// first. A device lets in by the code of its label, or while its button was just pressed.
#pragma once

#include <QVariantList>

#include "app/desk/plant.h"
#include "client/apply/job.h"

namespace fairlead::app {

class DeviceTalk final : public QObject {
  Q_OBJECT
  Q_PROPERTY(bool busy READ busy NOTIFY changed)
  // [{source, interface, uri, name, address, key, milliseconds, result, seconds, chosen}], best
  // first
  Q_PROPERTY(QVariantList upstreams READ upstreams NOTIFY changed)
  Q_PROPERTY(bool asked READ asked NOTIFY changed)         // the device told its upstreams
  Q_PROPERTY(QString problem READ problem NOTIFY changed)  // why the last request failed
  Q_PROPERTY(QString done READ done NOTIFY changed)        // what it came to

 public:
  explicit DeviceTalk(Plant& plant, QObject* parent = nullptr);
  ~DeviceTalk() override { errand_.wait(); }

  // Whether a row of the plan has the code of this device's label.
  Q_INVOKABLE bool hasCode(const QString& key) const;

  // `code`: "" is that of the row; without any, the button has to have been pressed.
  Q_INVOKABLE void identify(const QString& key, const QString& code);
  Q_INVOKABLE void askUpstreams(const QString& key, const QString& code);
  // The device asked last, by the code that it was asked with. `fingerprint`: of the candidate's
  // key. `give`: a URI, seen or not, and in hexadecimal the key that it has to have, or "".
  Q_INVOKABLE void choose(const QString& fingerprint);
  Q_INVOKABLE void give(const QString& uri, const QString& key);
  Q_INVOKABLE void forget();
  Q_INVOKABLE void leave();  // what it told is not shown any more

  bool busy() const { return errand_.goes_on(); }
  const QVariantList& upstreams() const { return upstreams_; }
  bool asked() const { return asked_; }
  const QString& problem() const { return problem_; }
  const QString& done() const { return done_; }

 signals:
  void changed();

 private:
  struct Way {
    std::vector<std::string> urls;
    client::Access access;
    QString name;
  };
  std::optional<Way> way_to(const QString& key, const QString& code) const;
  void wish(client::UpstreamWish wish);
  void show(const client::UpstreamsSeen& seen);

  Plant& plant_;
  std::optional<Way> way_;
  QVariantList upstreams_;
  bool asked_ = false;
  QString problem_, done_;
  Errand errand_;
};

}  // namespace fairlead::app
