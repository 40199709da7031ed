// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Sheet {
    id: root
    required property var desk
    property string key
    property var names: []

    function begin(current) {
        key = current;
        names = desk.undoNames(current);
        reason.text = "";
        open();
        reason.entry.forceActiveFocus();
    }

    title: names.length === 1 ? qsTr("Undo %1").arg(names[0]) : qsTr("Undo %1 rows").arg(names.length)
    explanation: names.length === 0
        ? qsTr("Nothing was done for this row that could be taken back. Tick rows that were provisioned.")
        : qsTr("Taken back at the server: a device that was new there is revoked and cut off at once, one that was known gets its "
               + "name back. The devices themselves are not reset.")
    acceptText: names.length === 0 ? "" : qsTr("Undo")
    acceptable: reason.text.trim() !== ""
    danger: true
    onWanted: desk.undo(key, reason.text)

    Label {
        visible: root.names.length > 1
        text: root.names.slice(0, 12).join(", ") + (root.names.length > 12 ? qsTr(" and %1 more").arg(root.names.length - 12) : "")
        color: Theme.text
        wrapMode: Text.Wrap
        textFormat: Text.PlainText
        Layout.fillWidth: true
    }
    SheetField {
        id: reason
        visible: root.names.length > 0
        label: qsTr("Why? It goes into the devices' records.")
        onAccepted: root.submit()
    }
}
