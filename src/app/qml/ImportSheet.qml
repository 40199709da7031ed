// SPDX-License-Identifier: Apache-2.0
// What the columns of a table mean, before it becomes the plan; remembered for tables with these headers.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

Sheet {
    id: root
    required property var papers
    property var chosen: []

    function begin() {
        chosen = papers.columns.map(each => each.field);
        open();
        // The first that nobody knows; else all that is left to do is to accept.
        for (let i = 0; i < choices.count; ++i) {
            const choice = choices.itemAt(i).choice;
            if (choice.visible && (chosen[i] === 0 || i === choices.count - 1)) {
                choice.forceActiveFocus();
                break;
            }
        }
    }
    function isTwice(i) { return chosen[i] > 0 && chosen.filter(each => each === chosen[i]).length > 1 }

    width: Math.min(640, parent ? parent.width - 32 : 640)
    title: qsTr("Import %1").arg(papers.table)
    explanation: qsTr("%1 rows. All of them become the plan, or none. Rows that the plan knows keep their ids; rows that this table "
                      + "has no longer are put aside. What a column means is remembered for tables with the same headers.").arg(papers.tableRows)
    acceptText: qsTr("Import")
    acceptable: chosen.some(each => each > 0) && !chosen.some((each, i) => isTwice(i))
    problem: acceptable ? "" : chosen.some(each => each > 0) ? qsTr("Two columns mean the same.") : qsTr("Say of one column at least what it means.")
    onWanted: papers.importTable(chosen)

    GridLayout {
        columns: 3
        columnSpacing: Theme.gap * 2
        rowSpacing: 6
        Layout.fillWidth: true
        Label { text: qsTr("Column"); color: Theme.faint; font.pixelSize: Theme.small; Layout.row: 0; Layout.column: 0 }
        Label { text: qsTr("First value"); color: Theme.faint; font.pixelSize: Theme.small; Layout.row: 0; Layout.column: 1 }
        Label { text: qsTr("Means"); color: Theme.faint; font.pixelSize: Theme.small; Layout.row: 0; Layout.column: 2 }
        Repeater {
            model: root.papers.columns
            Label {
                required property var modelData
                required property int index
                Layout.row: index + 1
                Layout.column: 0
                Layout.preferredWidth: 160
                text: modelData.header === "" ? qsTr("(no header)") : modelData.header
                color: Theme.text
                font.weight: Font.DemiBold
                elide: Text.ElideRight
                textFormat: Text.PlainText
            }
        }
        Repeater {
            model: root.papers.columns
            Label {
                required property var modelData
                required property int index
                Layout.row: index + 1
                Layout.column: 1
                Layout.fillWidth: true
                Layout.preferredWidth: 1
                text: root.chosen[index] === root.papers.codeField ? "••••" : modelData.example  // a code is shown nowhere
                color: Theme.faint
                elide: Text.ElideRight
                textFormat: Text.PlainText
            }
        }
        Repeater {
            id: choices
            model: root.papers.columns
            Item {
                id: column
                required property var modelData
                required property int index
                readonly property alias choice: choice
                Layout.row: index + 1
                Layout.column: 2
                Layout.preferredWidth: 190
                implicitHeight: 32
                Label {
                    visible: !choice.visible
                    anchors.verticalCenter: parent.verticalCenter
                    text: modelData.id ? qsTr("the row's id") : qsTr("not used")
                    color: Theme.faint
                }
                ChoiceBox {
                    id: choice
                    anchors.fill: parent
                    visible: !modelData.id && modelData.header !== ""
                    model: root.papers.fields
                    currentIndex: modelData.field
                    Accessible.name: qsTr("What %1 means").arg(modelData.header)
                    onActivated: field => {
                        const next = root.chosen.slice();
                        next[column.index] = field;
                        root.chosen = next;
                    }
                    Keys.onReturnPressed: root.submit()
                }
            }
        }
    }
}
