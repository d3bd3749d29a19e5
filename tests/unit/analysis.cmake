# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(analysis LINK sluice_analysis)
target_compile_definitions(unit_analysis PRIVATE
  SLUICE_CODES_PAGE="${CMAKE_SOURCE_DIR}/docs/reference/codes.md"
  SLUICE_SOURCES="${CMAKE_SOURCE_DIR}/userspace")
