// SPDX-License-Identifier: Apache-2.0
// The seven steps: what is done, what is under way, what is to come.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ColumnLayout {
    id: root
    required property var setup
    spacing: 0

    Accessible.role: Accessible.List
    Accessible.name: qsTr("Steps")

    Repeater {
        model: root.setup.steps.length
        RowLayout {
            id: step
            required property int index
            readonly property var what: root.setup.steps[index]
            readonly property bool done: what.state === "done"
            readonly property bool now: what.state === "now"

            spacing: 14
            Layout.fillWidth: true
            Layout.preferredHeight: 42
            Accessible.role: Accessible.ListItem
            Accessible.name: done ? qsTr("%1: done").arg(what.text) : now ? qsTr("%1: under way").arg(what.text) : what.text

            Rectangle {
                implicitWidth: 30
                implicitHeight: 30
                radius: 15
                color: step.done ? Theme.tone("good") : "transparent"
                border.width: step.done ? 0 : 2
                border.color: step.now ? Theme.accent : Theme.line
                Text {
                    anchors.centerIn: parent
                    text: step.done ? "✓" : step.index + 1
                    color: step.done ? Theme.card : step.now ? Theme.accent : Theme.faint
                    font.pixelSize: 15
                    font.bold: true
                }
                SequentialAnimation on opacity {
                    running: step.now
                    loops: Animation.Infinite
                    alwaysRunToEnd: true
                    NumberAnimation { to: 0.35; duration: 600 }
                    NumberAnimation { to: 1; duration: 600 }
                }
            }
            Text {
                Layout.fillWidth: true
                text: step.now && step.index >= 5 && root.setup.hint !== "" ? root.setup.hint : step.what.text
                color: step.done || step.now ? Theme.text : Theme.faint
                font.pixelSize: 18
                font.bold: step.now
                elide: Text.ElideRight
                textFormat: Text.PlainText
            }
        }
    }
}
