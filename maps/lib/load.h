/* SPDX-License-Identifier: Apache-2.0 */
/* How busy an endpoint is (struct endpoint_load). */
#ifndef SLUICE_MAPS_LIB_LOAD_H
#define SLUICE_MAPS_LIB_LOAD_H

#include "../abi/types.h"
#include "portable.h"

/* More ends than beginnings were counted where it is below 0: there is none. */
static inline __u32 load_connections(struct endpoint_load load)
{
	return load.connections > 0 ? NARROW(__u32, load.connections) : 0;
}

/* What BALANCE_LEAST_REQUEST compares. */
static inline __u64 load_of(struct endpoint_load load)
{
	return NARROW(__u64, load_connections(load)) + load.requests;
}

#endif
