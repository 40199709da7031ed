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
    required property bool undoable
    required property bool called

    property var columns
    property var widthOf
    property int tickWidth
    property var plant
    // For the details beside the grid.
    readonly property var facts: ({
        key, status, tone, name, serial, reason, next, ready, undoable, hasDevice, hasRow
    })

    function toggle() { plant.all.choose(key, !chosen) }
    function textOf(role) { return root[role] }

    width: ListView.view ? ListView.view.width : 0
    height: Theme.rowHeight
    color: called ? Theme.called : ListView.isCurrentItem ? Theme.chosen : index % 2 ? Theme.window : Theme.card
    border.color: Theme.focus
    border.width: ListView.isCurrentItem && ListView.view.activeFocus ? 2 : 0
    Accessible.role: Accessible.Row
    Accessible.name: [status, name, serial, type, reason].filter(each => each !== "").join(", ")
    Accessible.checkable: ready || undoable
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
    Rectangle { width: 4; height: parent.height; color: Theme.tone("warn"); visible: root.called }
    Rectangle {
        x: 14
        width: 16
        height: 16
        radius: 3
        anchors.verticalCenter: parent.verticalCenter
        visible: root.ready || root.undoable
        color: root.chosen ? Theme.accent : Theme.card
        border.color: root.chosen ? Theme.accent : Theme.edge
        Label {
            anchors.centerIn: parent
            visible: root.chosen
            text: "✓"
            color: Theme.accentText
            font.pixelSize: Theme.small
            font.weight: Font.Bold
        }
        MouseArea {
            anchors { fill: parent; margins: -9 }
            onClicked: root.toggle()
        }
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
