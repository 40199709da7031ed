// SPDX-License-Identifier: Apache-2.0
import QtQuick
import Fairlead
import QtQuick.Layouts

Page {
    id: root
    required property var phone

    title: qsTr("Scan the label")
    onBack: phone.back()

    Words { text: qsTr("Hold the device's label in front of the camera.") }
    Rectangle {
        Layout.fillWidth: true
        Layout.fillHeight: true
        radius: 18
        color: "black"
        clip: true
        Image {
            anchors { fill: parent; margins: 20 }
            visible: root.phone.camera.picture !== ""
            source: visible ? "file:" + root.phone.camera.picture : ""
            fillMode: Image.PreserveAspectFit
            Accessible.role: Accessible.Graphic
            Accessible.name: qsTr("What the camera sees")
        }
        // Loaded for as long as somebody looks, so that the camera is off otherwise.
        Loader {
            id: view
            anchors.fill: parent
            active: root.visible && root.phone.camera.picture === ""
            source: "CameraView.qml"
            onLoaded: root.phone.camera.sink = item.videoSink
        }
        Text {
            anchors.centerIn: parent
            visible: view.status === Loader.Error || view.item?.problem !== "" && view.active
            text: qsTr("There is no camera here.")
            color: "white"
            font.pixelSize: 17
        }
    }
    Timer {
        interval: 300
        repeat: true
        running: root.visible && root.phone.camera.picture !== ""
        onTriggered: root.phone.camera.readPicture()
    }
    Words {
        text: root.phone.labelProblem
        color: Theme.tone("bad")
        Accessible.role: Accessible.AlertMessage
    }
}
