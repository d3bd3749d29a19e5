// SPDX-License-Identifier: Apache-2.0
/* The least that a hook can do which finds a service and remembers that it did, and a program which
 * follows the connection: what is dearer than direct here is dearer for everybody who does both. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../../../maps/abi/types.h"
#include "bare_address.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLUICE_MAX_SERVICES);
	__type(key, struct bare_address);
	__type(value, struct bare_address);
} bare_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection);
} bare_connections SEC(".maps");

SEC("cgroup/connect4")
int bare_connect4(struct bpf_sock_addr *ctx)
{
	struct bare_address called = { ctx->user_ip4, ctx->user_port };
	const struct bare_address *endpoint = bpf_map_lookup_elem(&bare_services, &called);

	if (!endpoint)
		return 1;
	if (!bpf_sk_storage_get(&bare_connections, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE))
		return 0;
	ctx->user_ip4 = endpoint->ip;
	ctx->user_port = endpoint->port;
	return 1;
}

SEC("sockops")
int bare_event(struct bpf_sock_ops *ctx)
{
	struct connection *connection;
	struct bpf_sock *sk = ctx->sk;
	__u32 op = ctx->op;

	if (op != BPF_SOCK_OPS_TCP_CONNECT_CB && op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    (op != BPF_SOCK_OPS_STATE_CB || ctx->args[1] != BPF_TCP_CLOSE))
		return 1;
	connection = sk ? bpf_sk_storage_get(&bare_connections, sk, 0, 0) : 0;
	if (!connection)
		return 1;
	connection->flags++;
	if (op == BPF_SOCK_OPS_TCP_CONNECT_CB &&
	    bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG))
		connection->flags = 0;
	return 1;
}

char LICENSE[] SEC("license") = "Apache-2.0";
