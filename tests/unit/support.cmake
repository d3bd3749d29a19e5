# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(support LINK sluice_test_support)
add_dependencies(unit_support who-server)
