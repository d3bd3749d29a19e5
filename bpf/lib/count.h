/* SPDX-License-Identifier: Apache-2.0 */
/* Counting. Atomic also where a counter belongs to one CPU: a softirq may come in between. */
#ifndef SLUICE_BPF_LIB_COUNT_H
#define SLUICE_BPF_LIB_COUNT_H

#include "../../maps/defs.bpf.h"

#define count_add(counter, amount) ((void)__sync_fetch_and_add(&(counter), amount))

static __always_inline void count_reason(enum sluice_reason reason)
{
	__u32 index = reason;
	__u64 *counter = bpf_map_lookup_elem(&reasons, &index);

	if (counter)
		count_add(*counter, 1);
}

/* Adds to one field of the counters of a connection's binding, cluster and endpoint. Id 0 is
 * nobody's: a proxied connection has no endpoint here. */
#define count_connection(connection, field, amount)                                    \
	do {                                                                           \
		struct connection_stats *counted;                                      \
                                                                                       \
		counted = bpf_map_lookup_elem(&service_stats, &(connection)->binding); \
		if (counted)                                                           \
			count_add(counted->field, amount);                             \
		counted = bpf_map_lookup_elem(&cluster_stats, &(connection)->cluster); \
		if (counted && (connection)->cluster)                                  \
			count_add(counted->field, amount);                             \
		counted = bpf_map_lookup_elem(&ep_stats, &(connection)->endpoint);     \
		if (counted && (connection)->endpoint)                                 \
			count_add(counted->field, amount);                             \
	} while (0)

static __always_inline void count_route(__u32 route)
{
	__u64 *opened = bpf_map_lookup_elem(&route_opened, &route);

	if (opened)
		count_add(*opened, 1);
}

/* The live connections of its endpoint. */
static __always_inline void count_live(const struct connection *connection, __s32 change)
{
	struct endpoint_load *load = bpf_map_lookup_elem(&ep_load, &connection->endpoint);

	if (load && connection->endpoint)
		count_add(load->connections, change);
}

#endif
