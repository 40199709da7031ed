// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Page {
    id: root
    required property var phone

    title: qsTr("Devices nearby")
    canGoBack: false

    Words {
        text: root.phone.server.signedIn ? "" : qsTr("No Internet here. Go on all the same: registrations are finished later.")
        color: Theme.tone("warn")
        Accessible.role: Accessible.AlertMessage
    }
    Words { text: root.phone.notice; color: Theme.tone("bad"); Accessible.role: Accessible.AlertMessage }
    Words {
        text: root.phone.nearby.count === 0 ? qsTr("Press the button on the device. It shows up here.") : qsTr("Touch the one to set up.")
    }

    ListView {
        id: list
        Layout.fillWidth: true
        Layout.fillHeight: true
        clip: true
        spacing: 10
        model: root.phone.nearby
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Devices")
        delegate: Choice {
            required property int index
            required property string name
            required property bool unfinished
            required detail
            required bars
            width: ListView.view.width
            text: name
            mark: unfinished ? qsTr("Unfinished") : ""
            onClicked: root.phone.pick(index)
        }
        BusyIndicator {
            anchors.centerIn: parent
            running: visible
            visible: list.count === 0
            palette.dark: Theme.accent
            Accessible.name: qsTr("Looking for devices")
        }
    }

    Repeater {
        model: root.phone.unfinished
        Rectangle {
            id: waiting
            required property var modelData
            Layout.fillWidth: true
            implicitHeight: lines.implicitHeight + 24
            radius: 14
            color: Theme.raised
            ColumnLayout {
                id: lines
                anchors { left: parent.left; right: parent.right; verticalCenter: parent.verticalCenter; margins: 16 }
                spacing: 2
                Words { text: waiting.modelData.name; color: Theme.text }
                Words { text: waiting.modelData.words; font.pixelSize: 15 }
            }
        }
    }
    Words {
        text: root.phone.nearby.hasBluetooth ? "" : qsTr("Bluetooth is off here: only devices on this network show up.")
        font.pixelSize: 14
    }

    buttons: ColumnLayout {
        spacing: 10
        BigButton { Layout.fillWidth: true; text: qsTr("Scan the label"); onClicked: root.phone.openLabel() }
        RowLayout {
            spacing: 10
            BigButton { Layout.fillWidth: true; plain: true; text: qsTr("History"); onClicked: root.phone.openHistory() }
            BigButton { Layout.fillWidth: true; plain: true; text: qsTr("Place"); onClicked: root.phone.openPlace() }
        }
    }
}
