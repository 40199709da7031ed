// SPDX-License-Identifier: Apache-2.0
// One device: why it is where it is, what to do, and plan beside what was found.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var plant
    property var entry: null

    color: Theme.window

    component Words: Label {
        Layout.fillWidth: true
        wrapMode: Text.Wrap
        textFormat: Text.PlainText
        color: Theme.text
        visible: text !== ""
    }

    ScrollView {
        anchors.fill: parent
        anchors.margins: Theme.gap * 2
        contentWidth: availableWidth
        visible: root.entry !== null

        ColumnLayout {
            width: parent.width
            spacing: Theme.gap

            Words {
                text: root.entry ? root.entry.name || root.entry.serial : ""
                font.pixelSize: Theme.large
                font.weight: Font.DemiBold
            }
            Words {
                text: root.entry ? root.entry.status : ""
                color: Theme.tone(root.entry ? root.entry.tone : "")
                font.weight: Font.DemiBold
            }
            Words { text: root.entry ? root.entry.reason : "" }
            Words { text: root.entry ? root.entry.next : ""; color: Theme.faint }

            Button {
                visible: root.entry !== null && root.entry.hasDevice && root.entry.hasRow
                text: qsTr("Identify")
                onClicked: root.plant.identify(root.entry.key)
                ToolTip.text: qsTr("The device shows itself, by its light for example (I)")
                ToolTip.visible: hovered
            }

            GridLayout {
                Layout.fillWidth: true
                columns: 3
                columnSpacing: Theme.gap
                rowSpacing: 4
                Label { text: ""; Layout.preferredWidth: 88 }
                Label { text: qsTr("Plan"); color: Theme.faint; Layout.fillWidth: true; Layout.preferredWidth: 1 }
                Label { text: qsTr("Found"); color: Theme.faint; Layout.fillWidth: true; Layout.preferredWidth: 1 }
                Repeater {
                    model: root.entry ? root.entry.sides.length * 3 : 0
                    Label {
                        required property int index
                        readonly property var side: root.entry.sides[Math.floor(index / 3)]
                        readonly property bool differs: root.entry.differences.some(each => each.what === side.what)
                        text: side === undefined ? "" : index % 3 === 0 ? side.what : index % 3 === 1 ? side.planned : side.found
                        textFormat: Text.PlainText
                        wrapMode: index % 3 === 0 ? Text.WordWrap : Text.WrapAnywhere
                        color: index % 3 === 0 ? Theme.faint : differs ? Theme.tone("warn") : Theme.text
                        font.weight: differs && index % 3 > 0 ? Font.DemiBold : Font.Normal
                        Layout.preferredWidth: index % 3 === 0 ? 88 : 1
                        Layout.fillWidth: index % 3 > 0
                        Layout.alignment: Qt.AlignTop
                    }
                }
            }
        }
    }
    Label {
        anchors.centerIn: parent
        visible: root.entry === null
        text: qsTr("Choose a device")
        color: Theme.faint
    }
}
