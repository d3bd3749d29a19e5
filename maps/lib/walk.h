/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a called address to an endpoint: the walk that maps/abi/types.h describes, once for the
 * kernel's programs and for everyone who wants to know what they would do.
 *
 * Who includes this file declares before it how a table is read and where chance comes from:
 *
 *	const struct service *table_service(const struct service_key *key);	null: no such key
 *	const __u32 *table_exception(const struct exception_key *key);		null: no such key
 *	struct binding table_binding(__u32 binding);		one load; zero: no such index
 *	const struct route *table_route(__u32 route);		null: no such index
 *	const struct alias_slot *table_route_slot(__u32 slot);	null: no such index
 *	struct cluster_ref table_cluster(__u32 cluster);	one load; zero: no such index
 *	const struct alias_slot *table_cluster_slot(__u32 slot); null: no such index
 *	const struct endpoint *table_endpoint(__u32 endpoint);	null: no such index
 *	__u64 table_load(__u32 endpoint);			live connections and requests
 *	__u64 next_draw(void);					uniform over 2^64
 *	__u32 next_turn(__u32 cluster);				one more with each call
 */
#ifndef SLUICE_MAPS_LIB_WALK_H
#define SLUICE_MAPS_LIB_WALK_H

#include "../abi/types.h"
#include "address.h"
#include "alias.h"
#include "hash.h"
#include "portable.h"

/* Where a connection goes, as far as it has been decided. Pointers are into the tables. */
struct target {
	__u64 client; /* who calls, set by the caller: what BALANCE_CLIENT goes by */
	__u32 service;
	__u32 binding;
	__u32 route_id;
	__u32 cluster;
	__u32 endpoint_id;
	__u32 pad;
	const struct route *route; /* null where the binding said its cluster */
	const struct endpoint *endpoint;
};

/* The service of an address and port; null: none. connect() to 0.0.0.0 or :: means this host. */
static inline const struct service *walk_service(const struct service_key *key)
{
	struct service_key any = *key;
	const struct service *service;

	if (address_is_any(key->address))
		return 0;
	service = table_service(key);
	if (service || address_is_loopback(key->address))
		return service;
	if (address_is_v4(key->address))
		address_set_v4(any.address, 0);
	else
		__builtin_memset(any.address, 0, ADDRESS_SIZE);
	return table_service(&any);
}

/* Fills service and binding, of which it returns the word. */
static inline struct binding walk_binding(const struct service *service, __u32 client_class,
					  struct target *target)
{
	struct exception_key key = { .service = service->id, .client_class = client_class };
	struct binding common = table_binding(service->binding);
	const __u32 *exception;

	target->service = service->id;
	target->binding = service->binding;
	if (!(common.shape & BINDING_HAS_EXCEPTIONS))
		return common;
	exception = table_exception(&key);
	if (!exception)
		return common;
	target->binding = *exception;
	return table_binding(target->binding);
}

/* Fills service, binding and route_id, and either cluster or route. REASON_STEERED: there is one.
 */
static inline enum sluice_reason walk_to_route(const struct service_key *key, __u32 client_class,
					       struct target *target)
{
	const struct service *service = walk_service(key);
	struct binding binding;

	if (!service)
		return REASON_NO_SERVICE;
	binding = walk_binding(service, client_class, target);
	target->route_id = binding.route;
	target->cluster = BINDING_CLUSTER(binding.shape);
	if (target->cluster)
		return REASON_STEERED;
	target->route = target->route_id ? table_route(target->route_id) : 0;
	if (!target->route || target->route->via == ROUTE_VIA_NONE)
		return REASON_NO_ROUTE;
	return REASON_STEERED;
}

/* The cluster that the route's weights choose; 0: none. */
static inline __u32 walk_cluster(const struct route *route)
{
	__u32 count = route->slot_count;
	__u64 draw = next_draw();
	const struct alias_slot *slot;

	if (!count)
		return 0;
	slot = table_route_slot(route->first_slot + alias_index(draw, count));
	return slot ? alias_take(slot, alias_fraction(draw, count)) : 0;
}

static inline __u32 walk_drawn(struct cluster_ref cluster, __u64 draw)
{
	__u32 count = CLUSTER_COUNT(cluster.shape);
	const struct alias_slot *slot;

	slot = table_cluster_slot(cluster.first_slot + alias_index(draw, count));
	return slot ? alias_take(slot, alias_fraction(draw, count)) : 0;
}

static inline __u32 walk_random(struct cluster_ref cluster)
{
	return walk_drawn(cluster, next_draw());
}

/* Slot after slot. Where weights differ a slot stands for two endpoints, and a draw decides
 * between them: the shares are exact, the order is nearly even. */
static inline __u32 walk_round_robin(struct cluster_ref cluster, __u32 turn)
{
	__u32 index = turn % CLUSTER_COUNT(cluster.shape);
	const struct alias_slot *slot = table_cluster_slot(cluster.first_slot + index);

	return slot ? alias_take(slot, next_draw()) : 0;
}

/* Two choices: nearly as good as looking at all endpoints, and no herd runs to the idlest. Only for
 * clusters whose shares are even: the comparison would bend others. Chance costs more than mixing
 * what there is of it: the two differ as if drawn. */
static inline __u32 walk_least_request(struct cluster_ref cluster)
{
	__u64 draw = next_draw();
	__u32 one = walk_drawn(cluster, draw);
	__u32 other = walk_drawn(cluster, mix64(draw));

	if (one == other)
		return one;
	return table_load(other) < table_load(one) ? other : one;
}

static inline __u32 walk_balance(__u32 id, struct cluster_ref cluster, __u64 client)
{
	switch (CLUSTER_POLICY(cluster.shape)) {
	case BALANCE_ROUND_ROBIN:
		return walk_round_robin(cluster, next_turn(id));
	case BALANCE_LEAST_REQUEST:
		return walk_least_request(cluster);
	case BALANCE_CLIENT:
		return walk_drawn(cluster, mix64(client));
	default:
		return walk_random(cluster);
	}
}

/* Fills cluster and endpoint. REASON_STEERED: there is an endpoint, of the family `v4`. */
static inline enum sluice_reason walk_to_endpoint(__u32 cluster, int v4, struct target *target)
{
	struct cluster_ref found = table_cluster(cluster);

	target->cluster = cluster;
	if (!cluster || !(found.shape & CLUSTER_EXISTS))
		return REASON_NO_CLUSTER;
	if (!CLUSTER_COUNT(found.shape))
		return REASON_NO_ENDPOINTS;
	target->endpoint_id = walk_balance(cluster, found, target->client);
	target->endpoint = target->endpoint_id ? table_endpoint(target->endpoint_id) : 0;
	if (!target->endpoint || address_is_v4(target->endpoint->address) != v4)
		return REASON_NO_ENDPOINTS;
	return REASON_STEERED;
}

#endif
