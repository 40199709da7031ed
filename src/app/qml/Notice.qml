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

    RowLayout {
        id: content
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap }
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
        ToolButton {
            text: "✕"
            Layout.alignment: Qt.AlignTop
            Accessible.name: qsTr("Dismiss")
            onClicked: root.plant.dismissNotice()
        }
    }
}
