# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(resolve LINK sluice_resolve sluice_broker)
