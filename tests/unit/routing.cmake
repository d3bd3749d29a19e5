# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(routing LINK sluice_routing)
