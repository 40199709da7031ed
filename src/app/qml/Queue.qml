// SPDX-License-Identifier: Apache-2.0
// The adoption queue: who waits for a decision, why, and the decision with its reason.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var queue
    required property var server
    signal signInWanted()

    color: Theme.window
    onVisibleChanged: {
        if (queue)
            queue.watched = visible;
        if (visible)
            list.forceActiveFocus();
    }

    ListView {
        id: list
        anchors.fill: parent
        anchors.margins: Theme.gap * 2
        spacing: Theme.gap
        clip: true
        model: root.queue
        activeFocusOnTab: true
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Waiting for a decision")
        keyNavigationEnabled: true
        onCountChanged: if (currentIndex < 0 && count > 0) currentIndex = 0
        Keys.onPressed: event => {
            if (!currentItem || !currentItem.undecided)
                return;
            if (event.key === Qt.Key_A)
                currentItem.approve();
            else if (event.key === Qt.Key_R && currentItem.keyState === "waiting")
                currentItem.refuse();
            else
                return;
            event.accepted = true;
        }

        delegate: Rectangle {
            id: card
            required property string device
            required property string fingerprint
            required property string name
            required property string serial
            required property string deviceModel
            required property string why
            required property string keyState
            required property string evidence
            required property string since
            required property bool undecided

            function approve() { root.queue.approve(device, fingerprint) }
            function refuse() { refusal.ask(device, fingerprint, name || serial) }

            width: list.width
            height: content.implicitHeight + 2 * Theme.gap
            radius: Theme.radius
            color: Theme.card
            border.width: ListView.isCurrentItem && list.activeFocus ? 2 : 1
            border.color: ListView.isCurrentItem && list.activeFocus ? Theme.focus : Theme.line
            Accessible.role: Accessible.ListItem
            Accessible.name: [keyState, name, serial, why].filter(each => each !== "").join(", ")

            RowLayout {
                id: content
                anchors { left: parent.left; right: parent.right; top: parent.top; margins: Theme.gap }
                spacing: Theme.gap
                ColumnLayout {
                    Layout.fillWidth: true
                    Label {
                        text: [card.name, card.serial, card.deviceModel].filter(each => each !== "").join(" · ")
                        font.weight: Font.DemiBold
                        textFormat: Text.PlainText
                        color: Theme.text
                    }
                    Label {
                        Layout.fillWidth: true
                        text: card.why
                        wrapMode: Text.Wrap
                        textFormat: Text.PlainText
                        color: Theme.text
                    }
                    Label {
                        Layout.fillWidth: true
                        text: qsTr("Key %1: %2, by %3, since %4").arg(card.fingerprint).arg(card.keyState)
                            .arg(card.evidence).arg(card.since)
                        elide: Text.ElideMiddle
                        textFormat: Text.PlainText
                        color: Theme.faint
                        font.pixelSize: Theme.small
                    }
                }
                PushButton {
                    visible: card.keyState === "waiting"  // a quarantined key is revoked with its device
                    text: qsTr("Refuse…")
                    Accessible.name: qsTr("Refuse %1").arg(card.serial)
                    onClicked: card.refuse()
                    hint: "R"
                }
                PushButton {
                    visible: card.undecided
                    text: qsTr("Approve")
                    highlighted: true
                    Accessible.name: qsTr("Approve %1").arg(card.serial)
                    onClicked: card.approve()
                    hint: "A"
                }
            }
        }

        footer: Label {
            width: list.width
            visible: root.queue.problem !== ""
            text: root.queue.problem
            color: Theme.tone("bad")
            wrapMode: Text.Wrap
            textFormat: Text.PlainText
        }
    }

    ColumnLayout {
        anchors.centerIn: parent
        visible: list.count === 0
        Label {
            Layout.alignment: Qt.AlignHCenter
            color: Theme.faint
            text: root.server.signedIn ? qsTr("Nobody waits for a decision.")
                                       : qsTr("Sign in to see who waits for a decision.")
        }
        PushButton {
            Layout.alignment: Qt.AlignHCenter
            visible: !root.server.signedIn
            text: qsTr("Sign in…")
            onClicked: root.signInWanted()
        }
    }

    Sheet {
        id: refusal
        property string device
        property string fingerprint
        function ask(id, key, name) {
            device = id;
            fingerprint = key;
            title = qsTr("Refuse %1").arg(name);
            reason.text = "";
            open();
            reason.entry.forceActiveFocus();
        }
        acceptText: qsTr("Refuse")
        acceptable: reason.text.trim() !== ""
        danger: true
        onWanted: root.queue.refuse(device, fingerprint, reason.text)
        SheetField { id: reason; label: qsTr("Why? Others will read it."); onAccepted: refusal.submit() }
    }
}
