# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(proxy LINK sluice_proxy sluice_balance sluice_test_support)
target_compile_definitions(unit_proxy PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
