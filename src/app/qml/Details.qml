// SPDX-License-Identifier: Apache-2.0
// One device: why it is where it is, what to do, and plan beside what was found.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var plant
    required property var menus
    property var entry: null
    // `revision` tells that what is behind factsOf() was compared anew.
    readonly property var facts: entry ? (plant.revision, plant.factsOf(entry.key)) : []

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

            Flow {
                Layout.fillWidth: true
                Layout.topMargin: 4
                Layout.bottomMargin: 4
                spacing: Theme.gap
                Repeater {
                    model: root.entry === null ? [] : [root.menus.identifyAction, root.menus.upstreamsAction, root.menus.addAction,
                        root.menus.bindAction, root.menus.replaceAction, root.menus.ignoreAction, root.menus.undoAction]
                    PushButton {
                        required property var modelData
                        visible: modelData.enabled
                        text: modelData.text
                        hint: modelData.shortcut ? modelData.shortcut.toString() : ""
                        onClicked: modelData.trigger()
                    }
                }
            }

            GridLayout {
                Layout.fillWidth: true
                columns: 3
                columnSpacing: Theme.gap
                rowSpacing: 6
                Label { text: ""; Layout.preferredWidth: 80 }
                Label { text: qsTr("Plan"); color: Theme.faint; Layout.fillWidth: true; Layout.preferredWidth: 1 }
                Label { text: qsTr("Found"); color: Theme.faint; Layout.fillWidth: true; Layout.preferredWidth: 1 }
                Repeater {
                    model: root.facts.length * 3
                    Label {
                        required property int index
                        readonly property var side: root.facts[Math.floor(index / 3)]
                        readonly property bool differs: side !== undefined && side.differs
                        text: side === undefined ? "" : index % 3 === 0 ? side.what : index % 3 === 1 ? side.planned : side.found
                        textFormat: Text.PlainText
                        wrapMode: index % 3 === 0 ? Text.WordWrap : Text.WrapAnywhere
                        color: index % 3 === 0 ? Theme.faint : differs ? Theme.tone("warn") : Theme.text
                        font.weight: differs && index % 3 > 0 ? Font.DemiBold : Font.Normal
                        Layout.preferredWidth: index % 3 === 0 ? 80 : 1
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
