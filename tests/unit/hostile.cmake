# SPDX-License-Identifier: Apache-2.0
# The whole of Sluice over configurations that are hostile by their size.
sluice_unit_test(hostile LINK sluice_steering sluice_analysis sluice_test_cost)
target_sources(unit_hostile PRIVATE hostile/whole_way.cpp)
