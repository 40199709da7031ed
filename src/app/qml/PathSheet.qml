// SPDX-License-Identifier: Apache-2.0
// Which file is to be written or read: its path, typed or looked for.
import QtQuick
import Fairlead
import QtQuick.Controls
import QtQuick.Dialogs
import QtQuick.Layouts

Sheet {
    id: root
    required property var papers
    property bool writes: true
    property var then

    // `proposed`: a path; `then` gets the file's URL.
    function begin(forWriting, what, words, proposed, filters, andThen) {
        writes = forWriting;
        title = what;
        explanation = words;
        browser.nameFilters = filters;
        then = andThen;
        path.text = proposed;
        open();
        path.entry.forceActiveFocus();
        path.entry.selectAll();
    }

    width: Math.min(620, parent ? parent.width - 32 : 620)
    acceptText: writes ? qsTr("Write") : qsTr("Read")
    acceptable: path.text.startsWith("/") && (writes || papers.isThere(path.text))
    problem: path.text === "" ? "" : !path.text.startsWith("/") ? qsTr("A whole path begins with /.")
        : !writes && !acceptable ? qsTr("There is no such file.") : ""
    onWanted: then(papers.urlOf(path.text))

    RowLayout {
        spacing: Theme.gap
        SheetField { id: path; label: qsTr("File"); onAccepted: root.submit() }
        PushButton {
            text: qsTr("Browse…")
            Layout.alignment: Qt.AlignBottom
            onClicked: {
                browser.currentFolder = root.papers.urlOf(path.text.replace(/[^/]*$/, ""));
                browser.open();
            }
        }
    }
    FileDialog {
        id: browser
        title: root.title
        fileMode: root.writes ? FileDialog.SaveFile : FileDialog.OpenFile
        onAccepted: path.text = root.papers.pathOf(selectedFile)
    }
}
