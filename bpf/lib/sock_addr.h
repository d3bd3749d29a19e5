/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing the address of a cgroup/{connect,getpeername,getsockname}{4,6} hook.
 *
 * `family` is a constant in every caller, so that only the accesses that the hook's type allows
 * are left. All of them are volatile: clang merges neighbouring ones into a pointer of its own,
 * which the verifier refuses ("dereference of modified ctx ptr").
 */
#ifndef SLUICE_BPF_LIB_SOCK_ADDR_H
#define SLUICE_BPF_LIB_SOCK_ADDR_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../maps/lib/address.h"

#define AF_INET  2
#define AF_INET6 10

static __always_inline void load_address(struct bpf_sock_addr *ctx, int family, __u8 *address)
{
	volatile struct bpf_sock_addr *from = ctx;
	__u32 words[4];

	if (family == AF_INET) {
		address_set_v4(address, from->user_ip4);
		return;
	}
	words[0] = from->user_ip6[0];
	words[1] = from->user_ip6[1];
	words[2] = from->user_ip6[2];
	words[3] = from->user_ip6[3];
	__builtin_memcpy(address, words, sizeof(words));
}

/* On AF_INET the address is v4-mapped; the caller has made sure. */
static __always_inline void store_address(struct bpf_sock_addr *ctx, int family,
					  const __u8 *address)
{
	volatile struct bpf_sock_addr *to = ctx;
	__u32 words[4];

	if (family == AF_INET) {
		to->user_ip4 = address_v4(address);
		return;
	}
	__builtin_memcpy(words, address, sizeof(words));
	to->user_ip6[0] = words[0];
	to->user_ip6[1] = words[1];
	to->user_ip6[2] = words[2];
	to->user_ip6[3] = words[3];
}

static __always_inline __be16 load_port(struct bpf_sock_addr *ctx)
{
	volatile struct bpf_sock_addr *from = ctx;

	return from->user_port;
}

static __always_inline void store_port(struct bpf_sock_addr *ctx, __be16 port)
{
	volatile struct bpf_sock_addr *to = ctx;

	to->user_port = port;
}

#endif
