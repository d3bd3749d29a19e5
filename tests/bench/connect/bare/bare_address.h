/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_TESTS_BENCH_CONNECT_BARE_ADDRESS_H
#define SLUICE_TESTS_BENCH_CONNECT_BARE_ADDRESS_H

#include <linux/types.h>

/* As struct bpf_sock_addr has them. */
struct bare_address {
	__be32 ip;
	__u32 port; /* __be16 in its first bytes */
};

#endif
