// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone
    readonly property var cloud: phone.cloud
    readonly property bool known: cloud.serial !== undefined

    component Fact: ColumnLayout {
        property string what
        property string value
        visible: value !== ""
        spacing: 2
        Words { text: parent.what; font.pixelSize: 15 }
        Words { text: parent.value; color: Theme.text; font.pixelSize: 18 }
    }

    title: known ? (cloud.name !== "" ? cloud.name : cloud.serial) : qsTr("Device")
    canGoBack: false

    Rectangle {
        Layout.fillWidth: true
        implicitHeight: 150
        radius: 18
        color: Theme.card
        border.width: 1
        border.color: Theme.line
        ColumnLayout {
            anchors.centerIn: parent
            spacing: 10
            Rectangle {
                Layout.alignment: Qt.AlignHCenter
                implicitWidth: 64
                implicitHeight: 64
                radius: 32
                color: root.cloud.good ? Theme.tone("good") : Theme.raised
                Text {
                    anchors.centerIn: parent
                    text: root.cloud.good ? "✓" : "…"
                    font.pixelSize: 34
                    color: root.cloud.good ? Theme.card : Theme.faint
                }
            }
            Words {
                Layout.alignment: Qt.AlignHCenter
                horizontalAlignment: Text.AlignHCenter
                text: root.known ? root.cloud.state : qsTr("Asking the server …")
                color: Theme.text
                font.pixelSize: 22
                font.bold: true
            }
        }
    }
    Fact { what: qsTr("Serial number"); value: root.cloud.serial ?? "" }
    Fact { what: qsTr("Model"); value: root.cloud.model ?? "" }
    Fact { what: qsTr("Account"); value: root.cloud.account ?? "" }
    Fact { what: qsTr("Last seen"); value: root.cloud.seen ?? "" }
    Item { Layout.fillHeight: true }

    buttons: BigButton { Layout.fillWidth: true; text: qsTr("Done"); onClicked: root.phone.back() }
}
