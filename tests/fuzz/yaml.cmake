# SPDX-License-Identifier: Apache-2.0
# Decoding and validating files.
sluice_fuzz_target(yaml LINK sluice_source)
