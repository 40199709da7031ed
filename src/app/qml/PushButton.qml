// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Templates as T

T.Button {
    id: root
    property bool danger: false
    property string hint

    implicitWidth: Math.max(implicitContentWidth + leftPadding + rightPadding, 44)
    implicitHeight: 32
    leftPadding: 12
    rightPadding: 12
    font.pixelSize: Theme.normal
    opacity: enabled ? 1 : 0.45
    Accessible.name: text
    ToolTip.text: hint
    ToolTip.visible: hint !== "" && (hovered || visualFocus)
    ToolTip.delay: 600
    Keys.onReturnPressed: clicked()
    Keys.onEnterPressed: clicked()

    readonly property color fill: danger ? Theme.tone("bad") : Theme.accent

    contentItem: Label {
        text: root.text
        font: root.font
        color: root.highlighted ? Theme.accentText : root.danger ? root.fill : Theme.text
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
        textFormat: Text.PlainText
    }
    background: Rectangle {
        radius: Theme.radius
        color: root.highlighted ? (root.down ? Qt.darker(root.fill, 1.2) : root.fill)
             : root.down ? Theme.line : root.hovered ? Theme.raised : "transparent"
        border.width: root.highlighted || root.flat ? 0 : 1
        border.color: Theme.line
        Rectangle {
            anchors.fill: parent
            anchors.margins: -2
            radius: Theme.radius + 2
            color: "transparent"
            border.width: 2
            border.color: Theme.focus
            visible: root.visualFocus
        }
    }
}
