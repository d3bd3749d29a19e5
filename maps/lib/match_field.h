/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fields of a request have said, and what that leaves of the alternatives. For
 * maps/lib/match.h, which says what has to be declared before it.
 */
#ifndef SLUICE_MAPS_LIB_MATCH_FIELD_H
#define SLUICE_MAPS_LIB_MATCH_FIELD_H

#include "../abi/match.h"
#include "match_vector.h"
#include "portable.h"

/* What the fields of one request have said so far. */
struct match_walk {
	__u32 undecided; /* something had no room */
	__u32 pad;
	__u32 lines[MATCH_MAX_FIELDS];
	__u32 accepts[MATCH_MAX_FIELDS][MATCH_MAX_LINES];
};

/* Bit w: the field leaves something in word w of the group. */
static inline __u64 match_field_summary(const struct match_table *table,
					const struct match_walk *walk, __u32 number, __u32 field,
					__u32 group)
{
	__u32 lines = walk->lines[number];
	__u64 open;

	open = match_summary(table, match_load(table, field + 1).field.open, group);
	for (__u32 i = 0; i < MATCH_MAX_LINES && i < lines; i++) {
		__u32 accept = walk->accepts[number][i];

		open |= match_summary(table, match_load(table, accept).verdict.holds, group);
	}
	return open;
}

/* The alternatives of one word that the field leaves. Istio: any line of a header satisfies
 * `headers`, and any line that `withoutHeaders` refuses is enough. */
static inline __u64 match_field_bits(const struct match_table *table, const struct match_walk *walk,
				     __u32 number, __u32 field, struct match_position at)
{
	__u32 lines = walk->lines[number];
	__u64 refused = 0;
	__u64 open;

	open = match_bits(table, match_load(table, field + 1).field.open, at);
	for (__u32 i = 0; i < MATCH_MAX_LINES && i < lines; i++) {
		struct match_verdict verdict = match_load(table, walk->accepts[number][i]).verdict;

		open |= match_bits(table, verdict.holds, at);
		refused |= match_bits(table, verdict.fails, at);
	}
	return open & ~refused;
}

/* Words of the group in which every field leaves something. */
static inline __u64 match_open_words(const struct match_table *table, const struct match_walk *walk,
				     __u32 group)
{
	struct match_range fields = match_load(table, MATCH_HEAD_FIELDS).range;
	__u32 all = match_load(table, MATCH_HEAD_CERTAINTY).certainty.all;
	__u64 words = match_summary(table, all, group);

	for (__u32 i = 0; i < MATCH_FIELD_BOUND; i++) {
		if (i >= fields.count)
			break;
		words &= match_field_summary(table, walk, i & (MATCH_MAX_FIELDS - 1),
					     fields.first + i * MATCH_FIELD_CELLS, group);
	}
	return words;
}

/* Alternatives of the word that every field leaves. */
static inline __u64 match_open_bits(const struct match_table *table, const struct match_walk *walk,
				    struct match_position at)
{
	struct match_range fields = match_load(table, MATCH_HEAD_FIELDS).range;
	__u32 all = match_load(table, MATCH_HEAD_CERTAINTY).certainty.all;
	__u64 bits = match_bits(table, all, at);

	for (__u32 i = 0; i < MATCH_FIELD_BOUND; i++) {
		if (i >= fields.count || !bits)
			break;
		bits &= match_field_bits(table, walk, i & (MATCH_MAX_FIELDS - 1),
					 fields.first + i * MATCH_FIELD_CELLS, at);
	}
	return bits;
}

#endif
