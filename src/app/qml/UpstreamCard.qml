// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var modelData
    required property int index
    property var talk
    readonly property bool choosable: modelData.key !== "" && !talk.busy

    function choose() {
        if (choosable)
            talk.choose(modelData.key);
    }

    implicitHeight: content.implicitHeight + 2 * Theme.gap
    radius: Theme.radius
    color: modelData.chosen ? Theme.chosen : Theme.window
    border.width: ListView.isCurrentItem && ListView.view.activeFocus ? 2 : 1
    border.color: ListView.isCurrentItem && ListView.view.activeFocus ? Theme.focus : Theme.line
    Accessible.role: Accessible.ListItem
    Accessible.name: [modelData.uri, modelData.name, source.text, fingerprint.text, tried.text].join(", ")

    component Faint: Label {
        Layout.fillWidth: true
        color: Theme.faint
        font.pixelSize: Theme.small
        elide: Text.ElideRight
        textFormat: Text.PlainText
    }

    MouseArea {
        anchors.fill: parent
        onClicked: { root.ListView.view.currentIndex = root.index; root.ListView.view.forceActiveFocus(); }
    }
    RowLayout {
        id: content
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap }
        spacing: Theme.gap
        ColumnLayout {
            spacing: 2
            Label {
                Layout.fillWidth: true
                text: root.modelData.name === "" ? root.modelData.uri : qsTr("%1 – %2").arg(root.modelData.name).arg(root.modelData.uri)
                color: Theme.text
                font.weight: Font.DemiBold
                elide: Text.ElideMiddle
                textFormat: Text.PlainText
            }
            Faint {
                id: source
                text: [root.modelData.chosen ? qsTr("chosen by a person") : root.modelData.interface === "" ? qsTr("by %1").arg(root.modelData.source)
                           : qsTr("by %1 on %2").arg(root.modelData.source).arg(root.modelData.interface),
                       root.modelData.address === "" ? qsTr("no address answered yet")
                           : qsTr("at %1, round trip %2 ms").arg(root.modelData.address).arg(root.modelData.milliseconds)].join(" · ")
            }
            Faint {
                id: fingerprint
                text: root.modelData.key === "" ? qsTr("key not seen yet")
                    : qsTr("key %1").arg(root.modelData.key.match(/.{1,8}/g).join(" "))
            }
            Faint {
                id: tried
                text: root.modelData.result === "" ? qsTr("not tried yet")
                    : qsTr("last try %1 s ago: %2").arg(root.modelData.seconds).arg(root.modelData.result)
            }
        }
        PushButton {
            text: root.modelData.chosen ? qsTr("Chosen") : qsTr("Choose")
            enabled: root.choosable && !root.modelData.chosen
            highlighted: !root.modelData.chosen && root.modelData.key !== ""
            focusPolicy: Qt.NoFocus
            Accessible.name: qsTr("Choose %1").arg(root.modelData.uri)
            onClicked: root.choose()
        }
    }
}
