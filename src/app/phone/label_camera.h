// SPDX-License-Identifier: Apache-2.0
// Reads the code on a label: from a camera's pictures, or from one in a file.
#pragma once

#include <QImage>
#include <QObject>
#include <QPointer>
#include <QThreadPool>
#include <QVideoSink>
#include <optional>

namespace fairlead::app {

// The QR or Data Matrix code in a picture.
std::optional<QString> code_in(const QImage& picture);

class LabelCamera final : public QObject {
  Q_OBJECT
  // Of a VideoOutput; none: nobody looks.
  Q_PROPERTY(QVideoSink* sink READ sink WRITE set_sink NOTIFY sinkChanged)
  Q_PROPERTY(QString picture READ picture CONSTANT)  // a file in place of a camera; or empty

 public:
  explicit LabelCamera(QString picture, QObject* parent = nullptr)
      : QObject(parent), picture_(std::move(picture)) {}
  ~LabelCamera() override { pool_.waitForDone(); }

  Q_INVOKABLE void readPicture() { look_at(QImage(picture_)); }

  QVideoSink* sink() const { return sink_; }
  void set_sink(QVideoSink* sink);
  const QString& picture() const { return picture_; }

 signals:
  void read(const QString& text);
  void sinkChanged();

 private:
  void look_at(const QImage& picture);  // unless one is being looked at

  QString picture_;
  QPointer<QVideoSink> sink_;
  QThreadPool pool_;
  bool looking_ = false;
};

}  // namespace fairlead::app
