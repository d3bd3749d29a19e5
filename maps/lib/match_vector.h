/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits of the sparse vectors of maps/abi/match.h. For maps/lib/match.h, which says what has to be
 * declared before it. Instruction set v2 has no instruction that counts bits, and a library's
 * function cannot be called, so they are counted by hand.
 */
#ifndef SLUICE_MAPS_LIB_MATCH_VECTOR_H
#define SLUICE_MAPS_LIB_MATCH_VECTOR_H

#include "../abi/match.h"
#include "portable.h"

/* Where a word of a vector is. */
struct match_position {
	__u32 group;
	__u32 word; /* in the group, 0 to 63 */
};

static inline struct match_position match_position_of(__u32 alternative)
{
	struct match_position at = {
		.group = alternative / MATCH_GROUP_BITS,
		.word = alternative % MATCH_GROUP_BITS / MATCH_WORD_BITS,
	};

	return at;
}

/* Number of bits that are set. */
static inline __u32 match_count(__u64 bits)
{
	bits -= bits >> 1 & 0x5555555555555555ULL;
	bits = (bits & 0x3333333333333333ULL) + (bits >> 2 & 0x3333333333333333ULL);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return NARROW(__u32, (bits * 0x0101010101010101ULL) >> 56);
}

/* Number of the lowest bit that is set; of 0: meaningless, but below 64. */
static inline __u32 match_lowest(__u64 bits)
{
	return match_count((bits & (~bits + 1)) - 1) & (MATCH_WORD_BITS - 1);
}

/* Bits of the word that begins with alternative `first`: those from `from` on. */
static inline __u64 match_from(__u32 first, __u32 from)
{
	if (from <= first)
		return ~0ULL;
	return from - first < MATCH_WORD_BITS ? ~0ULL << (from - first) : 0;
}

static inline __u64 match_summary(const struct match_table *table, __u32 vector, __u32 group)
{
	return match_load(table, vector + group * MATCH_VECTOR_CELLS).bits;
}

static inline __u64 match_bits(const struct match_table *table, __u32 vector,
			       struct match_position at)
{
	__u64 summary = match_summary(table, vector, at.group);
	__u64 bit = 1ULL << at.word;
	__u32 first;

	if (!(summary & bit))
		return 0;
	first = match_load(table, vector + at.group * MATCH_VECTOR_CELLS + 1).words.first;
	return match_load(table, first + match_count(summary & (bit - 1))).bits;
}

#endif
