# SPDX-License-Identifier: Apache-2.0
# A program of its own: it replaces operator new.
sluice_unit_test(allocations LINK sluice_proxy sluice_balance sluice_test_support)
target_sources(unit_allocations PRIVATE allocations/allocation_count.cpp)
