// SPDX-License-Identifier: Apache-2.0
import QtQuick
import QtMultimedia

VideoOutput {
    id: root
    readonly property string problem: media.videoInputs.length === 0 ? "none" : camera.errorString

    fillMode: VideoOutput.PreserveAspectCrop

    MediaDevices { id: media }
    CaptureSession {
        videoOutput: root
        camera: Camera { id: camera; active: true; focusMode: Camera.FocusModeAutoNear }
    }
}
