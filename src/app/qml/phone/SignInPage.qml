// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone
    readonly property var server: phone.server

    function submit() {
        if (!server.busy && user.text !== "")
            phone.signIn(url.text, user.text, password.text, authority.text);
    }

    title: qsTr("Sign in")
    canGoBack: false

    Words { text: qsTr("New devices are registered to your account.") }
    Field {
        id: url
        label: qsTr("Server")
        hint: "https://edge.example:8041"
        text: root.phone.lastServer
        onAccepted: user.focusIn()
    }
    Field { id: user; label: qsTr("User"); onAccepted: password.focusIn() }
    Field { id: password; label: qsTr("Password"); secret: true; onAccepted: root.submit() }
    Field {
        id: authority
        visible: more.checked
        label: qsTr("Certificate file")
    }
    BigButton {
        id: more
        plain: true
        checkable: true
        visible: !checked
        Layout.alignment: Qt.AlignLeft
        font.pixelSize: 15
        implicitHeight: 44
        text: qsTr("It has a certificate of its own")
    }
    Words {
        text: root.server.busy ? "" : root.server.problem
        color: Theme.tone("bad")
        Accessible.role: Accessible.AlertMessage
    }
    Item { Layout.fillHeight: true }

    buttons: BigButton {
        Layout.fillWidth: true
        text: root.server.busy ? qsTr("Signing in …") : qsTr("Sign in")
        enabled: !root.server.busy && url.text !== "" && user.text !== ""
        onClicked: root.submit()
    }
}
