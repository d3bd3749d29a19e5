# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(loader LINK sluice_loader)
