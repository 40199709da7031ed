// SPDX-License-Identifier: Apache-2.0
// A dialog in the middle of the window. Its content scrolls where the window is too low. Enter in
// its fields accepts, Escape leaves.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Dialog {
    id: root
    default property alias body: column.data
    property string explanation
    property string acceptText
    property bool acceptable: true
    property bool danger: false
    property string problem
    property bool stays: false  // accepting it doesn't close it
    signal wanted()

    function submit() {
        if (!acceptable || acceptText === "")
            return;
        if (!stays)
            accept();
        wanted();  // may open it again, with another question
    }

    parent: Overlay.overlay
    anchors.centerIn: parent
    width: Math.min(480, parent ? parent.width - 32 : 480)
    height: Math.min(implicitHeight, parent ? parent.height - 32 : implicitHeight)
    modal: true
    padding: 20
    topPadding: 8
    font.pixelSize: Theme.normal
    closePolicy: Popup.CloseOnEscape

    background: Rectangle {
        radius: Theme.radius + 4
        color: Theme.card
        border.color: Theme.line
    }
    Overlay.modal: Rectangle { color: Theme.shade }
    header: Label {
        text: root.title
        padding: 20
        bottomPadding: 4
        font.pixelSize: Theme.large
        font.weight: Font.DemiBold
        color: Theme.text
        elide: Text.ElideRight
        textFormat: Text.PlainText
    }
    contentItem: ScrollView {
        id: scroll
        contentWidth: availableWidth
        implicitHeight: column.implicitHeight
        clip: true
        ColumnLayout {
            id: column
            width: scroll.availableWidth
            spacing: Theme.gap
            Label {
                visible: text !== ""
                text: root.explanation
                color: Theme.faint
                wrapMode: Text.Wrap
                textFormat: Text.PlainText
                Layout.fillWidth: true
                Layout.bottomMargin: 4
            }
        }
    }
    footer: ColumnLayout {
        spacing: 0
        Label {
            visible: text !== ""
            text: root.problem
            color: Theme.tone("bad")
            wrapMode: Text.Wrap
            textFormat: Text.PlainText
            Layout.fillWidth: true
            Layout.leftMargin: 20
            Layout.rightMargin: 20
            Accessible.role: Accessible.AlertMessage
            Accessible.name: text
        }
        Row {
            Layout.alignment: Qt.AlignRight
            Layout.margins: 20
            Layout.topMargin: 12
            spacing: Theme.gap
            PushButton {
                text: root.acceptText === "" ? qsTr("Close") : qsTr("Cancel")
                onClicked: root.reject()
            }
            PushButton {
                visible: root.acceptText !== ""
                text: root.acceptText
                enabled: root.acceptable
                highlighted: true
                danger: root.danger
                onClicked: root.submit()
            }
        }
    }
}
