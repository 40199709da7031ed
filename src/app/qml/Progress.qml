// SPDX-License-Identifier: Apache-2.0
// The foot of the window: how far provisioning is, and how many are in which state.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ToolBar {
    id: root
    required property var plant

    padding: Theme.gap
    background: Rectangle {
        color: Theme.card
        Rectangle { width: parent.width; height: 1; color: Theme.line }
    }

    RowLayout {
        anchors.fill: parent
        spacing: Theme.gap * 2
        BusyIndicator {
            running: root.plant.scanning
            visible: running
            implicitWidth: 20
            implicitHeight: 20
            Accessible.name: qsTr("Scanning")
        }
        Label {
            readonly property var counts: root.plant.all.counts
            text: Object.keys(counts).length === 0
                ? qsTr("Nothing is planned and nothing was seen yet")
                : Object.keys(counts).map(state => counts[state] + " " + state).join(" · ")
            color: Theme.faint
            elide: Text.ElideRight
            Layout.fillWidth: true
        }
        Label {
            visible: root.plant.applying
            text: root.plant.progress
            color: Theme.text
        }
        ProgressBar {
            visible: root.plant.applying
            from: 0
            to: Math.max(1, root.plant.applyAll)
            value: root.plant.applyThrough
            implicitWidth: 220
            Accessible.name: qsTr("Provisioning")
        }
    }
}
