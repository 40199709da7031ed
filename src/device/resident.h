// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fairlead::device {

// Lets go of memory that only onboarding needed: freed heap, and the unchanged pages of programs
// and libraries, which come back from their files where they are used again. For a device that will
// do little but telemetry from here on. Does nothing where /proc is not there.
void let_go_of_memory();

}  // namespace fairlead::device
