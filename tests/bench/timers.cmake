# SPDX-License-Identifier: Apache-2.0
# What arming and cancelling a timer costs.
add_executable(timers_bench timers_bench.cpp)
target_link_libraries(timers_bench PRIVATE sluice_flags sluice_base)
set_target_properties(timers_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
