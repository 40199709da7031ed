// SPDX-License-Identifier: Apache-2.0
// Which device a row is for: bind one, put another in the place of one that failed, or make a row
// for a device that is in none.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Sheet {
    id: root
    required property var desk
    property string mode: "bind"  // "bind", "replace", "add"
    property string key
    property var devices: []
    property var rows: []

    function begin(how, entry) {
        mode = how;
        key = entry.key;
        const who = entry.name || entry.serial;
        title = how === "bind" ? (entry.hasRow ? qsTr("Which device is %1?").arg(who) : qsTr("Which row is %1 for?").arg(who))
              : how === "replace" ? qsTr("Replace the device of %1").arg(who) : qsTr("Add %1 to the plan").arg(who);
        devices = entry.hasRow ? [{ key: "", title: qsTr("another, by hand") }].concat(desk.freeDevices()) : [];
        rows = how === "bind" && !entry.hasRow ? desk.freeRows() : [];
        const identity = how === "replace" ? { serial: "", uri: "" } : desk.identityOf(key);
        serial.text = identity.serial || "";
        uri.text = identity.uri || "";
        name.text = "";
        code.text = "";
        reason.text = "";
        device.currentIndex = 0;
        open();
        if (how === "add")
            name.entry.forceActiveFocus();
        else if (rows.length > 0)
            row.forceActiveFocus();
        else if (devices.length > 1)
            device.forceActiveFocus();
        else
            serial.entry.forceActiveFocus();
    }

    explanation: mode === "bind" ? qsTr("The row keeps its name and its id. What the device proves later has to agree with this.")
        : mode === "replace" ? qsTr("The row keeps its name and its id. Provision it afterwards: the device before is revoked at the "
                                    + "moment when the new one is granted access.")
        : qsTr("As the device says that it is. It proves that when it is provisioned.")
    acceptText: mode === "bind" ? qsTr("Bind") : mode === "replace" ? qsTr("Replace") : qsTr("Add")
    acceptable: (serial.text.trim() !== "" || uri.text.trim() !== "") && (mode !== "replace" || reason.text.trim() !== "")
                && (mode !== "add" || name.text.trim() !== "")
    danger: mode === "replace"
    onWanted: {
        if (mode === "add")
            desk.add(key, name.text, code.text);
        else if (mode === "replace")
            desk.replace(key, serial.text, uri.text, code.text, reason.text);
        else
            desk.bind(rows.length > 0 ? rows[row.currentIndex].key : key, serial.text, uri.text, code.text);
    }

    component Question: Label { color: Theme.faint; font.pixelSize: Theme.small }

    Question { visible: root.rows.length > 0; text: qsTr("Row without a device") }
    ChoiceBox { id: row; visible: root.rows.length > 0; model: root.rows; textRole: "title"; Layout.fillWidth: true; Accessible.name: qsTr("Row") }
    Question { visible: root.devices.length > 1; text: qsTr("Device that was found and is in no row") }
    ChoiceBox {
        id: device
        visible: root.devices.length > 1
        model: root.devices
        textRole: "title"
        Layout.fillWidth: true
        Accessible.name: qsTr("Device")
        onActivated: {
            const identity = root.devices[currentIndex].key === "" ? { serial: "", uri: "" } : root.desk.identityOf(root.devices[currentIndex].key);
            serial.text = identity.serial;
            uri.text = identity.uri;
        }
    }
    SheetField { id: name; visible: root.mode === "add"; label: qsTr("Name in the plan"); onAccepted: root.submit() }
    SheetField { id: serial; visible: root.mode !== "add"; label: qsTr("Serial"); onAccepted: root.submit() }
    SheetField { id: uri; visible: root.mode !== "add"; label: qsTr("Product URI, where it has one"); onAccepted: root.submit() }
    SheetField {
        id: code
        label: root.mode === "add" ? qsTr("Code on its label") : qsTr("Code on its label; empty: as in the row")
        echoMode: TextInput.Password
        onAccepted: root.submit()
    }
    SheetField {
        id: reason
        visible: root.mode === "replace"
        label: qsTr("Why? It goes into the journal.")
        onAccepted: root.submit()
    }
}
