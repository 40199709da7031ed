// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls

ComboBox {
    id: root
    implicitHeight: 32
    font.pixelSize: Theme.normal
    leftPadding: 8

    contentItem: Label {
        text: root.displayText
        font: root.font
        color: Theme.text
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
        textFormat: Text.PlainText
    }
    indicator: Label {
        x: root.width - width - 8
        anchors.verticalCenter: parent.verticalCenter
        text: "▾"
        color: Theme.faint
    }
    background: Rectangle {
        radius: Theme.radius
        color: Theme.card
        border.width: root.activeFocus ? 2 : 1
        border.color: root.activeFocus ? Theme.focus : Theme.edge
    }
    delegate: ItemDelegate {
        required property var modelData
        required property int index
        width: ListView.view ? ListView.view.width : root.width
        height: 30
        highlighted: root.highlightedIndex === index
        contentItem: Label {
            text: root.textRole === "" ? modelData : modelData[root.textRole]
            font.pixelSize: Theme.normal
            color: Theme.text
            elide: Text.ElideRight
            textFormat: Text.PlainText
            verticalAlignment: Text.AlignVCenter
        }
        background: Rectangle { color: parent.highlighted ? Theme.chosen : "transparent" }
    }
    popup: Popup {
        y: root.height + 2
        width: root.width
        height: Math.min(contentItem.implicitHeight + 8, 260)
        padding: 4
        contentItem: ListView {
            clip: true
            implicitHeight: contentHeight
            model: root.popup.visible ? root.delegateModel : null
            currentIndex: root.highlightedIndex
            ScrollBar.vertical: ScrollBar {}
        }
        background: Rectangle { radius: Theme.radius; color: Theme.card; border.color: Theme.line }
    }
}
