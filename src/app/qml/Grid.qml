// SPDX-License-Identifier: Apache-2.0
// One row for each device, planned or found. Header: sorts; below it a filter for each column.
// Keys: arrows, Page up and down, Home, End move; Space ticks. What is narrow leaves columns out.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Rectangle {
    id: root
    required property var plant
    readonly property var current: list.currentItem ? list.currentItem.facts : null

    readonly property var allColumns: [
        { role: "status", title: qsTr("State"), share: 1.4 },
        { role: "name", title: qsTr("Name"), share: 1.3 },
        { role: "serial", title: qsTr("Serial"), share: 1.2 },
        { role: "type", title: qsTr("Type"), share: 1.1, from: 700 },
        { role: "vendor", title: qsTr("Vendor"), share: 1.0, from: 820 },
        { role: "address", title: qsTr("Address"), share: 1.7, from: 560 },
        { role: "reason", title: qsTr("Reason"), share: 2.2 }
    ]
    readonly property var columns: allColumns.filter(each => !each.from || width >= each.from)
    readonly property real shares: columns.reduce((sum, each) => sum + each.share, 0)
    readonly property int tickWidth: 40
    property string sortedBy: ""
    property bool descending: false

    function widthOf(column) { return (width - tickWidth - 12) * column.share / shares }
    function sortBy(role) {
        descending = sortedBy === role ? !descending : false;
        sortedBy = role;
        plant.lines.sortBy(role, descending);
    }
    function focusFilter() { filters.itemAt(0).forceActiveFocus() }
    function show(key) {
        const at = plant.lines.placeOf(key);
        if (at < 0)
            return;
        list.currentIndex = at;
        list.positionViewAtIndex(at, ListView.Center);
    }
    Connections {
        target: root.plant
        function onCalled(key) { root.show(key) }
    }

    color: Theme.card

    Column {
        id: head
        width: parent.width
        Row {
            leftPadding: root.tickWidth
            Repeater {
                model: root.columns
                AbstractButton {
                    required property var modelData
                    width: root.widthOf(modelData)
                    height: Theme.rowHeight
                    focusPolicy: Qt.TabFocus
                    onClicked: root.sortBy(modelData.role)
                    Accessible.name: qsTr("Sort by %1").arg(modelData.title)
                    contentItem: Label {
                        text: modelData.title + (root.sortedBy !== modelData.role ? "" : root.descending ? " ▾" : " ▴")
                        font.weight: Font.DemiBold
                        color: Theme.text
                        verticalAlignment: Text.AlignVCenter
                        elide: Text.ElideRight
                        leftPadding: 4
                    }
                    background: Rectangle {
                        color: "transparent"
                        radius: 4
                        border.color: Theme.focus
                        border.width: parent.visualFocus ? 2 : 0
                    }
                }
            }
        }
        Row {
            leftPadding: root.tickWidth
            bottomPadding: 6
            spacing: 6
            Repeater {
                id: filters
                model: root.columns
                TextEntry {
                    required property var modelData
                    width: root.widthOf(modelData) - 6
                    height: 28
                    placeholderText: qsTr("Filter")
                    font.pixelSize: Theme.small
                    onTextChanged: root.plant.lines.setFilter(modelData.role, text)
                    Keys.onEscapePressed: clear()
                    Keys.onDownPressed: list.forceActiveFocus()
                    Accessible.name: qsTr("Filter %1").arg(modelData.title)
                }
            }
        }
        Rectangle { width: parent.width; height: 1; color: Theme.line }
    }

    ListView {
        id: list
        anchors { top: head.bottom; left: parent.left; right: parent.right; bottom: parent.bottom }
        clip: true
        model: root.plant.lines
        activeFocusOnTab: true
        keyNavigationEnabled: true
        highlightMoveDuration: 0
        boundsBehavior: Flickable.StopAtBounds
        reuseItems: true
        ScrollBar.vertical: ScrollBar { policy: ScrollBar.AsNeeded }
        Accessible.role: Accessible.Table
        Accessible.name: qsTr("Devices")

        readonly property int page: Math.max(1, Math.floor(height / Theme.rowHeight) - 1)
        Keys.onPressed: event => {
            switch (event.key) {
            case Qt.Key_Home: currentIndex = 0; break;
            case Qt.Key_End: currentIndex = count - 1; break;
            case Qt.Key_PageDown: currentIndex = Math.min(count - 1, currentIndex + page); break;
            case Qt.Key_PageUp: currentIndex = Math.max(0, currentIndex - page); break;
            case Qt.Key_Space: if (currentItem) currentItem.toggle(); break;
            default: return;
            }
            event.accepted = true;
        }

        delegate: GridRow {
            columns: root.columns
            widthOf: root.widthOf
            tickWidth: root.tickWidth
            plant: root.plant
        }

        Label {
            anchors.centerIn: parent
            visible: list.count === 0
            width: Math.min(parent.width - 80, 520)
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            color: Theme.faint
            text: root.plant.all.count > 0
                ? qsTr("No device fits these filters.")
                : qsTr("Import a plan, or scan to see which devices wait. Browsing ends at the next router: "
                       + "name addresses or ranges under “Where…”.")
        }
    }
}
