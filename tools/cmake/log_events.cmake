# SPDX-License-Identifier: Apache-2.0
# The catalogue of log events is written for operators, in docs/log-events/*.md, and compiled into the
# programs: an event that is not documented does not exist.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB FAIRLEAD_EVENT_PAGES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/log-events/*.md")
set(FAIRLEAD_GENERATED "${CMAKE_BINARY_DIR}/generated")
add_custom_command(
  OUTPUT "${FAIRLEAD_GENERATED}/base/events.h"
  COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/gen/log_events.py"
          --output "${FAIRLEAD_GENERATED}/base/events.h" ${FAIRLEAD_EVENT_PAGES}
  DEPENDS "${CMAKE_SOURCE_DIR}/tools/gen/log_events.py" ${FAIRLEAD_EVENT_PAGES}
  COMMENT "Log event catalogue" VERBATIM)
add_custom_target(fairlead_events DEPENDS "${FAIRLEAD_GENERATED}/base/events.h")
