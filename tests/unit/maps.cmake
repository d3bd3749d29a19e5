# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(maps LINK sluice_maps sluice_test_support)
