// SPDX-License-Identifier: Apache-2.0
// A button for fingers. Plain: for what is done less often.
import QtQuick
import Fairlead
import QtQuick.Controls

Button {
    id: root
    property bool plain: false

    implicitHeight: 54
    leftPadding: 20
    rightPadding: 20
    font.pixelSize: 18
    font.bold: !plain
    opacity: enabled ? 1 : 0.45
    Accessible.name: text
    Keys.onReturnPressed: clicked()
    Keys.onEnterPressed: clicked()

    contentItem: Text {
        text: root.text
        font: root.font
        color: root.plain ? Theme.accent : Theme.card
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }
    background: Rectangle {
        radius: 14
        color: root.plain ? (root.down ? Theme.raised : "transparent") : (root.down ? Qt.darker(Theme.accent, 1.15) : Theme.accent)
        border.width: root.visualFocus ? 3 : root.plain ? 1 : 0
        border.color: root.visualFocus ? Theme.text : Theme.line
    }
}
