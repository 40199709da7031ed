// SPDX-License-Identifier: Apache-2.0
// A device that no row has the code of shows itself.
import QtQuick
import Fairlead
import QtQuick.Controls

Sheet {
    id: root
    required property var talk
    property string key

    function begin(entry) {
        key = entry.key;
        title = qsTr("Identify %1").arg(entry.name || entry.serial);
        code.text = "";
        open();
        code.entry.forceActiveFocus();
    }

    explanation: qsTr("No row of the plan has this device's code. It shows itself to who knows the code, or has just pressed its button.")
    acceptText: qsTr("Identify")
    onWanted: talk.identify(key, code.text)
    SheetField {
        id: code
        label: qsTr("Code on the label; empty if its button was just pressed")
        echoMode: TextInput.Password
        onAccepted: root.submit()
    }
}
