// SPDX-License-Identifier: Apache-2.0
// The dialogs about rows and devices.
import QtQuick
import Fairlead

Item {
    id: root
    required property var talk
    required property var desk
    required property var papers
    readonly property alias upstreams: upstreams
    readonly property alias row: row
    readonly property alias undo: undo
    readonly property alias code: code
    readonly property alias table: table
    readonly property alias keys: keys

    Upstreams { id: upstreams; talk: root.talk }
    RowSheet { id: row; desk: root.desk }
    UndoSheet { id: undo; desk: root.desk }
    CodeSheet { id: code; talk: root.talk }
    ImportSheet { id: table; papers: root.papers }
    KeysSheet { id: keys }
}
