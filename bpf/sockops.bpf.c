// SPDX-License-Identifier: Apache-2.0
/* Follows a steered connection from SYN to close: counters, and what the listener must know. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../maps/lib/tcp_bytes.h"
#include "lib/caller.h"
#include "lib/count.h"
#include "lib/failure.h"
#include "lib/origdst.h"
#include "lib/version.h"

/* `reply` is left as it is: other programs of the cgroup share it. */
#define SOCKOPS_PROCEED 1

/* About to send the SYN. State changes are asked for only here, so that sockets that are not ours
 * cost nothing. */
static __always_inline void on_connect(struct bpf_sock_ops *ctx)
{
	__u32 flags = ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG;

	long error = bpf_sock_ops_cb_flags_set(ctx, flags);

	if (!error)
		return;
	count_reason(REASON_HELPER_FAILED);
	HELPER_FAILED(SITE_FOLLOW, error);
}

static __always_inline void on_established(struct bpf_sock_ops *ctx, struct connection *connection)
{
	count_connection(connection, established, 1);
	count_active(connection, 1);
	connection->flags |= CONN_COUNTED;
	publish_original_destination(ctx, connection);
}

static __always_inline void count_bytes(struct bpf_sock *sk, const struct connection *connection,
					__u32 last_state)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
	__u64 sent, received;

	if (!tcp)
		return;
	sent = tcp_sent_payload(tcp->bytes_acked, last_state, tcp->snd_una == tcp->snd_nxt);
	count_connection(connection, sent_bytes, sent);
	received = tcp_received_payload(tcp->bytes_received, last_state);
	count_connection(connection, received_bytes, received);
}

/* A connection that was never established: whose doing it was. */
static __always_inline void count_unestablished(struct bpf_sock *sk,
						const struct connection *connection)
{
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);

	if (tcp && tcp_peer_had_no_chance(tcp->segs_in, tcp->total_retrans))
		count_connection(connection, given_up, 1);
	else
		count_connection(connection, failed, 1);
}

static __always_inline void on_closed(struct bpf_sock_ops *ctx, struct bpf_sock *sk,
				      struct connection *connection, __u32 last_state)
{
	if (connection->flags & CONN_COUNTED) {
		count_connection(connection, closed, 1);
		count_bytes(sk, connection, last_state);
		count_active(connection, -1);
		withdraw_original_destination(ctx, connection);
	} else {
		count_unestablished(sk, connection);
	}
	/* Not to be counted twice when the socket is connected again. Fails only when the
	 * socket is being freed, and its storage with it. */
	(void)bpf_sk_storage_delete(&conn_store, sk);
}

SEC("sockops")
int socket_event(struct bpf_sock_ops *ctx)
{
	struct connection *connection;
	struct bpf_sock *sk;
	__u32 op = ctx->op;

	if (op != BPF_SOCK_OPS_TCP_CONNECT_CB && op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    op != BPF_SOCK_OPS_STATE_CB)
		return SOCKOPS_PROCEED;
	/* Read once: the verifier knows the tested copy alone. */
	sk = ctx->sk;
	if (!sk)
		return SOCKOPS_PROCEED;
	connection = bpf_sk_storage_get(&conn_store, sk, 0, 0);
	/* One of before an upgrade keeps its names, but its ids are of other tables. */
	if (!connection || connection->schema != schema)
		return SOCKOPS_PROCEED;

	if (op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		on_connect(ctx);
	else if (op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		on_established(ctx, connection);
	else if (ctx->args[1] == BPF_TCP_CLOSE)
		on_closed(ctx, sk, connection, ctx->args[0]);
	return SOCKOPS_PROCEED;
}

char LICENSE[] SEC("license") = "Apache-2.0";
