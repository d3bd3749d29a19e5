/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to the rule that it meets: the walk over the tables of maps/abi/match.h, once for
 * the kernel's programs and for the proxy.
 *
 *	match_begin(walk)                    for each request
 *	match_line(table, walk, parts)       the parts of the request line, by enum match_source
 *	match_header(table, walk, name, value)  each header line
 *	match_query(table, walk, query)      the query, without "?"
 *	match_end(table, walk)               what was not there
 *	match_first(table, walk, from)       the first alternative that is left
 *
 * The cost grows with the bytes that are read, the fields that rules ask for, and the 64-bit words
 * in which all fields still have something; not with the number of rules in a word.
 *
 * Who includes this file declares before it what is read, and how:
 *
 *	struct match_table				which array of cells
 *	struct match_text { __u32 length; … }		bytes of the request
 *	union match_cell match_load(const struct match_table *table, __u32 index);
 *	__u8 match_byte(const struct match_text *text, __u32 at);	at < length
 *	struct match_text match_part(const struct match_text *text, __u32 first, __u32 length);
 *	MATCH_TEXT_BOUND, MATCH_PARAMETER_BOUND, MATCH_FIELD_BOUND, MATCH_GROUP_BOUND,
 *	MATCH_WORD_BOUND
 *		bounds of loops. A request or a table that exceeds one is left undecided; the
 *		proxy has none, the kernel's verifier wants to see small ones.
 *
 * and, with the bodies of match_text.h and match_field.h, what the loops below call often. The
 * verifier follows a function that is not static once, an inlined one again with each round:
 *
 *	match_run		match_scan
 *	match_until		match_seek
 *	match_open		match_open_bits
 */
#ifndef SLUICE_MAPS_LIB_MATCH_H
#define SLUICE_MAPS_LIB_MATCH_H

#include "../abi/match.h"
#include "match_field.h"
#include "portable.h"

static inline void match_begin(struct match_walk *walk)
{
	walk->undecided = 0;
	for (__u32 i = 0; i < MATCH_MAX_FIELDS; i++)
		walk->lines[i] = 0;
}

static inline void match_record(struct match_walk *walk, __u32 field, __u32 accept)
{
	__u32 number = field & (MATCH_MAX_FIELDS - 1);
	__u32 line = walk->lines[number];

	if (line < MATCH_MAX_LINES) {
		walk->accepts[number][line & (MATCH_MAX_LINES - 1)] = accept;
		walk->lines[number] = line + 1;
	} else {
		walk->undecided = 1;
	}
}

/* Whether the loops below see all of it. */
static inline int match_fits(struct match_walk *walk, const struct match_text *text)
{
	if (text->length <= MATCH_TEXT_BOUND)
		return 1;
	walk->undecided = 1;
	return 0;
}

/* `field`: its cell. */
static inline void match_value(const struct match_table *table, struct match_walk *walk,
			       __u32 field, const struct match_text *value)
{
	struct match_automaton automaton = match_load(table, field).automaton;

	if (match_fits(walk, value))
		match_record(walk, match_load(table, field + 2).place.number,
			     match_run(table, automaton, value));
}

/* `parts`: MATCH_LINE_PARTS texts. */
static inline void match_line(const struct match_table *table, struct match_walk *walk,
			      const struct match_text *parts)
{
	struct match_range fields = match_load(table, MATCH_HEAD_LINE_FIELDS).range;

	for (__u32 i = 0; i < MATCH_FIELD_BOUND; i++) {
		__u32 field = fields.first + i * MATCH_FIELD_CELLS;
		__u32 source;

		if (i >= fields.count)
			break;
		source = match_load(table, field + 2).place.source;
		if (source < MATCH_LINE_PARTS)
			match_value(table, walk, field, &parts[source]);
	}
}

/* A name that no rule asks for ends its automaton early, mostly at the first byte. */
static inline void match_header(const struct match_table *table, struct match_walk *walk,
				const struct match_text *name, const struct match_text *value)
{
	struct match_automaton names = match_load(table, MATCH_HEAD_HEADER_NAMES).automaton;
	__u32 field;

	if (!names.start || !match_fits(walk, name))
		return;
	field = match_run(table, names, name);
	if (field)
		match_value(table, walk, field, value);
}

/* Of several parameters with one name the first counts. */
static inline void match_parameter(const struct match_table *table, struct match_walk *walk,
				   const struct match_text *name, const struct match_text *value)
{
	struct match_automaton names = match_load(table, MATCH_HEAD_QUERY_NAMES).automaton;
	__u32 field = match_run(table, names, name);
	__u32 number;

	if (!field)
		return;
	number = match_load(table, field + 2).place.number & (MATCH_MAX_FIELDS - 1);
	if (!walk->lines[number])
		match_value(table, walk, field, value);
}

/* Envoy: parameters end at "&", their name at the first "="; nothing is decoded. Nothing follows
 * the last "&". */
static inline void match_query(const struct match_table *table, struct match_walk *walk,
			       const struct match_text *query)
{
	__u32 first = 0;

	if (!match_load(table, MATCH_HEAD_QUERY_NAMES).automaton.start || !match_fits(walk, query))
		return;
	for (__u32 i = 0; i < MATCH_PARAMETER_BOUND; i++) {
		__u32 end = match_until(query, first, query->length, '&');
		__u32 equals = match_until(query, first, end, '=');
		__u32 value_at = equals < end ? equals + 1 : end;
		struct match_text name = match_part(query, first, equals - first);
		struct match_text value = match_part(query, value_at, end - value_at);

		if (first >= query->length)
			return;
		match_parameter(table, walk, &name, &value);
		first = end + 1;
	}
	if (first < query->length)
		walk->undecided = 1;
}

/* Fields that the request does not have say so; now each field has at least one accept. */
static inline void match_end(const struct match_table *table, struct match_walk *walk)
{
	struct match_range fields = match_load(table, MATCH_HEAD_FIELDS).range;

	if (fields.count > MATCH_FIELD_BOUND)
		walk->undecided = 1;
	for (__u32 i = 0; i < MATCH_FIELD_BOUND; i++) {
		__u32 field = fields.first + i * MATCH_FIELD_CELLS;

		if (i >= fields.count)
			break;
		if (!walk->lines[i])
			match_record(walk, i, match_load(table, field + 1).field.absent);
	}
}

/* The first alternative of the group that is left, at `from` or behind. */
static inline __u32 match_first_of_group(const struct match_table *table,
					 const struct match_walk *walk, __u32 group, __u32 from)
{
	__u64 words = match_open_words(table, walk, group) &
		      match_from(group * MATCH_WORD_BITS, from / MATCH_WORD_BITS);

	for (__u32 i = 0; i < MATCH_WORD_BOUND; i++) {
		struct match_position at = { .group = group, .word = match_lowest(words) };
		__u32 first = group * MATCH_GROUP_BITS + at.word * MATCH_WORD_BITS;
		__u64 bits;

		if (!words)
			return MATCH_NONE;
		words &= words - 1;
		bits = match_open(table, walk, at) & match_from(first, from);
		if (bits)
			return first + match_lowest(bits);
	}
	return words ? MATCH_UNDECIDED : MATCH_NONE;
}

/* The first alternative that is left, at `from` or behind; MATCH_NONE, MATCH_UNDECIDED. After
 * match_end(). */
static inline __u32 match_first(const struct match_table *table, const struct match_walk *walk,
				__u32 from)
{
	__u32 groups = match_load(table, MATCH_HEAD_SHAPE).shape.groups;
	__u32 group = from / MATCH_GROUP_BITS;

	if (walk->undecided)
		return MATCH_UNDECIDED;
	for (__u32 i = 0; i < MATCH_GROUP_BOUND; i++, group++) {
		__u32 found;

		if (group >= groups)
			return MATCH_NONE;
		found = match_first_of_group(table, walk, group, from);
		if (found != MATCH_NONE)
			return found;
	}
	return group < groups ? MATCH_UNDECIDED : MATCH_NONE;
}

/* Whether the tables know that the alternative matches; else its conditions have to be asked. */
static inline int match_is_certain(const struct match_table *table, const struct match_walk *walk,
				   __u32 alternative)
{
	struct match_range fields = match_load(table, MATCH_HEAD_FIELDS).range;
	struct match_position at = match_position_of(alternative);
	__u64 maybe =
		match_bits(table, match_load(table, MATCH_HEAD_CERTAINTY).certainty.maybe, at);

	for (__u32 i = 0; i < MATCH_FIELD_BOUND; i++) {
		__u32 number = i & (MATCH_MAX_FIELDS - 1);

		if (i >= fields.count)
			break;
		for (__u32 line = 0; line < MATCH_MAX_LINES; line++) {
			if (line >= walk->lines[number])
				break;
			maybe |= match_bits(
				table,
				match_load(table, walk->accepts[number][line] + 1).doubt.maybe, at);
		}
	}
	return !(maybe >> (alternative % MATCH_WORD_BITS) & 1);
}

#endif
