# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(broker LINK sluice_broker)
