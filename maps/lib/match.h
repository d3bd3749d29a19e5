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
 *	MATCH_TEXT_BOUND, MATCH_FIELD_BOUND, MATCH_GROUP_BOUND, MATCH_WORD_BOUND
 *		bounds of loops. A request or a table that exceeds one is left undecided; the
 *		proxy has none, the kernel's verifier wants to see small ones.
 */
#ifndef SLUICE_MAPS_LIB_MATCH_H
#define SLUICE_MAPS_LIB_MATCH_H

#include "../abi/match.h"
#include "match_vector.h"
#include "portable.h"

/* Answers of match_first() besides an alternative. */
#define MATCH_NONE      0xffffffffu /* no alternative matches */
#define MATCH_UNDECIDED 0xfffffffeu /* more than can be judged here: another way has to decide */

/* What the fields of one request have said so far. */
struct match_walk {
	__u32 undecided; /* something had no room */
	__u32 pad;
	__u32 lines[MATCH_MAX_FIELDS];
	__u32 accepts[MATCH_MAX_FIELDS][MATCH_MAX_LINES];
};

static inline void match_begin(struct match_walk *walk)
{
	walk->undecided = 0;
	for (__u32 i = 0; i < MATCH_MAX_FIELDS; i++)
		walk->lines[i] = 0;
}

/* A step without a branch on what is read, so that a verifier sees one path through it. */
static inline __u32 match_step(const struct match_table *table, __u32 classes, __u32 state,
			       __u32 fallback, __u8 byte)
{
	__u64 row = match_load(table, classes + (byte >> 3)).bits;
	__u32 class_of = NARROW(__u32, row >> ((byte & 7) * 8)) & 0xff;
	struct match_slot slot = match_load(table, state + 1 + class_of).slot;
	__u32 is_other = slot.owner ^ state;
	/* All ones when it is the same, else zero. */
	__u32 mask = NARROW(__u32, (NARROW(__u64, is_other) - 1) >> 32);

	return fallback ^ ((fallback ^ slot.next) & mask);
}

/* What the text means: the accept of the state in which it ends. */
static inline __u32 match_run(const struct match_table *table, struct match_automaton automaton,
			      const struct match_text *text)
{
	struct match_state state = match_load(table, automaton.start).state;
	__u32 at = automaton.start;

	for (__u32 i = 0; i < MATCH_TEXT_BOUND; i++) {
		if (i >= text->length || !state.fallback)
			break;
		at = match_step(table, automaton.classes, at, state.fallback, match_byte(text, i));
		state = match_load(table, at).state;
	}
	return state.accept;
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

/* Envoy: parameters end at "&", their name at the first "="; nothing is decoded; of several with one
 * name the first counts. */
struct match_parameter {
	struct match_automaton automaton; /* over the name, then over the value */
	__u32 state;
	__u32 field; /* once the name is known; 0: no rule asks for it */
	__u32 in_value;
	__u32 pad;
};

static inline void match_parameter_begin(const struct match_table *table,
					 struct match_parameter *parameter)
{
	parameter->automaton = match_load(table, MATCH_HEAD_QUERY_NAMES).automaton;
	parameter->state = parameter->automaton.start;
	parameter->field = 0;
	parameter->in_value = 0;
}

/* The name ends here. A name that no rule asks for stays in the state that it ended in. */
static inline void match_parameter_named(const struct match_table *table,
					 struct match_parameter *parameter)
{
	parameter->field = match_load(table, parameter->state).state.accept;
	parameter->in_value = 1;
	if (!parameter->field)
		return;
	parameter->automaton = match_load(table, parameter->field).automaton;
	parameter->state = parameter->automaton.start;
}

static inline void match_parameter_end(const struct match_table *table, struct match_walk *walk,
				       struct match_parameter *parameter)
{
	__u32 number;

	if (!parameter->in_value)
		match_parameter_named(table, parameter);
	if (!parameter->field)
		return;
	number = match_load(table, parameter->field + 2).place.number & (MATCH_MAX_FIELDS - 1);
	if (!walk->lines[number])
		match_record(walk, number, match_load(table, parameter->state).state.accept);
}

static inline void match_parameter_byte(const struct match_table *table,
					struct match_parameter *parameter, __u8 byte)
{
	struct match_state state;

	if (byte == '=' && !parameter->in_value) {
		match_parameter_named(table, parameter);
		return;
	}
	state = match_load(table, parameter->state).state;
	if (state.fallback)
		parameter->state = match_step(table, parameter->automaton.classes, parameter->state,
					      state.fallback, byte);
}

static inline void match_query(const struct match_table *table, struct match_walk *walk,
			       const struct match_text *query)
{
	struct match_parameter parameter;
	__u32 is_open = 0; /* a parameter has begun; nothing follows the last "&" */

	match_parameter_begin(table, &parameter);
	if (!parameter.state || !match_fits(walk, query))
		return;
	for (__u32 i = 0; i < MATCH_TEXT_BOUND; i++) {
		__u8 byte;

		if (i >= query->length)
			break;
		byte = match_byte(query, i);
		is_open = byte != '&';
		if (is_open) {
			match_parameter_byte(table, &parameter, byte);
			continue;
		}
		match_parameter_end(table, walk, &parameter);
		match_parameter_begin(table, &parameter);
	}
	if (is_open)
		match_parameter_end(table, walk, &parameter);
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
		struct match_verdict verdict =
			match_load(table, walk->accepts[number][i]).verdict;

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
		bits = match_open_bits(table, walk, at) & match_from(first, from);
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
			maybe |= match_bits(table,
					    match_load(table, walk->accepts[number][line] + 1)
						    .doubt.maybe,
					    at);
		}
	}
	return !(maybe >> (alternative % MATCH_WORD_BITS) & 1);
}

#endif
