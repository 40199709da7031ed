// SPDX-License-Identifier: Apache-2.0
// The candidate picker: which upstreams a device was told of, and which one it shall try first.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Sheet {
    id: root
    required property var talk
    property string key
    property bool fresh: false  // asked, and nothing came yet

    function ask(entry) {
        talk.leave();
        key = entry.key;
        fresh = true;
        title = qsTr("Upstreams of %1").arg(entry.name || entry.serial);
        code.text = "";
        uri.text = "";
        fingerprint.text = "";
        open();
        if (talk.hasCode(key))
            talk.askUpstreams(key, "");
        else
            code.entry.forceActiveFocus();
    }

    width: Math.min(860, parent ? parent.width - 32 : 860)
    problem: talk.problem
    explanation: qsTr("What the network told the device is a hint. It believes a voucher, or the one you choose here: "
                      + "with exactly the key that you see.")
    onClosed: talk.leave()
    RowLayout {
        visible: !root.talk.asked && !root.talk.hasCode(root.key)
        spacing: Theme.gap
        SheetField {
            id: code
            label: qsTr("Code on the label; empty if its button was just pressed")
            onAccepted: root.talk.askUpstreams(root.key, text)
        }
        PushButton {
            text: qsTr("Ask")
            highlighted: true
            enabled: !root.talk.busy
            Layout.alignment: Qt.AlignBottom
            onClicked: root.talk.askUpstreams(root.key, code.text)
        }
    }
    Label {
        visible: root.talk.busy || root.talk.done !== ""
        text: root.talk.busy ? qsTr("Asking the device…") : root.talk.done
        color: root.talk.busy ? Theme.faint : Theme.tone("good")
        wrapMode: Text.Wrap
        textFormat: Text.PlainText
        Layout.fillWidth: true
    }
    Label {
        visible: root.talk.asked && list.count === 0
        text: qsTr("The device was told of no upstream: neither DHCP nor DNS-SD nor a name in its domain named one, or it "
                   + "does not look. Give it one below.")
        color: Theme.faint
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    ListView {
        id: list
        visible: count > 0
        Layout.fillWidth: true
        Layout.preferredHeight: Math.min(contentHeight, 260)
        model: root.talk.upstreams
        spacing: 4
        clip: true
        onCountChanged: {
            if (!root.fresh || count === 0)
                return;
            root.fresh = false;
            currentIndex = 0;
            forceActiveFocus();
        }
        activeFocusOnTab: true
        keyNavigationEnabled: true
        boundsBehavior: Flickable.StopAtBounds
        ScrollBar.vertical: ScrollBar {}
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Upstreams")
        Keys.onReturnPressed: if (currentItem) currentItem.choose()
        Keys.onSpacePressed: if (currentItem) currentItem.choose()
        delegate: UpstreamCard {
            width: list.width
            talk: root.talk
        }
    }
    Rectangle { visible: root.talk.asked; height: 1; color: Theme.line; Layout.fillWidth: true; Layout.topMargin: 4 }
    RowLayout {
        visible: root.talk.asked
        spacing: Theme.gap
        SheetField { id: uri; label: qsTr("Give one by hand"); placeholder: "https://10.77.0.2:8040"; onAccepted: give.clicked() }
        SheetField { id: fingerprint; label: qsTr("Its key, SHA-256; empty: any"); placeholder: qsTr("64 digits"); onAccepted: give.clicked() }
        PushButton {
            id: give
            text: qsTr("Give")
            enabled: uri.text.trim() !== "" && !root.talk.busy
            Layout.alignment: Qt.AlignBottom
            onClicked: if (enabled) root.talk.give(uri.text, fingerprint.text)
        }
        PushButton {
            text: qsTr("Forget choice")
            enabled: !root.talk.busy
            Layout.alignment: Qt.AlignBottom
            hint: qsTr("The device takes what the network names again")
            onClicked: root.talk.forget()
        }
    }
}
