// SPDX-License-Identifier: Apache-2.0
// What a person should know now, and what was wrong with the table that was imported last.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var plant

    visible: plant.notice !== ""
    implicitHeight: visible ? content.implicitHeight + 2 * Theme.gap : 0
    color: Theme.raised
    Rectangle { width: 4; height: parent.height; color: Theme.tone(root.plant.noticeTone) }

    RowLayout {
        id: content
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap; leftMargin: Theme.gap * 2 }
        ColumnLayout {
            Layout.fillWidth: true
            Label {
                Layout.fillWidth: true
                text: root.plant.notice
                wrapMode: Text.Wrap
                textFormat: Text.PlainText
                color: Theme.text
                Accessible.role: Accessible.AlertMessage
                Accessible.name: text
            }
            Repeater {
                model: root.plant.complaints.slice(0, 8)
                Label {
                    required property string modelData
                    Layout.fillWidth: true
                    text: "• " + modelData
                    wrapMode: Text.Wrap
                    textFormat: Text.PlainText
                    color: Theme.tone("bad")
                }
            }
            Label {
                visible: root.plant.complaints.length > 8
                text: qsTr("and %1 more").arg(root.plant.complaints.length - 8)
                color: Theme.tone("bad")
            }
        }
        PushButton {
            text: "✕"
            flat: true
            Layout.alignment: Qt.AlignTop
            Accessible.name: qsTr("Dismiss")
            hint: qsTr("Esc")
            onClicked: root.plant.dismissNotice()
        }
    }
}
