# SPDX-License-Identifier: Apache-2.0
# fairlead_room(NAME [PARTS part...] [WITHOUT part...] [LIBRARIES lib...] [TEST_LIBRARIES lib...])
#
# Makes the library fairlead_NAME of every .cpp below src/NAME, except tests, main.cpp and the folders
# named as PARTS, each of which becomes a library fairlead_NAME_PART of its own (a back end, or a piece
# that others may use without the rest). What a room links is read from tools/layers.txt, so that an
# arrow between rooms exists in one place. LIBRARIES are third-party and stay private to the room;
# TEST_LIBRARIES are back ends of other rooms that the room's tests put in.
# Unit tests (*_test.cpp) beside the code become one program, NAME_test.

file(STRINGS "${CMAKE_SOURCE_DIR}/tools/layers.txt" FAIRLEAD_LAYERS REGEX "^[a-z]")
set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${CMAKE_SOURCE_DIR}/tools/layers.txt")

function(fairlead_room_arrows room out)
  foreach(line IN LISTS FAIRLEAD_LAYERS)
    if(line MATCHES "^${room}:(.*)$")
      string(STRIP "${CMAKE_MATCH_1}" arrows)
      string(REGEX REPLACE "[ \t]+" ";" arrows "${arrows}")
      set(targets "")
      foreach(arrow IN LISTS arrows)
        string(REPLACE "/" "_" target "fairlead_${arrow}")
        list(APPEND targets "${target}")
      endforeach()
      set(${out} "${targets}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "room '${room}' has no line in tools/layers.txt")
endfunction()

# Rooms are declared bottom-up; an arrow to a room that is not built yet (or whose folder is empty) is left out.
function(fairlead_link_rooms target scope arrows)
  foreach(arrow IN LISTS arrows)
    if(TARGET ${arrow})
      target_link_libraries(${target} ${scope} ${arrow})
    endif()
  endforeach()
endfunction()

function(fairlead_library target folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;ARROWS;LIBRARIES" ${ARGN})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}/src")
  fairlead_link_rooms(${target} ${scope} "${ARG_ARROWS}")
endfunction()

function(fairlead_room room)
  cmake_parse_arguments(ARG "" "" "PARTS;WITHOUT;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(folder "${CMAKE_SOURCE_DIR}/src/${room}")
  fairlead_room_arrows(${room} arrows)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.cpp")
  foreach(part IN LISTS ARG_WITHOUT)
    list(FILTER sources EXCLUDE REGEX "^${folder}/${part}/")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  set(part_targets "")
  foreach(part IN LISTS ARG_PARTS)
    set(part_sources ${sources})
    list(FILTER part_sources INCLUDE REGEX "^${folder}/${part}/")
    list(FILTER sources EXCLUDE REGEX "^${folder}/${part}/")
    string(REPLACE "/" "_" suffix "${part}")
    fairlead_library(fairlead_${room}_${suffix} "${folder}/${part}"
      SOURCES ${part_sources} ARROWS ${arrows} LIBRARIES ${ARG_LIBRARIES})
    list(APPEND part_targets fairlead_${room}_${suffix})
  endforeach()
  fairlead_library(fairlead_${room} "${folder}"
    SOURCES ${sources} ARROWS ${arrows} LIBRARIES ${ARG_LIBRARIES})
  foreach(part IN LISTS part_targets)
    get_target_property(kind ${part} TYPE)
    if(kind STREQUAL "STATIC_LIBRARY")
      target_link_libraries(${part} PUBLIC fairlead_${room})
    endif()
  endforeach()
  if(FAIRLEAD_TESTS AND tests)
    add_executable(${room}_test ${tests})
    target_link_libraries(${room}_test PRIVATE fairlead_${room} ${part_targets}
                          fairlead_test_support GTest::gmock GTest::gtest_main ${ARG_LIBRARIES} ${ARG_TEST_LIBRARIES})
    add_test(NAME ${room} COMMAND ${room}_test)
    set_tests_properties(${room} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
