// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone
    readonly property var setup: phone.setup

    title: setup.state === "NetworkWanted" ? qsTr("Wi-Fi for %1").arg(setup.name) : qsTr("Setting up %1").arg(setup.name)
    backText: setup.state === "InTrouble" ? qsTr("Later") : qsTr("Cancel")
    canGoBack: setup.state !== "Working"
    onBack: phone.back()

    // No layout: it would keep the height that a trouble's card had before its words were wrapped.
    Column {
        Layout.fillWidth: true
        visible: root.setup.state !== "NetworkWanted"
        spacing: 14
        Steps { width: parent.width; setup: root.setup }
        Trouble {
            width: parent.width
            visible: root.setup.state === "InTrouble"
            setup: root.setup
            onSignInWanted: root.phone.signInHere()
        }
        Words { width: parent.width; visible: root.setup.state === "Working"; text: qsTr("Stay close to the device.") }
    }
    Networks {
        Layout.fillWidth: true
        Layout.fillHeight: true
        visible: root.setup.state === "NetworkWanted"
        setup: root.setup
    }
    Item { visible: root.setup.state !== "NetworkWanted"; Layout.fillHeight: true }
}
