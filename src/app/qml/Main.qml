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
    property bool startsDark: false

    title: plant.project === "" ? qsTr("Fairlead") : qsTr("%1 – Fairlead").arg(plant.project.replace(/.*\//, ""))
    width: 1280
    height: 760
    minimumWidth: 900
    minimumHeight: 500
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
        highlightedText: Theme.onAccent
        placeholderText: Theme.faint
        mid: Theme.line
        dark: Theme.line
        light: Theme.raised
        toolTipBase: Theme.raised
        toolTipText: Theme.text
    }

    Component.onCompleted: Theme.dark = startsDark

    Shortcut { sequence: "Ctrl+O"; onActivated: files.openProject() }
    Shortcut { sequence: "Ctrl+I"; onActivated: files.importTable() }
    Shortcut { sequence: "Escape"; onActivated: window.plant.dismissNotice() }
    Shortcut { sequence: "F5"; onActivated: tools.toggleScan() }
    Shortcut { sequence: "Ctrl+A"; onActivated: window.plant.lines.chooseAllShown() }
    Shortcut { sequence: "Ctrl+Return"; onActivated: window.plant.applyChosen() }
    Shortcut { sequence: "Ctrl+F"; onActivated: grid.focusFilter() }
    Shortcut { sequence: "Ctrl+1"; onActivated: pages.currentIndex = 0 }
    Shortcut { sequence: "Ctrl+2"; onActivated: pages.currentIndex = 1 }
    Shortcut { sequence: "Ctrl+D"; onActivated: Theme.dark = !Theme.dark }

    // A sign-in that failed is told where it can be mended.
    Connections {
        target: window.server
        function onChanged() {
            if (window.server.problem !== "" && !signIn.opened)
                signIn.open();
        }
    }

    Files { id: files; plant: window.plant }
    SignIn { id: signIn; server: window.server }

    header: Tools {
        id: tools
        plant: window.plant
        server: window.server
        queue: window.queue
        files: files
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
                Grid {
                    id: grid
                    plant: window.plant
                    SplitView.fillWidth: true
                    SplitView.minimumWidth: 560
                }
                Details {
                    plant: window.plant
                    entry: grid.current
                    SplitView.preferredWidth: 340
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
