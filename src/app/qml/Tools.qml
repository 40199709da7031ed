// SPDX-License-Identifier: Apache-2.0
// What is done most, above the grid.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ToolBar {
    id: root
    required property var plant
    required property var server
    required property var queue
    required property var pages
    signal signInWanted()

    function toggleScan() {
        if (plant.scanning)
            plant.stopScan();
        else
            plant.scan(where.interfaces, where.addresses, where.ranges);
    }

    padding: Theme.gap
    topPadding: 6
    bottomPadding: 6
    background: Rectangle {
        color: Theme.card
        Rectangle { width: parent.width; height: 1; anchors.bottom: parent.bottom; color: Theme.line }
    }

    component FaceTab: AbstractButton {
        id: page
        property int place
        readonly property bool current: root.pages.currentIndex === place
        implicitWidth: words.implicitWidth + 24
        implicitHeight: 32
        focusPolicy: Qt.TabFocus
        Accessible.role: Accessible.PageTab
        Accessible.name: text
        onClicked: root.pages.currentIndex = place
        Keys.onReturnPressed: clicked()
        contentItem: Label {
            id: words
            text: page.text
            horizontalAlignment: Text.AlignHCenter
            verticalAlignment: Text.AlignVCenter
            color: page.current ? Theme.text : Theme.faint
            font.weight: page.current ? Font.DemiBold : Font.Normal
        }
        background: Rectangle {
            radius: Theme.radius
            color: page.current ? Theme.chosen : page.hovered ? Theme.raised : "transparent"
            border.width: page.visualFocus ? 2 : 0
            border.color: Theme.focus
        }
    }

    RowLayout {
        anchors.fill: parent
        spacing: Theme.gap

        FaceTab { place: 0; text: qsTr("Plant") }
        FaceTab { place: 1; text: root.queue.count > 0 ? qsTr("Waiting (%1)").arg(root.queue.count) : qsTr("Waiting") }
        Rectangle { width: 1; height: 20; color: Theme.line }
        PushButton {
            text: root.plant.scanning ? qsTr("Stop scan") : qsTr("Scan")
            hint: qsTr("Look for devices that wait on the network (F5)")
            onClicked: root.toggleScan()
        }
        PushButton { text: qsTr("Where…"); hint: qsTr("Interfaces, addresses and ranges"); onClicked: where.open() }
        Item { Layout.fillWidth: true }
        PushButton {
            text: qsTr("Tick all ready")
            hint: qsTr("Of what the filters show (Ctrl+A)")
            onClicked: root.plant.lines.chooseAllShown()
        }
        PushButton {
            visible: !root.plant.applying
            text: root.plant.all.chosenCount > 0 ? qsTr("Provision %1").arg(root.plant.all.chosenCount) : qsTr("Provision")
            enabled: root.plant.all.chosenCount > 0
            highlighted: true
            hint: qsTr("What is ticked (Ctrl+Enter)")
            onClicked: root.plant.applyChosen()
        }
        PushButton {
            visible: root.plant.applying
            text: qsTr("Stop after these")
            onClicked: root.plant.stopApply()
        }
        Rectangle { width: 1; height: 20; color: Theme.line }
        ChoiceBox {
            visible: root.server.accounts.length > 1
            model: root.server.accounts
            currentIndex: root.server.accounts.indexOf(root.server.account)
            onActivated: root.server.account = currentText
            Accessible.name: qsTr("Account")
            ToolTip.text: qsTr("Whose the devices are to be, unless their rows say")
            ToolTip.visible: hovered
        }
        PushButton {
            text: root.server.signedIn ? root.server.user : qsTr("Sign in…")
            flat: root.server.signedIn
            onClicked: root.server.signedIn ? account.open() : root.signInWanted()
            MenuSheet {
                id: account
                y: parent.height
                MenuEntry { text: root.server.url; enabled: false }
                MenuEntry { text: qsTr("Sign out"); onTriggered: root.server.signOut() }
            }
        }
    }

    Where { id: where; plant: root.plant }
}
