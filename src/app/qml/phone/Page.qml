// SPDX-License-Identifier: Apache-2.0
// A page of the phone: a title, what is on it, and its buttons within reach of a thumb.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Item {
    id: root
    property string title
    property string backText: qsTr("Back")
    property bool canGoBack: true
    default property alias content: body.data
    property alias buttons: foot.data
    signal back()

    Accessible.role: Accessible.Pane
    Accessible.name: title

    ColumnLayout {
        anchors { fill: parent; leftMargin: 20; rightMargin: 20; topMargin: 8; bottomMargin: 20 }
        spacing: 14

        Item {
            Layout.fillWidth: true
            implicitHeight: 44
            AbstractButton {
                id: backButton
                visible: root.canGoBack
                height: parent.height
                leftPadding: 0
                rightPadding: 16
                text: root.backText
                Accessible.name: text
                onClicked: root.back()
                contentItem: Text {
                    text: "‹ " + backButton.text
                    color: Theme.accent
                    font.pixelSize: 18
                    font.underline: backButton.visualFocus
                    verticalAlignment: Text.AlignVCenter
                }
            }
        }
        Label {
            Layout.fillWidth: true
            text: root.title
            color: Theme.text
            font.pixelSize: 28
            font.bold: true
            wrapMode: Text.Wrap
            textFormat: Text.PlainText
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }
        ColumnLayout {
            id: body
            Layout.fillWidth: true
            Layout.fillHeight: true
            spacing: 14
        }
        ColumnLayout {
            id: foot
            Layout.fillWidth: true
            spacing: 10
        }
    }
}
