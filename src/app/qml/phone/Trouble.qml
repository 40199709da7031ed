// SPDX-License-Identifier: Apache-2.0
// What went wrong, what to do, and the means to do it here: nothing is begun anew.
import QtQuick
import Fairlead
import QtQuick.Controls

Rectangle {
    id: root
    required property var setup
    readonly property var trouble: setup.trouble
    readonly property string remedy: trouble.remedy ?? ""
    readonly property bool waits: trouble.waits ?? false
    readonly property bool wantsText: remedy === "code" || remedy === "wifi_password"
    signal signInWanted()

    function goOn() {
        switch (remedy) {
        case "code": setup.giveCode(answer.text); break;
        case "wifi_password": setup.givePassword(answer.text); break;
        case "wifi_network": setup.chooseOtherNetwork(); break;
        case "sign_in": signInWanted(); break;
        default: setup.again();
        }
    }

    onRemedyChanged: {
        answer.text = "";
        if (wantsText)
            answer.focusIn();
    }

    implicitHeight: lines.implicitHeight + 36
    radius: 18
    color: Theme.card
    border.width: 2
    border.color: waits ? Theme.tone("warn") : Theme.tone("bad")

    Column {
        id: lines
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: 18 }
        spacing: 12
        Words {
            width: parent.width
            text: root.trouble.title ?? ""
            color: root.waits ? Theme.tone("warn") : Theme.tone("bad")
            font.pixelSize: 20
            font.bold: true
            Accessible.role: Accessible.AlertMessage
        }
        Words { width: parent.width; text: root.trouble.advice ?? ""; color: Theme.text; font.pixelSize: 17 }
        Words { width: parent.width; text: root.wantsText ? "" : root.trouble.detail ?? ""; font.pixelSize: 14; maximumLineCount: 3; elide: Text.ElideRight }
        Field {
            id: answer
            width: parent.width
            visible: root.wantsText
            secret: root.remedy === "wifi_password"
            label: root.remedy === "code" ? qsTr("Code") : qsTr("Password of %1").arg(root.setup.wifi)
            onAccepted: root.goOn()
        }
        BigButton {
            width: parent.width
            visible: root.remedy !== "none"
            enabled: !root.setup.busy && (!root.wantsText || answer.text !== "")
            text: root.remedy === "wifi_network" ? qsTr("Choose a network") : root.remedy === "sign_in" ? qsTr("Sign in")
                : root.waits && root.setup.busy ? qsTr("Trying …") : qsTr("Try again")
            onClicked: root.goOn()
        }
        BigButton {
            width: parent.width
            plain: true
            visible: root.remedy === "wifi_password"
            text: qsTr("Choose another network")
            onClicked: root.setup.chooseOtherNetwork()
        }
    }
}
