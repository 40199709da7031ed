// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls

Sheet {
    id: root
    required property var server

    title: qsTr("Sign in")
    acceptText: server.busy ? qsTr("Signing in…") : qsTr("Sign in")
    acceptable: !server.busy && url.text !== "" && user.text !== ""
    problem: server.problem
    stays: true
    onOpened: (user.text === "" ? user : password).entry.forceActiveFocus()
    onClosed: password.text = ""
    onWanted: server.signIn(url.text, user.text, password.text, ca.text)

    Connections {
        target: root.server
        function onChanged() {
            if (root.server.signedIn)
                root.close();
        }
    }

    SheetField { id: url; label: qsTr("Server"); text: root.server.url; placeholder: "https://edge.example:8041"; onAccepted: root.submit() }
    SheetField {
        id: ca
        label: qsTr("File with the certificate of its authority, if this machine doesn't know it")
        onAccepted: root.submit()
    }
    SheetField { id: user; label: qsTr("User"); onAccepted: root.submit() }
    SheetField { id: password; label: qsTr("Password"); echoMode: TextInput.Password; onAccepted: root.submit() }
}
