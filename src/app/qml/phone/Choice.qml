// SPDX-License-Identifier: Apache-2.0
// A row that is touched to choose it: a device, a network.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

AbstractButton {
    id: root
    property string detail: ""
    property int bars: 0
    property string mark: ""

    implicitHeight: 72
    opacity: enabled ? 1 : 0.5
    Accessible.name: text
    Accessible.description: bars > 0 ? qsTr("%1, signal %2 of 4").arg(detail).arg(bars) : detail
    Keys.onReturnPressed: clicked()

    background: Rectangle {
        radius: 14
        color: root.down ? Theme.chosen : Theme.card
        border.width: root.visualFocus ? 3 : 1
        border.color: root.visualFocus ? Theme.accent : Theme.line
    }
    contentItem: RowLayout {
        spacing: 12
        ColumnLayout {
            Layout.fillWidth: true
            Layout.leftMargin: 16
            spacing: 2
            Text {
                Layout.fillWidth: true
                text: root.text
                color: Theme.text
                font.pixelSize: 18
                elide: Text.ElideRight
                textFormat: Text.PlainText
            }
            Text {
                Layout.fillWidth: true
                visible: text !== ""
                text: root.detail
                color: Theme.faint
                font.pixelSize: 15
                elide: Text.ElideRight
                textFormat: Text.PlainText
            }
        }
        Text {
            visible: text !== ""
            text: root.mark
            Layout.rightMargin: 16
            color: Theme.tone("warn")
            font.pixelSize: 15
        }
        Bars {
            visible: root.bars > 0
            bars: root.bars
            Layout.rightMargin: 16
        }
    }
}
