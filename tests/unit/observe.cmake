# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(observe LINK sluice_observe)
target_compile_definitions(unit_observe PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
