// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ToolBar {
    id: root
    required property var plant
    required property var server
    required property var queue
    required property var files
    required property var pages
    signal signInWanted()

    function toggleScan() {
        if (plant.scanning)
            plant.stopScan();
        else
            plant.scan(where.interfaces, where.addresses, where.ranges);
    }

    padding: Theme.gap
    background: Rectangle {
        color: Theme.card
        Rectangle { width: parent.width; height: 1; anchors.bottom: parent.bottom; color: Theme.line }
    }

    RowLayout {
        anchors.fill: parent
        spacing: Theme.gap

        TabBar {
            id: tabs
            background: null
            currentIndex: root.pages.currentIndex
            onCurrentIndexChanged: root.pages.currentIndex = currentIndex
            TabButton { text: qsTr("Plant"); width: 100 }
            TabButton {
                text: root.queue.count > 0 ? qsTr("Waiting (%1)").arg(root.queue.count) : qsTr("Waiting")
                width: 120
            }
        }
        ToolSeparator {}
        Button {
            text: root.plant.scanning ? qsTr("Stop scan") : qsTr("Scan")
            highlighted: root.plant.scanning
            onClicked: root.toggleScan()
            ToolTip.text: qsTr("Look for devices that wait on the network (F5)")
            ToolTip.visible: hovered
        }
        Button { text: qsTr("Where…"); onClicked: where.open() }
        Button { text: qsTr("Open…"); onClicked: root.files.openProject() }
        Button { text: qsTr("Import plan…"); onClicked: root.files.importTable() }
        Item { Layout.fillWidth: true }
        Button {
            text: qsTr("Choose all ready")
            onClicked: root.plant.lines.chooseAllShown()
            ToolTip.text: qsTr("Of what the filters show (Ctrl+A)")
            ToolTip.visible: hovered
        }
        Button {
            visible: !root.plant.applying
            text: qsTr("Provision %1").arg(root.plant.all.chosenCount)
            enabled: root.plant.all.chosenCount > 0
            highlighted: enabled
            onClicked: root.plant.applyChosen()
            ToolTip.text: qsTr("Ctrl+Enter")
            ToolTip.visible: hovered
        }
        Button {
            visible: root.plant.applying
            text: qsTr("Stop after these")
            onClicked: root.plant.stopApply()
        }
        ToolSeparator {}
        Button {
            text: Theme.dark ? qsTr("Light") : qsTr("Dark")
            onClicked: Theme.dark = !Theme.dark
            ToolTip.text: qsTr("Ctrl+D")
            ToolTip.visible: hovered
        }
        ComboBox {
            visible: root.server.accounts.length > 1
            model: root.server.accounts
            currentIndex: root.server.accounts.indexOf(root.server.account)
            onActivated: root.server.account = currentText
            Accessible.name: qsTr("Account")
            ToolTip.text: qsTr("Whose the devices are to be, unless their rows say")
            ToolTip.visible: hovered
        }
        Button {
            text: root.server.signedIn ? root.server.user : qsTr("Sign in…")
            onClicked: root.server.signedIn ? account.open() : root.signInWanted()
            Menu {
                id: account
                y: parent.height
                MenuItem { text: root.server.url; enabled: false }
                MenuItem { text: qsTr("Sign out"); onTriggered: root.server.signOut() }
            }
        }
    }

    Where { id: where; plant: root.plant }
}
