// SPDX-License-Identifier: Apache-2.0
// An action in a menu, with its keys.
import QtQuick
import Fairlead
import QtQuick.Controls

MenuItem {
    id: root
    implicitHeight: 30
    implicitWidth: words.implicitWidth + keys.implicitWidth + 56
    font.pixelSize: Theme.normal
    contentItem: Item {
        Label {
            id: words
            anchors.verticalCenter: parent.verticalCenter
            leftPadding: 6
            text: root.text
            color: root.enabled ? Theme.text : Theme.faint
            opacity: root.enabled ? 1 : 0.6
        }
        Label {
            id: keys
            anchors { right: parent.right; rightMargin: 6; verticalCenter: parent.verticalCenter }
            text: root.action && root.action.shortcut ? root.action.shortcut.toString().replace("Return", "Enter") : ""
            color: Theme.faint
            font.pixelSize: Theme.small
        }
    }
    background: Rectangle { radius: 4; color: root.highlighted ? Theme.chosen : "transparent" }
}
