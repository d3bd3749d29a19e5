// SPDX-License-Identifier: Apache-2.0
/* getpeername() and getsockname() of steered sockets: what the application would see without us. */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../maps/lib/address.h"
#include "lib/caller.h"
#include "lib/sock_addr.h"

/* The only answer that these hooks may give. */
#define NAME_PROCEED 1

/* Null for sockets that were left alone, and for accepted ones: accept() asks here, too. */
static __always_inline const struct connection *find_connection(struct bpf_sock_addr *ctx)
{
	const struct connection *connection;
	__u64 workload_id = caller_id();

	connection = bpf_sk_storage_get(&conn_store, ctx->sk, 0, 0);
	if (!connection || connection->flags & CONN_OVER)
		return 0;
	return connection->workload == workload_id ? connection : 0;
}

static __always_inline int answer_peer(struct bpf_sock_addr *ctx, int family)
{
	const struct connection *connection = find_connection(ctx);

	if (!connection)
		return NAME_PROCEED;
	store_address(ctx, family, connection->address);
	store_port(ctx, connection->port);
	return NAME_PROCEED;
}

/* Only where the socket has got a loopback address on the way to the listener: one that the
 * application has bound to an address shows that one anyway. */
static __always_inline int answer_own(struct bpf_sock_addr *ctx, int family)
{
	const struct connection *connection = find_connection(ctx);
	const struct workload *caller;
	__u8 address[ADDRESS_SIZE];
	const __u8 *shown;

	if (!connection || !(connection->flags & CONN_PROXIED))
		return NAME_PROCEED;
	caller = find_caller(connection->workload);
	if (!caller)
		return NAME_PROCEED;
	load_address(ctx, family, address);
	if (!address_is_loopback(address))
		return NAME_PROCEED;
	shown = address_is_v4(address) ? caller->address4 : caller->address6;
	if (!address_is_zero(shown))
		store_address(ctx, family, shown);
	return NAME_PROCEED;
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	return answer_peer(ctx, AF_INET);
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	return answer_peer(ctx, AF_INET6);
}

SEC("cgroup/getsockname4")
int getsockname4(struct bpf_sock_addr *ctx)
{
	return answer_own(ctx, AF_INET);
}

SEC("cgroup/getsockname6")
int getsockname6(struct bpf_sock_addr *ctx)
{
	return answer_own(ctx, AF_INET6);
}

char LICENSE[] SEC("license") = "Apache-2.0";
