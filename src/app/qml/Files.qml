// SPDX-License-Identifier: Apache-2.0
// Choosing files: projects and tables.
import QtQuick
import Fairlead
import QtQuick.Dialogs

Item {
    id: root
    required property var plant

    function openProject() { project.open() }
    function importTable() { table.open() }

    FileDialog {
        id: project
        title: qsTr("Open a project")
        nameFilters: [qsTr("Fairlead projects (*.plan)"), qsTr("All files (*)")]
        onAccepted: root.plant.openProject(selectedFile)
    }
    FileDialog {
        id: table
        title: qsTr("Import a table as the plan")
        nameFilters: [qsTr("Tables (*.csv *.xlsx)"), qsTr("All files (*)")]
        onAccepted: root.plant.importTable(selectedFile)
    }
}
