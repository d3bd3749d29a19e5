/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the agent's listener in the workload's network namespace. */
#ifndef SLUICE_BPF_LIB_LISTENER_H
#define SLUICE_BPF_LIB_LISTENER_H

#include <bpf/bpf_endian.h>

#include "../../maps/abi/listener_address.h"
#include "attempt.h"

/*
 * Whether the broker lives, at this moment: when it dies the kernel closes its sockets.
 *
 * The listener itself cannot be asked for: it is bound to device lo, and the lookup of this hook
 * has no device (dif 0), so inet_sk_bound_dev_eq() passes over it; tried on Linux 6.18. Hence the
 * socket `alive`, which nobody connects to. Its exact address is compared because someone else
 * may have got the port for 0.0.0.0 since.
 */
static __always_inline int broker_lives(struct bpf_sock_addr *ctx, __be16 alive)
{
	__be32 loopback = bpf_htonl(INADDR_LOOPBACK);
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	int lives;

	tuple.ipv4.saddr = loopback;
	tuple.ipv4.daddr = loopback;
	tuple.ipv4.dport = alive;
	sk = bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	lives = sk->state == BPF_TCP_LISTEN && sk->src_ip4 == loopback;
	bpf_sk_release(sk);
	return lives;
}

/* Bound to an IPv4 address, as ::ffff:a.b.c.d: cannot reach [::1]. */
static __always_inline int bound_to_v4(struct bpf_sock *sk)
{
	return !sk->src_ip6[0] && !sk->src_ip6[1] && sk->src_ip6[2] == bpf_htonl(0xffff);
}

/* The port of the listener that this socket can reach; 0: none. */
static __always_inline __be16 listener_port(struct bpf_sock_addr *ctx, int family,
					    const struct attempt *attempt)
{
	if (address_is_v4(attempt->key.address))
		return attempt->workload->listener4;
	if (family == AF_INET6 && bound_to_v4(ctx->sk))
		return 0;
	return attempt->workload->listener6;
}

static __always_inline void listener_destination(const struct attempt *attempt, __u8 *address)
{
	__builtin_memset(address, 0, ADDRESS_SIZE);
	if (address_is_v4(attempt->key.address))
		address_set_v4(address, bpf_htonl(listener_address(attempt->target.service)));
	else
		address[ADDRESS_SIZE - 1] = 1;
}

/* The listener's port is one of the workload's network namespace. Cookie 0: this kernel does not
 * tell user space (before Linux 5.14). */
static __always_inline int in_another_namespace(struct bpf_sock_addr *ctx,
						const struct workload *workload)
{
	return workload->netns_cookie && workload->netns_cookie != bpf_get_netns_cookie(ctx);
}

static __always_inline int without_listener(struct bpf_sock_addr *ctx, int family,
					    struct attempt *attempt, enum sluice_reason why)
{
	const struct route *route = attempt->target.route;

	if (!(route->flags & ROUTE_FAIL_OPEN))
		return refuse(ctx, family, attempt, why);
	/* Without rules the connection would go where it was called. */
	if (!route->fallback && route->flags & ROUTE_TELL_ORIGIN)
		return leave_alone(ctx, attempt, REASON_FAILED_OPEN);
	return to_cluster(ctx, family, attempt, route->fallback, REASON_FAILED_OPEN);
}

static __always_inline __u32 proxied_flags(const struct route *route)
{
	return route->flags & ROUTE_TELL_ORIGIN ? CONN_PROXIED | CONN_TELL_ORIGIN : CONN_PROXIED;
}

static __always_inline int to_listener(struct bpf_sock_addr *ctx, int family,
				       struct attempt *attempt)
{
	__be16 port = listener_port(ctx, family, attempt);
	__u8 address[ADDRESS_SIZE];

	/* Its packets would leave through the device and never come to loopback. */
	if (ctx->sk->bound_dev_if)
		return leave_alone(ctx, attempt, REASON_BOUND_TO_DEVICE);
	if (!port)
		return leave_alone(ctx, attempt, REASON_UNREACHABLE_LISTENER);
	if (in_another_namespace(ctx, attempt->workload))
		return without_listener(ctx, family, attempt, REASON_FOREIGN_NAMESPACE);
	if (!broker_lives(ctx, attempt->workload->alive))
		return without_listener(ctx, family, attempt, REASON_LISTENER_GONE);
	if (!remember(ctx, attempt, REASON_TO_PROXY, proxied_flags(attempt->target.route)))
		return refuse(ctx, family, attempt, REASON_HELPER_FAILED);
	listener_destination(attempt, address);
	return go_to(ctx, family, address, port, REASON_TO_PROXY);
}

#endif
