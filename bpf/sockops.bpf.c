// SPDX-License-Identifier: Apache-2.0
/* Follows a steered connection from SYN to close: counters, and what the listener must know. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../maps/lib/tcp_bytes.h"
#include "lib/caller.h"
#include "lib/count.h"
#include "lib/event.h"
#include "lib/failure.h"
#include "lib/origdst.h"
#include "lib/version.h"

/* `reply` is left as it is: other programs of the cgroup share it. */
#define SOCKOPS_PROCEED 1

/* State changes are asked for only here, so that sockets that are not ours cost nothing. */
static __always_inline void ask_for_states(struct bpf_sock_ops *ctx)
{
	__u32 flags = ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG;
	long error = bpf_sock_ops_cb_flags_set(ctx, flags);

	if (!error)
		return;
	count_reason(REASON_HELPER_FAILED);
	HELPER_FAILED(SITE_FOLLOW, error);
}

/* About to send the SYN, which not every connect() comes to. */
static __always_inline void on_connect(struct bpf_sock_ops *ctx, struct connection *connection)
{
	connection->opened_ns = bpf_ktime_get_ns();
	count_connection(connection, opened, 1);
	count_route(connection->route);
	ask_for_states(ctx);
}

struct payload {
	__u64 sent, received;
};

static __always_inline void tell_connection(struct bpf_sock_ops *ctx,
					    const struct connection *connection,
					    enum sluice_event kind, struct payload payload)
{
	struct event *event = begin_event(kind);

	if (!event)
		return;
	event->socket = bpf_get_socket_cookie(ctx);
	event->workload = connection->workload;
	event->duration_ns = connection->opened_ns ? event->time_ns - connection->opened_ns : 0;
	event->sent_bytes = payload.sent;
	event->received_bytes = payload.received;
	__builtin_memcpy(event->address, connection->address, ADDRESS_SIZE);
	event->port = connection->port;
	event->reason = connection->reason;
	event->service = connection->service;
	event->route = connection->route;
	event->cluster = connection->cluster;
	event->endpoint = connection->endpoint;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void on_established(struct bpf_sock_ops *ctx, struct connection *connection)
{
	count_connection(connection, established, 1);
	count_live(connection, 1);
	connection->flags |= CONN_COUNTED;
	publish_original_destination(ctx, connection);
	if (connection->flags & CONN_SAMPLED)
		tell_connection(ctx, connection, EVENT_ESTABLISHED, (struct payload){});
}

static __always_inline struct payload payload_of(struct bpf_sock *sk, __u32 last_state)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
	struct payload payload = {};

	if (!tcp)
		return payload;
	payload.sent = tcp_sent_payload(tcp->bytes_acked, last_state, tcp->snd_una == tcp->snd_nxt);
	payload.received = tcp_received_payload(tcp->bytes_received, last_state);
	return payload;
}

/* A connection that was never established: whose doing it was. */
static __always_inline int was_given_up(struct bpf_sock *sk)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);

	return tcp && tcp_peer_had_no_chance(tcp->segs_in, tcp->total_retrans);
}

static __always_inline enum sluice_event count_unestablished(struct bpf_sock *sk,
							     const struct connection *connection)
{
	if (was_given_up(sk)) {
		count_connection(connection, given_up, 1);
		return EVENT_GIVEN_UP;
	}
	count_connection(connection, failed, 1);
	return EVENT_FAILED;
}

static __always_inline void
count_closed(struct bpf_sock_ops *ctx, const struct connection *connection, struct payload payload)
{
	count_connection(connection, closed, 1);
	count_connection(connection, sent_bytes, payload.sent);
	count_connection(connection, received_bytes, payload.received);
	count_live(connection, -1);
	withdraw_original_destination(ctx, connection);
}

static __always_inline void on_closed(struct bpf_sock_ops *ctx, struct bpf_sock *sk,
				      struct connection *connection, __u32 last_state)
{
	enum sluice_event end = EVENT_GIVEN_UP;
	struct payload payload = {};

	if (connection->flags & CONN_COUNTED) {
		payload = payload_of(sk, last_state);
		count_closed(ctx, connection, payload);
		end = EVENT_CLOSED;
	} else if (connection->opened_ns) { /* or no SYN was sent, for want of a port, say */
		end = count_unestablished(sk, connection);
	}
	if (connection->flags & CONN_SAMPLED)
		tell_connection(ctx, connection, end, payload);
	/* Not deleted: what goes with its socket is freed sooner, at a fraction of the price. */
	connection->flags |= CONN_OVER;
}

/* Of other tables: it keeps its names, but its ids count nothing here. The agent that accepts it,
 * which goes by those tables, wants to know what was called nevertheless: connect() may have been
 * long before the SYN (TCP fast open), or just before these programs came. */
static __always_inline void follow_foreign(struct bpf_sock_ops *ctx,
					   const struct connection *connection)
{
	if (!needs_origdst(connection))
		return;
	if (ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		ask_for_states(ctx);
	else if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		publish_original_destination(ctx, connection);
	else
		withdraw_original_destination(ctx, connection);
}

/* The kernel calls for each socket of the cgroup, some seven times. */
static __always_inline int concerns_us(struct bpf_sock_ops *ctx, __u32 op)
{
	if (op == BPF_SOCK_OPS_STATE_CB)
		return ctx->args[1] == BPF_TCP_CLOSE;
	return op == BPF_SOCK_OPS_TCP_CONNECT_CB || op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB;
}

SEC("sockops")
int socket_event(struct bpf_sock_ops *ctx)
{
	struct connection *connection;
	struct bpf_sock *sk;
	__u32 op = ctx->op;

	if (!concerns_us(ctx, op))
		return SOCKOPS_PROCEED;
	/* Read once: the verifier knows the tested copy alone. */
	sk = ctx->sk;
	if (!sk)
		return SOCKOPS_PROCEED;
	connection = bpf_sk_storage_get(&conn_store, sk, 0, 0);
	if (!connection || connection->flags & CONN_OVER)
		return SOCKOPS_PROCEED;
	if (connection->edition != edition)
		follow_foreign(ctx, connection);
	else if (op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		on_connect(ctx, connection);
	else if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		on_established(ctx, connection);
	else
		on_closed(ctx, sk, connection, ctx->args[0]);
	return SOCKOPS_PROCEED;
}

char LICENSE[] SEC("license") = "Apache-2.0";
