/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the bytes of a request. For maps/lib/match.h, which says what has to be declared
 * before it.
 */
#ifndef SLUICE_MAPS_LIB_MATCH_TEXT_H
#define SLUICE_MAPS_LIB_MATCH_TEXT_H

#include "../abi/match.h"
#include "portable.h"

/* The state behind `byte`; `fallback` is that of `state`, and not 0. */
static inline __u32 match_step(const struct match_table *table, __u32 classes, __u32 state,
			       __u32 fallback, __u8 byte)
{
	__u64 row = match_load(table, classes + (byte >> 3)).bits;
	__u32 class_of = NARROW(__u32, row >> ((byte & 7) * 8)) & 0xff;
	struct match_slot slot = match_load(table, state + 1 + class_of).slot;

	return slot.owner == state ? slot.next : fallback;
}

/* What the text means: the accept of the state in which it ends. */
static inline __u32 match_scan(const struct match_table *table, struct match_automaton automaton,
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

/* Index of the first `byte` from `from` on; `to` when there is none before it. */
static inline __u32 match_seek(const struct match_text *text, __u32 from, __u32 to, __u8 byte)
{
	__u32 at = from;

	for (__u32 i = 0; i < MATCH_TEXT_BOUND; i++) {
		if (at >= to || match_byte(text, at) == byte)
			break;
		at++;
	}
	return at < to ? at : to;
}

#endif
