// SPDX-License-Identifier: Apache-2.0
// Where to look: interfaces for announcements, addresses and ranges beyond the next router.
import QtQuick
import Fairlead
import QtQuick.Controls

Sheet {
    id: root
    required property var plant
    readonly property alias interfaces: interfaceField.text
    readonly property alias addresses: addressField.text
    readonly property alias ranges: rangeField.text

    title: qsTr("Where to look")
    explanation: qsTr("Browsing ends at the next router. Beyond it devices are asked at their addresses.")
    acceptText: qsTr("Scan")
    onOpened: interfaceField.entry.forceActiveFocus()
    onWanted: plant.scan(interfaces, addresses, ranges)

    SheetField { id: interfaceField; label: qsTr("Interfaces"); placeholder: qsTr("all"); onAccepted: root.submit() }
    SheetField { id: addressField; label: qsTr("Addresses"); placeholder: "10.77.0.5:8080, [fe80::1%eth0]:8080"; onAccepted: root.submit() }
    SheetField { id: rangeField; label: qsTr("Ranges"); placeholder: "10.77.0.0/24:8080"; onAccepted: root.submit() }
}
