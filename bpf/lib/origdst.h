/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The original destination of a proxied connection, for the agent that accepts it: of IPv6, as
 * [::1] has no room for a service id, and where the route asks for the address. The client is
 * established before it sends its last ACK, so the record is there before accept() returns.
 */
#ifndef SLUICE_BPF_LIB_ORIGDST_H
#define SLUICE_BPF_LIB_ORIGDST_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../../maps/lib/address.h"
#include "caller.h"
#include "count.h"
#include "failure.h"
#include "sock_addr.h"

static __always_inline int needs_origdst(const struct connection *connection)
{
	return connection->flags & CONN_TELL_ORIGIN ||
	       (connection->flags & CONN_PROXIED && !address_is_v4(connection->address));
}

static __always_inline void load_local_address(struct bpf_sock_ops *ctx, __u8 *address)
{
	volatile struct bpf_sock_ops *from = ctx;
	__u32 words[4];

	if (from->family == AF_INET) {
		address_set_v4(address, from->local_ip4);
		return;
	}
	words[0] = from->local_ip6[0];
	words[1] = from->local_ip6[1];
	words[2] = from->local_ip6[2];
	words[3] = from->local_ip6[3];
	__builtin_memcpy(address, words, sizeof(words));
}

/* The connection as the accepted socket sees it. */
static __always_inline void origdst_key_of(struct bpf_sock_ops *ctx, struct origdst_key *key)
{
	volatile struct bpf_sock_ops *from = ctx;

	load_local_address(ctx, key->client);
	key->workload = caller_id();
	key->client_port = bpf_htons(from->local_port);
	/* 32 bits in network byte order, unlike every other port. */
	key->listener_port = bpf_htons(bpf_ntohl(from->remote_port));
}

static __always_inline void publish_original_destination(struct bpf_sock_ops *ctx,
							 const struct connection *connection)
{
	struct origdst_key key = {};
	struct origdst value = {};
	long error;

	if (!needs_origdst(connection))
		return;
	origdst_key_of(ctx, &key);
	__builtin_memcpy(value.address, connection->address, ADDRESS_SIZE);
	value.port = connection->port;
	value.service = connection->service;
	/* Without the record the agent resets the connection. */
	error = bpf_map_update_elem(&origdst, &key, &value, BPF_ANY);
	if (!error)
		return;
	count_reason(REASON_ORIGDST_FULL);
	HELPER_FAILED(SITE_PUBLISH_ORIGIN, error);
}

/* Left over when the connection ends before the agent has accepted it. */
static __always_inline void withdraw_original_destination(struct bpf_sock_ops *ctx,
							  const struct connection *connection)
{
	struct origdst_key key = {};

	if (!needs_origdst(connection))
		return;
	origdst_key_of(ctx, &key);
	/* Fails when the agent has taken it, which is usual. */
	(void)bpf_map_delete_elem(&origdst, &key);
}

#endif
