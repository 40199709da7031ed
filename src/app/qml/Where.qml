// SPDX-License-Identifier: Apache-2.0
// Where to look: interfaces for announcements, addresses and ranges beyond the next router.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Dialog {
    id: root
    required property var plant
    readonly property string interfaces: interfaceField.text
    readonly property string addresses: addressField.text
    readonly property string ranges: rangeField.text

    parent: Overlay.overlay
    anchors.centerIn: parent
    width: 480
    modal: true
    title: qsTr("Where to look")
    standardButtons: Dialog.Ok | Dialog.Cancel
    onAccepted: plant.scan(interfaces, addresses, ranges)

    GridLayout {
        width: parent.width
        columns: 2
        Label { text: qsTr("Interfaces") }
        TextField {
            id: interfaceField
            Layout.fillWidth: true
            placeholderText: qsTr("all")
            Accessible.name: qsTr("Interfaces")
        }
        Label { text: qsTr("Addresses") }
        TextField {
            id: addressField
            Layout.fillWidth: true
            placeholderText: "10.77.0.5:8080, [fe80::1%eth0]:8080"
            Accessible.name: qsTr("Addresses")
        }
        Label { text: qsTr("Ranges") }
        TextField {
            id: rangeField
            Layout.fillWidth: true
            placeholderText: "10.77.0.0/24:8080"
            Accessible.name: qsTr("Ranges")
        }
    }
}
