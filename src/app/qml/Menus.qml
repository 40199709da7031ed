// SPDX-License-Identifier: Apache-2.0
// All that the window can do, by menu and by key.
import QtQuick
import Fairlead
import QtQuick.Controls

MenuBar {
    id: root
    required property var plant
    required property var talk
    required property var desk
    required property var files
    required property var papers
    required property var grid
    required property var pages
    required property var sheets  // of Sheets.qml
    signal scanToggled()

    readonly property var entry: grid.current
    readonly property bool seen: entry !== null && entry.hasDevice
    readonly property bool inPlan: entry !== null && entry.hasRow
    readonly property bool applied: inPlan && (entry.undoable || entry.status === "provisioned" || entry.status === "failed")
    readonly property bool planned: plant.project !== ""

    function identify() {
        if (talk.hasCode(entry.key))
            talk.identify(entry.key, "");
        else
            sheets.code.begin(entry);
    }
    readonly property alias identifyAction: identifyAction
    readonly property alias upstreamsAction: upstreamsAction
    readonly property alias bindAction: bindAction
    readonly property alias replaceAction: replaceAction
    readonly property alias addAction: addAction
    readonly property alias ignoreAction: ignoreAction
    readonly property alias undoAction: undoAction

    padding: 2
    background: Rectangle { color: Theme.card }
    delegate: MenuBarItem {
        id: title
        padding: 4
        leftPadding: 10
        rightPadding: 10
        font.pixelSize: Theme.normal
        background: Rectangle {
            radius: 4
            color: title.highlighted ? Theme.chosen : "transparent"
            border.width: title.visualFocus ? 2 : 0
            border.color: Theme.focus
        }
    }

    MenuSheet {
        title: qsTr("&File")
        Action { text: qsTr("Open project…"); shortcut: "Ctrl+O"; onTriggered: root.files.openProject() }
        Action { text: qsTr("Import table…"); shortcut: "Ctrl+I"; onTriggered: root.files.importTable() }
        MenuSeparator {}
        Action { text: qsTr("Write report…"); shortcut: "Ctrl+S"; enabled: root.planned; onTriggered: root.files.writeReport() }
        Action { text: qsTr("Write plan as a table…"); enabled: root.planned; onTriggered: root.files.writePlan() }
        Action { text: qsTr("Write plan with codes…"); enabled: root.planned; onTriggered: root.files.writePlanWithCodes() }
        Action { text: qsTr("Write nameplates (AAS)…"); enabled: root.planned; onTriggered: root.files.writeNameplates() }
        MenuSeparator {}
        Action { text: qsTr("Quit"); shortcut: "Ctrl+Q"; onTriggered: Qt.quit() }
    }
    MenuSheet {
        title: qsTr("&Plant")
        Action { text: root.plant.scanning ? qsTr("Stop scan") : qsTr("Scan"); shortcut: "F5"; onTriggered: root.scanToggled() }
        MenuSeparator {}
        Action { text: qsTr("Tick all ready"); shortcut: "Ctrl+A"; onTriggered: root.plant.lines.chooseAllShown() }
        Action { text: qsTr("Tick none"); shortcut: "Ctrl+Shift+A"; onTriggered: root.plant.all.chooseNone() }
        Action { text: qsTr("Provision"); shortcut: "Ctrl+Return"; enabled: !root.plant.applying; onTriggered: root.plant.applyChosen() }
        Action {
            id: undoAction
            text: qsTr("Undo…")
            shortcut: "Ctrl+Z"
            enabled: root.plant.all.undoCount > 0 || (root.entry !== null && root.entry.undoable)
            onTriggered: root.sheets.undo.begin(root.entry ? root.entry.key : "")
        }
        MenuSeparator {}
        Action { text: qsTr("Collect Offers without a server…"); enabled: root.planned && !root.papers.busy; onTriggered: root.files.collectOffers() }
        Action { text: qsTr("Fetch Grants for a bundle…"); enabled: !root.papers.busy; onTriggered: root.files.fetchGrants() }
        Action { text: qsTr("Deliver Grants of a bundle…"); enabled: root.planned && !root.papers.busy; onTriggered: root.files.deliverGrants() }
    }
    MenuSheet {
        title: qsTr("&Device")
        Action { id: identifyAction; text: qsTr("Identify"); shortcut: "Ctrl+L"; enabled: root.seen; onTriggered: root.identify() }
        Action { id: upstreamsAction; text: qsTr("Upstreams…"); shortcut: "Ctrl+U"; enabled: root.seen; onTriggered: root.sheets.upstreams.ask(root.entry) }
        MenuSeparator {}
        Action { id: bindAction; text: qsTr("Bind…"); shortcut: "Ctrl+B"; enabled: root.planned && root.entry !== null && !root.applied; onTriggered: root.sheets.row.begin("bind", root.entry) }
        Action { id: replaceAction; text: qsTr("Replace device…"); shortcut: "Ctrl+R"; enabled: root.applied; onTriggered: root.sheets.row.begin("replace", root.entry) }
        Action { id: addAction; text: qsTr("Add to the plan…"); shortcut: "Ctrl+N"; enabled: root.planned && root.seen && !root.inPlan; onTriggered: root.sheets.row.begin("add", root.entry) }
        Action {
            id: ignoreAction
            text: root.entry !== null && root.entry.status === "ignored" ? qsTr("Show again") : qsTr("Ignore")
            enabled: addAction.enabled
            onTriggered: root.desk.ignore(root.entry.key, root.entry.status !== "ignored")
        }
    }
    MenuSheet {
        title: qsTr("&View")
        Action { text: qsTr("Plant"); shortcut: "Ctrl+1"; onTriggered: root.pages.currentIndex = 0 }
        Action { text: qsTr("Waiting for a decision"); shortcut: "Ctrl+2"; onTriggered: root.pages.currentIndex = 1 }
        Action { text: qsTr("Filter"); shortcut: "Ctrl+F"; onTriggered: { root.pages.currentIndex = 0; root.grid.focusFilter(); } }
        MenuSeparator {}
        Action { text: Theme.dark ? qsTr("Light") : qsTr("Dark"); shortcut: "Ctrl+D"; onTriggered: Theme.dark = !Theme.dark }
        Action { text: qsTr("Keys"); shortcut: "F1"; onTriggered: root.sheets.keys.open() }
    }
}
