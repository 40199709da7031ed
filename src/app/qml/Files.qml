// SPDX-License-Identifier: Apache-2.0
// Choosing files: projects, tables, reports, nameplates, bundles.
import QtQuick
import Fairlead
import QtQuick.Dialogs

Item {
    id: root
    required property var plant
    required property var papers
    signal tableOpened()

    function openProject() { openIn(project) }
    function importTable() { openIn(table) }
    function writeReport() {
        write(qsTr("Write the report"), qsTr("What became of each row; as a workbook, or as CSV where the name ends so. No codes are in it."),
              "-report.xlsx", tables, file => papers.writeReport(file));
    }
    function writePlan() {
        write(qsTr("Write the plan as a table"), qsTr("To be changed and imported again: the rows' ids are in it, their codes are not."),
              "-table.xlsx", tables, file => papers.writePlan(file, false));
    }
    function writePlanWithCodes() {
        write(qsTr("Write the plan with its codes"), qsTr("Whoever has the codes can provision the devices."), "-codes.xlsx", tables,
              file => papers.writePlan(file, true));
    }
    function writeNameplates() {
        read(qsTr("Addresses of the vendors"), qsTr("JSON with each vendor's street, postcode, town and country, which a nameplate must have."),
             "/vendors.json", json, vendors => nameplates(vendors));
    }
    function nameplates(vendors) {
        write(qsTr("Write nameplates"), qsTr("Asset Administration Shell, Digital Nameplate (IDTA 02006): one for each row that has what it takes."),
              "-nameplates.json", json, file => papers.writeNameplates(vendors, file));
    }
    function collectOffers() {
        write(qsTr("Collect Offers into a bundle"), qsTr("Of the rows that are ticked, else of all that are ready. An Offer in the bundle is replaced by "
              + "the same device's new one. The bundle holds no codes."), ".bundle", bundles, file => papers.collectOffers(file));
    }
    function fetchGrants() {
        read(qsTr("Fetch Grants for a bundle"), qsTr("Where the server is reachable. What waited for a decision is asked for again."), ".bundle",
             bundles, file => papers.fetchGrants(file));
    }
    function deliverGrants() {
        read(qsTr("Deliver the Grants of a bundle"), qsTr("At the devices again."), ".bundle", bundles, file => papers.deliverGrants(file));
    }

    readonly property var json: [qsTr("JSON (*.json)")]
    readonly property var tables: [qsTr("Workbook (*.xlsx)"), qsTr("CSV table (*.csv)")]
    readonly property var bundles: [qsTr("Bundles (*.bundle)"), qsTr("All files (*)")]

    // `ending`: of the proposed path, beside the project.
    function write(title, words, ending, filters, then) { sheet.begin(true, title, words, proposed(ending), filters, then) }
    function read(title, words, ending, filters, then) { sheet.begin(false, title, words, proposed(ending), filters, then) }
    function proposed(ending) {
        return ending.startsWith("/") ? plant.project.replace(/\/[^/]*$/, ending) : plant.project.replace(/(\.plan)?$/, ending);
    }
    function openIn(dialog) {
        if (folder.toString() !== "")
            dialog.currentFolder = folder;
        dialog.open();
    }

    // Where the project is, once there is one.
    readonly property url folder: plant.project === "" ? "" : "file://" + plant.project.replace(/[^/]*$/, "")

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
        onAccepted: if (root.papers.openTable(selectedFile)) root.tableOpened()
    }
    PathSheet { id: sheet; papers: root.papers }
}
