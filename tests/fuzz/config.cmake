# SPDX-License-Identifier: Apache-2.0
# Configuration: reading it, checking it, and the whole way to the kernel's tables.
add_library(sluice_test_cost STATIC cost.cpp)
target_link_libraries(sluice_test_cost PUBLIC sluice_flags)
add_library(sluice_fuzz_config OBJECT config_checks.cpp random_yaml.cpp yaml_mutator.cpp)
target_link_libraries(sluice_fuzz_config PUBLIC sluice_source sluice_test_cost)

sluice_fuzz_target(yaml LINK sluice_source sluice_fuzz_config)
sluice_fuzz_target(validate LINK sluice_analysis sluice_fuzz_config)
sluice_fuzz_target(compile LINK sluice_steering sluice_source sluice_fuzz_config)
target_sources(fuzz_compile PRIVATE mesh_run.cpp)

# Each of them searches for a minute, with what `./dev build fuzz` makes; skipped where it has not.
# They begin before all other tests and take what those leave of the processors. From one seed, so
# that a change is not failed for what the code before it did as well; `./dev fuzz` draws another
# each time.
if(NOT SLUICE_FUZZ)
  foreach(name yaml validate compile)
    add_test(NAME fuzz/search/${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/search ${name} 60 -seed=1)
    set_tests_properties(fuzz/search/${name} PROPERTIES
      LABELS fuzz COST 1000 SKIP_RETURN_CODE 77)
  endforeach()
endif()
