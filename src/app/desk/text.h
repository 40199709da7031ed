// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <string>
#include <string_view>

#include "client/operator/problem.h"

namespace fairlead::app {

// What comes from a device, a file or a server is shown as plain text, without control characters.
inline QString shown(std::string_view text) {
  return QString::fromStdString(client::plain_text(text));
}
inline QString shown(const client::Problem& problem) {
  QString out = shown(problem.message);
  if (!problem.advice.empty()) out += QStringLiteral(". ") + shown(problem.advice);
  return out;
}

}  // namespace fairlead::app
