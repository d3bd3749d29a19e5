/* SPDX-License-Identifier: Apache-2.0 */
/* One connect() and the ways it can end. Each of them is counted. */
#ifndef SLUICE_BPF_LIB_ATTEMPT_H
#define SLUICE_BPF_LIB_ATTEMPT_H

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#include "../../maps/lib/walk.h"
#include "count.h"
#include "event.h"
#include "failure.h"
#include "sock_addr.h"
#include "version.h"

/* What the hooks answer to the kernel. */
#define CONNECT_PROCEED 1
#define CONNECT_DENY    0

#define SOCK_STREAM 1

/* Set by the loader, which has tried: a constant for the verifier, which then never sees a call
 * of a helper that this kernel does not have (bpf_set_retval: Linux 5.18). */
const volatile __u8 have_set_retval = 1;

struct attempt {
	struct service_key key; /* what the application named */
	__u64 workload_id;
	const struct workload *workload;
	struct target target;
};

/* Not inlined: a connect() can end in a dozen places. */
static __noinline int tell_decision(struct bpf_sock_addr *ctx, const struct attempt *attempt,
				    enum sluice_reason reason)
{
	struct event *event = begin_event(EVENT_CONNECT);

	if (!event)
		return 0;
	event->socket = bpf_get_socket_cookie(ctx);
	event->workload = attempt->workload_id;
	__builtin_memcpy(event->address, attempt->key.address, ADDRESS_SIZE);
	event->port = attempt->key.port;
	event->reason = reason;
	event->service = attempt->target.service;
	event->route = attempt->target.route_id;
	event->cluster = attempt->target.cluster;
	event->endpoint = attempt->target.endpoint_id;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* user_family is the sockaddr's: an AF_INET one on an AF_INET6 socket fails in the kernel. */
static __always_inline int is_tcp(struct bpf_sock_addr *ctx, __u32 family)
{
	return ctx->type == SOCK_STREAM && ctx->protocol == IPPROTO_TCP &&
	       ctx->user_family == family;
}

static __always_inline int not_ours(enum sluice_reason reason)
{
	count_reason(reason);
	return CONNECT_PROCEED;
}

/* A socket that was steered before and is connected anew must not keep its old story. */
static __always_inline void forget(struct bpf_sock_addr *ctx)
{
	/* Fails when there is nothing to forget, which is usual. */
	(void)bpf_sk_storage_delete(&conn_store, ctx->sk);
}

static __always_inline int leave_alone(struct bpf_sock_addr *ctx, const struct attempt *attempt,
				       enum sluice_reason reason)
{
	forget(ctx);
	if (is_sampled())
		tell_decision(ctx, attempt, reason);
	return not_ours(reason);
}

/* Where connect() is refused at once: nobody can listen on port 0. */
static __always_inline int to_closed_port(struct bpf_sock_addr *ctx, int family)
{
	__u8 loopback6[ADDRESS_SIZE] = { [15] = 1 };
	__u8 address[ADDRESS_SIZE];

	/* A socket that is bound to a device would wait for an answer from there: EPERM. */
	if (ctx->sk->bound_dev_if)
		return CONNECT_DENY;
	load_address(ctx, family, address);
	if (address_is_v4(address))
		address_set_v4(loopback6, bpf_htonl(INADDR_LOOPBACK));
	store_address(ctx, family, loopback6);
	store_port(ctx, 0);
	return CONNECT_PROCEED;
}

/* ECONNREFUSED: what the application would see of a service without endpoints. Denying alone
 * gives EPERM. */
static __always_inline int refuse(struct bpf_sock_addr *ctx, int family,
				  const struct attempt *attempt, enum sluice_reason reason)
{
	forget(ctx);
	count_reason(reason);
	if (is_sampled())
		tell_decision(ctx, attempt, reason);
	if (!have_set_retval || bpf_set_retval(-ECONNREFUSED))
		return to_closed_port(ctx, family);
	return CONNECT_DENY;
}

/* Remembers the attempt in the socket; 0 when the kernel has no memory for it. */
static __always_inline int remember(struct bpf_sock_addr *ctx, const struct attempt *attempt,
				    enum sluice_reason reason, __u32 flags)
{
	struct connection *connection;

	connection = bpf_sk_storage_get(&conn_store, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!connection) {
		HELPER_FAILED(SITE_REMEMBER, 0);
		return 0;
	}
	__builtin_memcpy(connection->address, attempt->key.address, ADDRESS_SIZE);
	connection->port = attempt->key.port;
	connection->reason = reason;
	connection->flags = flags;
	connection->workload = attempt->workload_id;
	connection->service = attempt->target.service;
	connection->binding = attempt->target.binding;
	connection->route = attempt->target.route_id;
	connection->cluster = attempt->target.cluster;
	connection->endpoint = attempt->target.endpoint_id;
	connection->edition = edition;
	connection->opened_ns = 0;
	if (is_sampled()) {
		connection->flags |= CONN_SAMPLED;
		tell_decision(ctx, attempt, reason);
	}
	return 1;
}

static __always_inline int go_to(struct bpf_sock_addr *ctx, int family, const __u8 *address,
				 __be16 port, enum sluice_reason reason)
{
	store_address(ctx, family, address);
	store_port(ctx, port);
	count_reason(reason);
	return CONNECT_PROCEED;
}

/* `reason` is why this cluster: REASON_STEERED or REASON_FAILED_OPEN. */
static __always_inline int to_cluster(struct bpf_sock_addr *ctx, int family,
				      struct attempt *attempt, __u32 cluster,
				      enum sluice_reason reason)
{
	int v4 = address_is_v4(attempt->key.address);
	enum sluice_reason problem = walk_to_endpoint(cluster, v4, &attempt->target);

	if (problem != REASON_STEERED)
		return refuse(ctx, family, attempt, problem);
	if (!remember(ctx, attempt, reason, 0))
		return refuse(ctx, family, attempt, REASON_HELPER_FAILED);
	return go_to(ctx, family, attempt->target.endpoint->address, attempt->target.endpoint->port,
		     reason);
}

#endif
