// SPDX-License-Identifier: Apache-2.0
#include "app/phone/label_camera.h"

#define ZX_USE_UTF8 1  // texts as std::string
#include <ZXing/ReadBarcode.h>

#include <QVideoFrame>

namespace fairlead::app {

std::optional<QString> code_in(const QImage& picture) {
  const QImage grey = picture.convertToFormat(QImage::Format_Grayscale8);
  if (grey.isNull()) return std::nullopt;
  ZXing::DecodeHints hints;
  hints.setFormats(ZXing::BarcodeFormat::QRCode | ZXing::BarcodeFormat::DataMatrix);
  const ZXing::ImageView view(grey.constBits(), grey.width(), grey.height(),
                              ZXing::ImageFormat::Lum, static_cast<int>(grey.bytesPerLine()));
  const auto found = ZXing::ReadBarcode(view, hints);
  if (!found.isValid()) return std::nullopt;
  return QString::fromStdString(found.text());
}

void LabelCamera::set_sink(QVideoSink* sink) {
  if (sink == sink_) return;
  if (sink_) sink_->disconnect(this);
  sink_ = sink;
  if (sink_)
    connect(sink_, &QVideoSink::videoFrameChanged, this, [this](const QVideoFrame& frame) {
      if (!looking_) look_at(frame.toImage());
    });
  emit sinkChanged();
}

void LabelCamera::look_at(const QImage& picture) {
  if (std::exchange(looking_, true)) return;
  pool_.start([this, picture] {
    auto text = code_in(picture);
    QMetaObject::invokeMethod(
        this,
        [this, text] {
          looking_ = false;
          if (text) emit read(*text);
        },
        Qt::QueuedConnection);
  });
}

}  // namespace fairlead::app
