// SPDX-License-Identifier: Apache-2.0
// The phone face: one page at a time.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Layouts

ApplicationWindow {
    id: window

    required property var phone
    property bool startsDark: false

    title: qsTr("Fairlead")
    width: 412
    height: 860
    minimumWidth: 300
    minimumHeight: 480
    visible: true
    color: Theme.window
    font.pixelSize: 17

    palette {
        window: Theme.window
        windowText: Theme.text
        base: Theme.card
        text: Theme.text
        button: Theme.raised
        buttonText: Theme.text
        highlight: Theme.accent
        highlightedText: Theme.accentText
        placeholderText: Theme.faint
        mid: Theme.line
        dark: Theme.text
        light: Theme.raised
    }

    Component.onCompleted: Theme.dark = startsDark

    Shortcut { sequence: "Ctrl+D"; onActivated: Theme.dark = !Theme.dark }
    Shortcut { sequences: ["Escape", StandardKey.Back]; onActivated: pages.children[pages.currentIndex].back() }

    StackLayout {
        id: pages
        anchors.fill: parent
        currentIndex: window.phone.page
        // In the order of Phone::Page.
        SignInPage { phone: window.phone }
        NearbyPage { phone: window.phone }
        CodePage { phone: window.phone }
        SetupPage { phone: window.phone }
        DevicePage { phone: window.phone; onBack: phone.back() }
        HistoryPage { phone: window.phone }
        PlacePage { phone: window.phone }
        LabelPage { phone: window.phone }
    }
}
