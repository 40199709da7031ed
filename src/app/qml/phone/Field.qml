// SPDX-License-Identifier: Apache-2.0
// A line to type in, below its name.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ColumnLayout {
    id: root
    property string label
    property string hint: ""
    property alias text: line.text
    property bool secret: false
    signal accepted()

    function focusIn() { line.forceActiveFocus(); }

    spacing: 6
    Layout.fillWidth: true
    // Qt tells no name of a line for a password: whoever listens hears it of the two together.
    Accessible.role: Accessible.Grouping
    Accessible.name: label

    Label {
        text: root.label
        color: Theme.faint
        font.pixelSize: 15
        Accessible.ignored: true
    }
    TextField {
        id: line
        Layout.fillWidth: true
        implicitHeight: 54
        leftPadding: 16
        rightPadding: reveal.visible ? reveal.width + 8 : 16
        font.pixelSize: 18
        color: Theme.text
        placeholderText: root.hint
        placeholderTextColor: Theme.faint
        echoMode: root.secret && !reveal.checked ? TextInput.Password : TextInput.Normal
        inputMethodHints: Qt.ImhNoAutoUppercase | Qt.ImhNoPredictiveText | (root.secret ? Qt.ImhSensitiveData : 0)
        onAccepted: root.accepted()
        Accessible.name: root.label
        background: Rectangle {
            radius: 14
            color: Theme.card
            border.width: line.activeFocus ? 2 : 1
            border.color: line.activeFocus ? Theme.accent : Theme.line
        }
        AbstractButton {
            id: reveal
            visible: root.secret && line.text !== ""
            anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
            width: 72
            checkable: true
            focusPolicy: Qt.TabFocus
            Accessible.name: checked ? qsTr("Hide %1").arg(root.label) : qsTr("Show %1").arg(root.label)
            contentItem: Text {
                text: reveal.checked ? qsTr("Hide") : qsTr("Show")
                color: Theme.accent
                font.pixelSize: 15
                font.underline: reveal.visualFocus
                horizontalAlignment: Text.AlignHCenter
                verticalAlignment: Text.AlignVCenter
            }
        }
    }
}
