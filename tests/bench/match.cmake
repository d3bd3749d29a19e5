# SPDX-License-Identifier: Apache-2.0
# Finding the rule of a request.
add_executable(match_bench match_bench.cpp)
target_link_libraries(match_bench PRIVATE sluice_flags sluice_routing)
set_target_properties(match_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
