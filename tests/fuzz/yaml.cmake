# SPDX-License-Identifier: Apache-2.0
# Decoding and validating files: preset fuzz, with clang's libFuzzer.
if(NOT SLUICE_FUZZ)
  return()
endif()
add_executable(fuzz_yaml yaml_fuzz.cpp)
target_link_libraries(fuzz_yaml PRIVATE sluice_flags sluice_source)
target_link_options(fuzz_yaml PRIVATE -fsanitize=fuzzer)
# The search follows branches of the code under test, not only of the target.
target_compile_options(sluice_source PRIVATE -fsanitize=fuzzer-no-link)
