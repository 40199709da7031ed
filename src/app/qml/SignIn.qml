// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Dialog {
    id: root
    required property var server

    function submit() {
        if (!server.busy)
            server.signIn(url.text, user.text, password.text, ca.text);
    }

    parent: Overlay.overlay
    anchors.centerIn: parent
    width: 460
    modal: true
    title: qsTr("Sign in")
    onOpened: (user.text === "" ? user : password).forceActiveFocus()
    onClosed: password.clear()

    Connections {
        target: root.server
        function onChanged() {
            if (root.server.signedIn)
                root.close();
        }
    }

    GridLayout {
        width: parent.width
        columns: 2
        Label { text: qsTr("Server") }
        TextField {
            id: url
            Layout.fillWidth: true
            text: root.server.url
            placeholderText: "https://edge.example:8041"
            Accessible.name: qsTr("Server")
        }
        Label { text: qsTr("Authority") }
        TextField {
            id: ca
            Layout.fillWidth: true
            placeholderText: qsTr("file with its certificate, if this machine doesn't know it")
            Accessible.name: qsTr("Authority")
        }
        Label { text: qsTr("User") }
        TextField { id: user; Layout.fillWidth: true; Accessible.name: qsTr("User") }
        Label { text: qsTr("Password") }
        TextField {
            id: password
            Layout.fillWidth: true
            echoMode: TextInput.Password
            onAccepted: root.submit()
            Accessible.name: qsTr("Password")
        }
        Label {
            Layout.columnSpan: 2
            Layout.fillWidth: true
            visible: text !== ""
            text: root.server.problem
            color: Theme.tone("bad")
            wrapMode: Text.Wrap
            textFormat: Text.PlainText
        }
    }

    footer: DialogButtonBox {
        Button {
            text: root.server.busy ? qsTr("Signing in…") : qsTr("Sign in")
            enabled: !root.server.busy && url.text !== "" && user.text !== ""
            highlighted: true
            onClicked: root.submit()
        }
        Button { text: qsTr("Cancel"); DialogButtonBox.buttonRole: DialogButtonBox.RejectRole }
    }
}
