# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(cli LINK sluice_cli)
target_compile_definitions(unit_cli PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
