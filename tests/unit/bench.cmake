# SPDX-License-Identifier: Apache-2.0
sluice_unit_test(bench LINK sluice_bench_proxy sluice_bench_connect)
