# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(maps LINK sluice_maps sluice_test_support)
target_compile_definitions(unit_maps PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
