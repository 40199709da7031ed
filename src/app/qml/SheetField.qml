// SPDX-License-Identifier: Apache-2.0
// A line of a sheet: what is asked, and the field for it.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ColumnLayout {
    id: root
    property string label
    property alias text: entry.text
    property alias placeholder: entry.placeholderText
    property alias echoMode: entry.echoMode
    property alias entry: entry
    signal accepted()

    spacing: 2
    Layout.fillWidth: true
    Label {
        text: root.label
        color: Theme.faint
        font.pixelSize: Theme.small
    }
    TextEntry {
        id: entry
        Layout.fillWidth: true
        Accessible.name: root.label
        onAccepted: root.accepted()
    }
}
