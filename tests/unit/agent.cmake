# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(agent LINK sluice_agent sluice_test_support)
