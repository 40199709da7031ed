// SPDX-License-Identifier: Apache-2.0
// Colours and measures, in one place for both faces.
pragma Singleton
import QtQuick

QtObject {
    property bool dark: false

    readonly property color window: dark ? "#14181d" : "#f4f6f8"
    readonly property color card: dark ? "#1d232a" : "#ffffff"
    readonly property color raised: dark ? "#28303a" : "#e9edf1"
    readonly property color line: dark ? "#36404c" : "#d3dae1"
    readonly property color text: dark ? "#e8edf2" : "#17202a"
    readonly property color faint: dark ? "#9aa7b5" : "#596776"
    readonly property color accent: dark ? "#5aa9ff" : "#0b63c5"
    // Not "onAccent": that would be a handler of a signal "accent", and black.
    readonly property color accentText: dark ? "#0b1620" : "#ffffff"
    readonly property color focus: dark ? "#8cc4ff" : "#0b63c5"  // 3 : 1 against every ground (WCAG 2.1, 1.4.11)
    readonly property color edge: dark ? "#6b7a8a" : "#8693a1"   // of fields: 3 : 1 against `card`
    readonly property color shade: dark ? "#a0000000" : "#60202a36"
    readonly property color chosen: dark ? "#1f3a57" : "#dcebfb"

    readonly property int gap: 8
    readonly property int radius: 6
    readonly property int rowHeight: 34
    readonly property int small: 12
    readonly property int normal: 14
    readonly property int large: 18

    readonly property color called: dark ? "#4a3a12" : "#fff1cc"  // the row whose device's button was pressed

    // Contrast of at least 4.5 : 1 against `card` (WCAG 2.1, 1.4.3).
    function tone(name) {
        switch (name) {
        case "good": return dark ? "#5fd08a" : "#16713a";
        case "busy": return dark ? "#5aa9ff" : "#0b63c5";
        case "warn": return dark ? "#f2b84b" : "#8a5600";
        case "bad": return dark ? "#ff7b72" : "#b3261e";
        default: return faint;
        }
    }
}
