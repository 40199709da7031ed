// SPDX-License-Identifier: Apache-2.0
// The Wi-Fi networks that the device hears, and the password of the one that is chosen.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ColumnLayout {
    id: root
    required property var setup
    property string chosen: ""
    property bool chosenIsOpen: false
    property bool other: false  // one that the device doesn't hear: it hides
    readonly property bool asks: chosen !== "" || other

    function join() {
        if (other ? name.text === "" : !chosenIsOpen && password.text.length < 8)
            return;
        setup.join(other ? name.text : chosen, password.text);
    }
    function choose(network, open) {
        chosen = network;
        chosenIsOpen = open;
        password.text = "";
        if (!open)
            password.focusIn();
    }

    spacing: 14
    onVisibleChanged: {
        chosen = "";
        other = false;
        name.text = "";
        password.text = "";
    }

    Words { visible: !root.asks; text: qsTr("Which Wi-Fi shall the device use? It hears these:") }
    ListView {
        visible: !root.asks
        Layout.fillWidth: true
        Layout.fillHeight: true
        clip: true
        spacing: 10
        model: root.setup.networks
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Networks")
        delegate: Choice {
            required property var modelData
            width: ListView.view.width
            text: modelData.name
            detail: modelData.whyNot !== "" ? modelData.whyNot : modelData.open ? qsTr("No password") : modelData.security
            bars: modelData.bars
            enabled: modelData.whyNot === ""
            onClicked: root.choose(modelData.name, modelData.open)
        }
    }
    BigButton {
        visible: !root.asks
        Layout.fillWidth: true
        plain: true
        text: qsTr("Another network")
        onClicked: {
            root.other = true;
            name.focusIn();
        }
    }
    Words { visible: root.chosen !== ""; text: root.chosen; color: Theme.text; font.pixelSize: 20; font.bold: true }
    Words {
        text: root.chosenIsOpen ? qsTr("This network has no password: whoever is near can listen in.") : ""
        color: Theme.tone("warn")
    }
    Field { id: name; visible: root.other; label: qsTr("Name of the network"); onAccepted: password.focusIn() }
    Field {
        id: password
        visible: root.asks && !root.chosenIsOpen
        label: root.other ? qsTr("Wi-Fi password, if it has one") : qsTr("Wi-Fi password")
        secret: true
        onAccepted: root.join()
    }
    BigButton {
        visible: root.asks
        Layout.fillWidth: true
        text: qsTr("Join")
        enabled: root.other ? name.text !== "" && (password.text === "" || password.text.length >= 8)
                            : root.chosenIsOpen || password.text.length >= 8
        onClicked: root.join()
    }
    BigButton {
        visible: root.asks
        Layout.fillWidth: true
        plain: true
        text: qsTr("Choose another network")
        onClicked: {
            root.chosen = "";
            root.other = false;
        }
    }
    Item { visible: root.asks; Layout.fillHeight: true }
}
