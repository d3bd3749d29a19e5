# SPDX-License-Identifier: Apache-2.0
# The matcher's tables against the plain walk.
sluice_fuzz_target(match LINK sluice_routing)
