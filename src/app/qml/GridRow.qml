// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls

Rectangle {
    id: root
    required property int index
    required property string key
    required property string status
    required property string tone
    required property string name
    required property string serial
    required property string type
    required property string vendor
    required property string address
    required property string reason
    required property string next
    required property bool ready
    required property bool chosen
    required property bool hasDevice
    required property bool hasRow
    required property var differences
    required property var sides

    property var columns
    property var widthOf
    property int tickWidth
    property var plant
    // For the details beside the grid.
    readonly property var facts: ({
        key, status, tone, name, serial, reason, next, ready, hasDevice, hasRow,
        differences, sides
    })

    function toggle() { plant.all.choose(key, !chosen) }
    function textOf(role) { return root[role] }

    width: ListView.view ? ListView.view.width : 0
    height: Theme.rowHeight
    color: ListView.isCurrentItem ? Theme.chosen : index % 2 ? Theme.window : Theme.card
    border.color: Theme.accent
    border.width: ListView.isCurrentItem && ListView.view.activeFocus ? 1 : 0
    Accessible.role: Accessible.Row
    Accessible.name: [status, name, serial, type, reason].filter(each => each !== "").join(", ")
    Accessible.checkable: ready
    Accessible.checked: chosen
    Accessible.onToggleAction: toggle()
    Accessible.onPressAction: toggle()

    MouseArea {
        anchors.fill: parent
        onClicked: {
            root.ListView.view.currentIndex = root.index;
            root.ListView.view.forceActiveFocus();
        }
        onDoubleClicked: root.toggle()
    }
    CheckBox {
        x: 4
        anchors.verticalCenter: parent.verticalCenter
        enabled: root.ready
        checked: root.chosen
        focusPolicy: Qt.NoFocus
        onToggled: root.plant.all.choose(root.key, checked)
        Accessible.name: qsTr("Choose %1").arg(root.name || root.serial)
    }
    Row {
        x: root.tickWidth
        height: parent.height
        Repeater {
            model: root.columns
            Item {
                required property var modelData
                width: root.widthOf(modelData)
                height: Theme.rowHeight
                Rectangle {
                    id: dot
                    visible: modelData.role === "status"
                    x: 4
                    width: 8
                    height: 8
                    radius: 4
                    anchors.verticalCenter: parent.verticalCenter
                    color: Theme.tone(root.tone)
                }
                Label {
                    anchors.fill: parent
                    leftPadding: dot.visible ? 18 : 4
                    rightPadding: 4
                    verticalAlignment: Text.AlignVCenter
                    elide: modelData.role === "address" ? Text.ElideMiddle : Text.ElideRight
                    textFormat: Text.PlainText
                    text: root.textOf(modelData.role)
                    color: dot.visible ? Theme.tone(root.tone) : Theme.text
                }
            }
        }
    }
}
