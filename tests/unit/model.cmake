# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(model LINK sluice_model)
