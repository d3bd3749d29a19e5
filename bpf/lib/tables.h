/* SPDX-License-Identifier: Apache-2.0 */
/* How the walk of maps/lib/walk.h reads the kernel's tables, and its chance. */
#ifndef SLUICE_BPF_LIB_TABLES_H
#define SLUICE_BPF_LIB_TABLES_H

#include "../../maps/defs.bpf.h"
#include "../../maps/lib/load.h"

static __always_inline const struct service *table_service(const struct service_key *key)
{
	return bpf_map_lookup_elem(&services, key);
}

static __always_inline const __u32 *table_exception(const struct exception_key *key)
{
	return bpf_map_lookup_elem(&exceptions, key);
}

/* Volatile, so that the compiler does not split the load: user space may store between. */
static __always_inline struct binding table_binding(__u32 binding)
{
	const volatile __u64 *word = bpf_map_lookup_elem(&bindings, &binding);
	__u64 loaded = word ? *word : 0;
	struct binding value;

	__builtin_memcpy(&value, &loaded, sizeof(value));
	return value;
}

static __always_inline const struct route *table_route(__u32 route)
{
	return bpf_map_lookup_elem(&routes, &route);
}

static __always_inline const struct alias_slot *table_route_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&route_slots, &slot);
}

static __always_inline struct cluster_ref table_cluster(__u32 cluster)
{
	const volatile __u64 *word = bpf_map_lookup_elem(&clusters, &cluster);
	__u64 loaded = word ? *word : 0;
	struct cluster_ref value;

	__builtin_memcpy(&value, &loaded, sizeof(value));
	return value;
}

static __always_inline const struct alias_slot *table_cluster_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&cluster_slots, &slot);
}

static __always_inline const struct endpoint *table_endpoint(__u32 endpoint)
{
	return bpf_map_lookup_elem(&endpoints, &endpoint);
}

static __always_inline __u64 table_load(__u32 endpoint)
{
	const volatile __u64 *word = bpf_map_lookup_elem(&ep_load, &endpoint);
	__u64 loaded = word ? *word : 0;
	struct endpoint_load load;

	__builtin_memcpy(&load, &loaded, sizeof(load));
	return load_of(load);
}

static __always_inline __u64 next_draw(void)
{
	return (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
}

/* Starts anywhere, or the first endpoint would get the first connection of every cluster. */
static __always_inline __u32 next_turn(__u32 cluster)
{
	__u32 *turn = bpf_map_lookup_elem(&turns, &cluster);

	if (!turn)
		return bpf_get_prandom_u32();
	if (!*turn)
		*turn = bpf_get_prandom_u32();
	return (*turn)++;
}

#endif
