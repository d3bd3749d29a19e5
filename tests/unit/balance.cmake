# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(balance LINK sluice_balance)
