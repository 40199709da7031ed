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

    Steps { Layout.fillWidth: true; visible: root.setup.state !== "NetworkWanted"; setup: root.setup }
    Networks {
        Layout.fillWidth: true
        Layout.fillHeight: true
        visible: root.setup.state === "NetworkWanted"
        setup: root.setup
    }
    Trouble {
        Layout.fillWidth: true
        visible: root.setup.state === "InTrouble"
        setup: root.setup
        onSignInWanted: root.phone.signInHere()
    }
    Words { visible: root.setup.state === "Working"; text: qsTr("Stay close to the device.") }
    Item { visible: root.setup.state !== "NetworkWanted"; Layout.fillHeight: true }
}
