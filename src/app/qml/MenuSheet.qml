// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Controls

Menu {
    id: root
    padding: 4
    delegate: MenuEntry {}
    // As wide as what it holds: the items of a menu don't ask for it.
    width: {
        let widest = 200;
        for (let i = 0; i < count; ++i)
            widest = Math.max(widest, itemAt(i) ? itemAt(i).implicitWidth : 0);
        return widest + 2 * padding;
    }
    background: Rectangle { radius: Theme.radius; color: Theme.card; border.color: Theme.line }
}
