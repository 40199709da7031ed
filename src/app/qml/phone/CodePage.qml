// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone

    function begin() {
        if (code.text.trim() !== "")
            phone.start(code.text);
    }

    title: phone.picked
    onBack: phone.back()
    onVisibleChanged: {
        code.text = phone.labelCode;
        if (visible && code.text === "")
            code.focusIn();
    }

    Words {
        text: root.phone.labelCode === "" ? qsTr("Type the code on the device's label.") : qsTr("The label was read.")
    }
    Field {
        id: code
        label: qsTr("Code")
        onAccepted: root.begin()
    }
    Words {
        text: root.phone.wifi === "" ? "" : qsTr("It will use the Wi-Fi %1, if it needs any.").arg(root.phone.wifi)
    }
    Item { Layout.fillHeight: true }

    buttons: BigButton {
        Layout.fillWidth: true
        text: qsTr("Set up")
        enabled: code.text.trim() !== ""
        onClicked: root.begin()
    }
}
