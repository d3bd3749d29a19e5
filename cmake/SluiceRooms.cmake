# SPDX-License-Identifier: Apache-2.0
# A room is a folder; its *.cpp make one library that is named after it.

# Flags of all our code, on one target. GCC's warnings are errors where tests are run: what another
# compiler or the optimiser takes exception to must not keep a user from a build. Clang, which builds the
# fuzz targets, has others, and nobody sees them before continuous integration does.
add_library(sluice_flags INTERFACE)
target_compile_features(sluice_flags INTERFACE cxx_std_20)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough $<$<CONFIG:Debug>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-w>)
target_include_directories(sluice_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers of the build, as -fsanitize= takes them")
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE
    -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
endif()
if(SLUICE_SANITIZE STREQUAL thread)
  # Beside it GCC sees accesses out of bounds in its own headers.
  target_compile_options(sluice_flags INTERFACE -Wno-error)
endif()

# Undefined behaviour is looked for in the code under test: in test cases the checks double what the
# compiler does. Checks that are not listed take a quarter of its time, and AddressSanitizer or the
# machine notices the same: an access through a null pointer, beyond an object, to an object of another
# type.
option(SLUICE_SANITIZE_UNDEFINED "Look for undefined behaviour in the rooms" OFF)
set(SLUICE_UNDEFINED
  -fsanitize=signed-integer-overflow,float-cast-overflow,shift,bounds,integer-divide-by-zero
  -fsanitize=bool,enum,return,unreachable,builtin
  -fno-sanitize-recover=all)
if(SLUICE_SANITIZE_UNDEFINED)
  target_link_options(sluice_flags INTERFACE -fsanitize=undefined)
endif()

# Much of what a source costs the compiler is the standard library. A build that is made from nothing
# for the tests parses it twice: once for all rooms, once for all test cases, whose options differ. A
# source must name what it uses nevertheless: lint/usual-headers.
option(SLUICE_PRECOMPILE "Parse the usual headers once for all rooms" OFF)
set(SLUICE_USUAL_HEADERS <algorithm> <chrono> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <unordered_map> <unordered_set> <variant> <vector> <fmt/format.h>)

# Macros that the headers know must be the same wherever they are used parsed.
if(SLUICE_PRECOMPILE)
  target_link_libraries(sluice_flags INTERFACE fmt::fmt)
  target_compile_options(sluice_flags INTERFACE -pthread)
endif()

# sluice_usual_headers(OWNER LINK target… HEADERS header…): parses them with the options of the targets.
function(sluice_usual_headers owner)
  cmake_parse_arguments(ARG "" "" "LINK;HEADERS" ${ARGN})
  if(SLUICE_PRECOMPILE)
    add_library(${owner} OBJECT ${PROJECT_SOURCE_DIR}/cmake/usual_headers.cpp)
    target_link_libraries(${owner} PRIVATE ${ARG_LINK})
    target_precompile_headers(${owner} PRIVATE ${ARG_HEADERS})
  endif()
endfunction()

# sluice_precompiled(TARGET OWNER): its sources find the headers parsed.
function(sluice_precompiled target owner)
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# What rooms are compiled with.
add_library(sluice_in_room INTERFACE)
target_link_libraries(sluice_in_room INTERFACE sluice_flags)
if(SLUICE_SANITIZE_UNDEFINED)
  target_compile_options(sluice_in_room INTERFACE ${SLUICE_UNDEFINED})
endif()
sluice_usual_headers(sluice_room_headers LINK sluice_in_room HEADERS ${SLUICE_USUAL_HEADERS})

# sluice_room(NAME [LINK target…]): library sluice_NAME of this folder's sources.
function(sluice_room name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(sluice_${name} STATIC ${sources})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_LINK} PRIVATE sluice_in_room)
  sluice_precompiled(sluice_${name} sluice_room_headers)
endfunction()

# Of test cases and of the programs around them: what GoogleTest's and CLI11's templates expand to takes the
# optimiser and the sanitizers longer than the code under test does, and runs but once. What fails says
# its line itself.
add_library(sluice_test_case INTERFACE)
target_link_libraries(sluice_test_case INTERFACE sluice_flags)
target_compile_options(sluice_test_case INTERFACE $<$<CONFIG:Debug>:-O0;-g0>)
sluice_usual_headers(sluice_test_headers LINK sluice_test_case GTest::gmock
  HEADERS ${SLUICE_USUAL_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
sluice_usual_headers(sluice_program_headers LINK sluice_test_case nlohmann_json::nlohmann_json
  HEADERS ${SLUICE_USUAL_HEADERS} <nlohmann/json.hpp>)

# sluice_test_program(NAME source…): a program around the tests, beside sluiced in the build's bin folder.
function(sluice_test_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE sluice_test_case)
  sluice_precompiled(${name} sluice_program_headers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# sluice_test_parts(NAME source… LINK target…): library sluice_NAME of which such programs are made.
function(sluice_test_parts name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(sluice_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_LINK} PRIVATE sluice_test_case)
  sluice_precompiled(sluice_${name} sluice_program_headers)
endfunction()

# What several sources instantiate is compiled once for all that are compiled at once. Their anonymous
# namespaces are one then; not so in rooms, whose sources should know nothing of each other.
set(SLUICE_AT_ONCE 0 CACHE STRING "Sources of a unit test that are compiled at once; 0: each alone")

# sluice_unit_test(ROOM [LINK target…]): unit_ROOM of tests/unit/ROOM/*_test.cpp, label unit.
function(sluice_unit_test room)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/*_test.cpp)
  add_executable(unit_${room} ${sources})
  target_link_libraries(unit_${room} PRIVATE sluice_test_case ${ARG_LINK} GTest::gmock GTest::gtest_main)
  sluice_precompiled(unit_${room} sluice_test_headers)
  if(SLUICE_AT_ONCE)
    set_target_properties(unit_${room} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${SLUICE_AT_ONCE})
  endif()
  gtest_discover_tests(unit_${room} TEST_PREFIX "unit/${room}/" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS unit)
endfunction()
