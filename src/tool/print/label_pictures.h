// SPDX-License-Identifier: Apache-2.0
// Labels as pictures: QR codes by libqrencode, drawn by cairo.
#pragma once

#include <span>
#include <string>

#include "client/label/print.h"

namespace fairlead::tool {

// The file's content. SVG and PNG hold the first label; PDF all of them, a page or a place on a
// sheet each. Error correction is of level M. refused, naming the label: too small for what it is
// to say; no line is ever cut short.
Result<std::string> draw_labels(std::span<const client::PrintedLabel> labels,
                                const client::LabelForm& form);

}  // namespace fairlead::tool
