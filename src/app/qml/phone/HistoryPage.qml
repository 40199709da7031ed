// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone

    title: qsTr("History")
    onBack: phone.back()

    Words { visible: list.count === 0; text: qsTr("Nothing was set up with this phone yet.") }
    ListView {
        id: list
        Layout.fillWidth: true
        Layout.fillHeight: true
        clip: true
        spacing: 10
        model: root.phone.history
        Accessible.role: Accessible.List
        Accessible.name: qsTr("History")
        delegate: Choice {
            required property var modelData
            width: ListView.view.width
            text: modelData.name
            detail: qsTr("%1, %2").arg(modelData.words).arg(modelData.when)
            enabled: modelData.device !== ""
            onClicked: root.phone.showDevice(modelData.device)
        }
    }
}
