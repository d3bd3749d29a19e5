# SPDX-License-Identifier: Apache-2.0
# A room is a folder; its *.cpp make one library that is named after it.

# Flags of all our code, on one target. GCC's warnings are errors; clang, which builds the fuzz
# targets, has others, and nobody sees them before continuous integration does.
add_library(sluice_flags INTERFACE)
target_compile_features(sluice_flags INTERFACE cxx_std_20)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  $<$<CXX_COMPILER_ID:Clang>:-w>)
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers of the build, as -fsanitize= takes them")
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE
    -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()

# Undefined behaviour is looked for in the code under test: in test cases the checks double what the
# compiler does. Those that are left out take a sixth of its time, and AddressSanitizer or the machine
# notices the same: an access through a null pointer, beyond an object, to an object of another type.
option(SLUICE_SANITIZE_UNDEFINED "Look for undefined behaviour in the rooms" OFF)
set(SLUICE_UNDEFINED -fsanitize=undefined
  -fno-sanitize=null,vptr,object-size,nonnull-attribute,returns-nonnull-attribute
  -fno-sanitize-recover=all)
if(SLUICE_SANITIZE_UNDEFINED)
  target_link_options(sluice_flags INTERFACE -fsanitize=undefined)
endif()

# Much of what a source costs the compiler is the standard library. A build that is made from nothing
# for the tests parses it once for each room. A source must name what it uses nevertheless:
# lint/usual-headers.
option(SLUICE_PRECOMPILE "Parse the usual headers once for each room" OFF)
set(SLUICE_USUAL_HEADERS <algorithm> <chrono> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <unordered_map> <unordered_set> <variant> <vector> <fmt/format.h>)

# sluice_room(NAME [LINK target…]): library sluice_NAME of this folder's sources.
function(sluice_room name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(sluice_${name} STATIC ${sources})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_LINK})
  if(SLUICE_SANITIZE_UNDEFINED)
    target_compile_options(sluice_${name} PRIVATE ${SLUICE_UNDEFINED})
  endif()
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(sluice_${name} PRIVATE ${SLUICE_USUAL_HEADERS})
  endif()
endfunction()

# Of test cases: what GoogleTest's macros expand to takes the optimiser and the sanitizers longer than
# the code under test does, and runs but once.
add_library(sluice_test_case INTERFACE)
target_link_libraries(sluice_test_case INTERFACE sluice_flags)
target_compile_options(sluice_test_case INTERFACE $<$<CONFIG:Debug>:-O0>)

# sluice_unit_test(ROOM [LINK target…]): unit_ROOM of tests/unit/ROOM/*_test.cpp, label unit.
function(sluice_unit_test room)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/*_test.cpp)
  add_executable(unit_${room} ${sources})
  target_link_libraries(unit_${room} PRIVATE sluice_test_case ${ARG_LINK} GTest::gmock GTest::gtest_main)
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(unit_${room} PRIVATE
      ${SLUICE_USUAL_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  gtest_discover_tests(unit_${room} TEST_PREFIX "unit/${room}/" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS unit)
endfunction()
