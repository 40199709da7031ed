// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fairlead::device {

// Lets go of memory that only onboarding needed: freed heap, and the unchanged pages of programs
// and libraries, which come back from their files where they are used again. For a device that will
// do little but telemetry from here on. Does nothing where /proc is not there.
void let_go_of_memory();

// Starts the program anew with LD_BIND_NOW, once, so that libraries find each other's functions now
// and not each at its first call, in tables that come back into memory after let_go_of_memory()
// (ADR 99). Only the environment can say so to the linker; what the program starts does not get it.
// argv: main()'s. Where the program's file can't be started, or is not what argv[0] names, it goes
// on as it is.
void bind_libraries_at_start(char** argv);

}  // namespace fairlead::device
