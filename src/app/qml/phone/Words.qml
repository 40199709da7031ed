// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Label {
    Layout.fillWidth: true
    visible: text !== ""
    color: Theme.faint
    font.pixelSize: 16
    wrapMode: Text.Wrap
    textFormat: Text.PlainText
    Accessible.name: text
}
