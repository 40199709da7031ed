// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Templates as T

T.TextField {
    id: root
    property bool wrong: false

    implicitWidth: 160
    implicitHeight: 32
    leftPadding: 8
    rightPadding: 8
    font.pixelSize: Theme.normal
    color: Theme.text
    selectionColor: Theme.accent
    selectedTextColor: Theme.accentText
    placeholderTextColor: Theme.faint
    selectByMouse: true
    verticalAlignment: TextInput.AlignVCenter

    Label {
        anchors { fill: parent; leftMargin: root.leftPadding; rightMargin: root.rightPadding }
        visible: root.text === "" && root.preeditText === ""
        text: root.placeholderText
        font: root.font
        color: root.placeholderTextColor
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }
    background: Rectangle {
        radius: Theme.radius
        color: Theme.card
        border.width: root.activeFocus ? 2 : 1
        border.color: root.wrong ? Theme.tone("bad") : root.activeFocus ? Theme.focus : Theme.edge
    }
}
