/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drawing from an alias table (Vose 1991; struct alias_slot) with one 64-bit draw.
 *
 * draw * count is a 96-bit number: its upper 32 bits choose the slot, its lower 64 bits are the
 * fraction within the slot. Over all 2^64 draws each slot is chosen 2^64 / count times, give or
 * take one, so neither the number of slots nor the weights bias the choice as a modulo would.
 * The kernel's programs have no 128-bit multiplication, hence the halves.
 */
#ifndef SLUICE_MAPS_LIB_ALIAS_H
#define SLUICE_MAPS_LIB_ALIAS_H

#include "../abi/types.h"
#include "portable.h"

#define ALIAS_ALWAYS_OWN 0xffffffffffffffffULL

/* floor(draw * count / 2^64): below `count`, 0 when `count` is 0. */
static inline __u32 alias_index(__u64 draw, __u32 count)
{
	__u64 high = (draw >> 32) * count;
	__u64 low = (draw & 0xffffffff) * count;

	return NARROW(__u32, (high + (low >> 32)) >> 32);
}

/* What the draw leaves to decide within the slot alias_index(draw, count). */
static inline __u64 alias_fraction(__u64 draw, __u32 count)
{
	return draw * count;
}

static inline __u32 alias_take(const struct alias_slot *slot, __u64 fraction)
{
	int own = slot->threshold == ALIAS_ALWAYS_OWN || fraction < slot->threshold;

	return own ? slot->own : slot->alias;
}

/* From a table in plain memory; `count` is at least 1. */
static inline __u32 alias_pick(const struct alias_slot *slots, __u32 count, __u64 draw)
{
	return alias_take(&slots[alias_index(draw, count)], alias_fraction(draw, count));
}

#endif
