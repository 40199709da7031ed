// SPDX-License-Identifier: Apache-2.0
// All keys at one place.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Sheet {
    id: root
    title: qsTr("Keys")
    width: Math.min(620, parent ? parent.width - 32 : 620)

    readonly property var all: [
        [qsTr("Ctrl+O, Ctrl+I"), qsTr("open a project, import a table")],
        [qsTr("F5"), qsTr("scan, stop scanning")],
        [qsTr("Ctrl+F, Esc"), qsTr("to the filters, clear one")],
        [qsTr("↑ ↓ Page Home End"), qsTr("move in the list")],
        [qsTr("Space"), qsTr("tick the row")],
        [qsTr("Ctrl+A, Ctrl+Shift+A"), qsTr("tick all ready rows that are shown, none")],
        [qsTr("Ctrl+Enter"), qsTr("provision what is ticked")],
        [qsTr("Ctrl+Z"), qsTr("undo what was provisioned")],
        [qsTr("Ctrl+L"), qsTr("let the device show itself")],
        [qsTr("Ctrl+U"), qsTr("upstreams of the device")],
        [qsTr("Ctrl+B, Ctrl+R"), qsTr("bind the row, replace its device")],
        [qsTr("Ctrl+N"), qsTr("add a found device to the plan")],
        [qsTr("Ctrl+1, Ctrl+2"), qsTr("plant, who waits for a decision")],
        [qsTr("A, R"), qsTr("approve, refuse who waits")],
        [qsTr("Ctrl+S"), qsTr("write the report")],
        [qsTr("Ctrl+D"), qsTr("dark or light")],
        [qsTr("Tab, Shift+Tab"), qsTr("to the next field, to the one before")],
        [qsTr("Alt+F, P, D, V"), qsTr("menus")]
    ]
    Repeater {
        model: root.all
        RowLayout {
            required property var modelData
            Layout.fillWidth: true
            spacing: Theme.gap * 2
            Label { text: modelData[0]; color: Theme.text; font.weight: Font.DemiBold; Layout.preferredWidth: 190 }
            Label { text: modelData[1]; color: Theme.text; Layout.fillWidth: true; wrapMode: Text.Wrap }
        }
    }
}
