// SPDX-License-Identifier: Apache-2.0
// Where the devices are: whose they are, the site's name, and its Wi-Fi, so that nobody types it for every device.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Page {
    id: root
    required property var phone
    readonly property var server: phone.server

    title: qsTr("Place")
    onBack: phone.back()
    onVisibleChanged: {
        site.text = phone.site;
        wifi.text = phone.wifi;
        password.text = "";
    }

    Words {
        text: root.server.signedIn ? qsTr("Signed in as %1.").arg(root.server.user) : qsTr("The server can't be reached.")
    }
    ComboBox {
        Layout.fillWidth: true
        implicitHeight: 54
        font.pixelSize: 18
        visible: root.server.accounts.length > 1
        model: root.server.accounts
        currentIndex: root.server.accounts.indexOf(root.server.account)
        onActivated: root.server.account = currentText
        Accessible.name: qsTr("Account")
    }
    Field { id: site; label: qsTr("Site"); hint: qsTr("Hall 2") }
    Field { id: wifi; label: qsTr("Wi-Fi of the site") }
    Field { id: password; visible: wifi.text !== ""; label: qsTr("Wi-Fi password"); secret: true }
    Words { text: qsTr("They are kept on this phone.") }
    Item { Layout.fillHeight: true }

    buttons: ColumnLayout {
        spacing: 10
        BigButton {
            Layout.fillWidth: true
            text: qsTr("Keep")
            onClicked: root.phone.setPlace(site.text, wifi.text, password.text)
        }
        BigButton { Layout.fillWidth: true; plain: true; text: qsTr("Sign out"); onClicked: root.phone.signOut() }
    }
}
