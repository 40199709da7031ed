// SPDX-License-Identifier: Apache-2.0
// The desktop face: the plant in a grid, what waits for a decision, and details beside them.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ApplicationWindow {
    id: window

    required property var plant
    required property var server
    required property var queue
    required property var talk
    required property var desk
    required property var papers
    property bool startsDark: false

    title: plant.project === "" ? qsTr("Fairlead") : qsTr("%1 – Fairlead").arg(plant.project.replace(/.*\//, ""))
    width: 1280
    height: 760
    minimumWidth: 720
    minimumHeight: 420
    visible: true
    color: Theme.window
    font.pixelSize: Theme.normal

    palette {
        window: Theme.window
        windowText: Theme.text
        base: Theme.card
        alternateBase: Theme.raised
        text: Theme.text
        button: Theme.raised
        buttonText: Theme.text
        highlight: Theme.accent
        highlightedText: Theme.accentText
        placeholderText: Theme.faint
        brightText: Theme.text
        link: Theme.accent
        mid: Theme.line
        dark: Theme.line
        light: Theme.raised
        toolTipBase: Theme.raised
        toolTipText: Theme.text
    }

    Component.onCompleted: Theme.dark = startsDark

    Shortcut { sequence: "Escape"; onActivated: window.plant.dismissNotice() }

    // A sign-in that failed is told where it can be mended.
    Connections {
        target: window.server
        function onChanged() {
            if (window.server.problem !== "" && !signIn.opened)
                signIn.open();
        }
    }

    Files { id: files; plant: window.plant; papers: window.papers; onTableOpened: sheets.table.begin() }
    Sheets { id: sheets; talk: window.talk; desk: window.desk; papers: window.papers }
    SignIn { id: signIn; server: window.server }

    menuBar: Menus {
        id: menus
        plant: window.plant
        talk: window.talk
        desk: window.desk
        files: files
        papers: window.papers
        grid: grid
        pages: pages
        sheets: sheets
        onScanToggled: tools.toggleScan()
    }
    header: Tools {
        id: tools
        plant: window.plant
        server: window.server
        queue: window.queue
        pages: pages
        onSignInWanted: signIn.open()
    }

    ColumnLayout {
        anchors.fill: parent
        spacing: 0

        Notice { plant: window.plant; Layout.fillWidth: true }

        StackLayout {
            id: pages
            Layout.fillWidth: true
            Layout.fillHeight: true

            SplitView {
                handle: Rectangle { implicitWidth: 1; color: SplitHandle.hovered || SplitHandle.pressed ? Theme.accent : Theme.line }
                Grid {
                    id: grid
                    plant: window.plant
                    SplitView.fillWidth: true
                    SplitView.minimumWidth: 420
                }
                Details {
                    plant: window.plant
                    entry: grid.current
                    menus: menus
                    visible: window.width >= 960
                    SplitView.preferredWidth: 400
                    SplitView.minimumWidth: 260
                }
            }
            Queue {
                queue: window.queue
                server: window.server
                onSignInWanted: signIn.open()
            }
        }
    }

    footer: Progress { plant: window.plant }
}
