# SPDX-License-Identifier: Apache-2.0
set(SLUICE_SHARED_CASES "${CMAKE_SOURCE_DIR}/../shared/cases" CACHE PATH
  "Folder of the conformance cases; tests that need it are skipped when it is absent")
sluice_unit_test(source LINK sluice_source)
target_compile_definitions(unit_source PRIVATE
  SLUICE_SHARED_CASES="${SLUICE_SHARED_CASES}"
  SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
  SLUICE_EXAMPLES="${CMAKE_SOURCE_DIR}/examples"
  SLUICE_REFERENCE="${CMAKE_SOURCE_DIR}/docs/reference/configuration.md")
