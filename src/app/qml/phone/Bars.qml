// SPDX-License-Identifier: Apache-2.0
// Strength of a radio's signal, 1 to 4.
import QtQuick
import Fairlead

Row {
    id: root
    required property int bars
    spacing: 3
    Repeater {
        model: 4
        Rectangle {
            required property int index
            width: 5
            height: 7 + 4 * index
            y: 19 - height
            radius: 2
            color: index < root.bars ? Theme.accent : Theme.line
        }
    }
}
