/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that decide which rule a request meets: one array of 64-bit cells, without pointers,
 * to be copied as it is. Every reference is the index of a cell of the same array. Integers are in
 * host byte order.
 *
 *   match_head                            at cell 0
 *   fields[first_field..+field_count)     one for each thing that some rule asks for: the parts of
 *                                         the request line first, then headers, then parameters
 *     automaton                           over the bytes of the field's value
 *       state, slots                      the end of the value leaves a state,
 *         accept                          and the state says what the value means:
 *           holds, fails, maybe           bit-vectors of alternatives
 *
 * A rule matches when one of its alternatives does; an alternative is what all fields agree on.
 * Alternatives are numbered in the order of their rules, so the first common bit is the answer.
 *
 * Bit-vectors are sparse: 4096 bits are a group, 64 bits are a word, and a group stores only the
 * words that are not zero, behind a summary that says which ones they are.
 */
#ifndef SLUICE_MAPS_ABI_MATCH_H
#define SLUICE_MAPS_ABI_MATCH_H

#include <linux/types.h>

/* Bounds of a table; what does not fit is left open. Powers of two where
 * they bound an index: the kernel's programs mask with them. */
#define MATCH_MAX_CELLS        (1u << 22) /* 32 MiB */
#define MATCH_MAX_FIELDS       64
#define MATCH_MAX_LINES        4     /* of one header in one request */
#define MATCH_MAX_ALTERNATIVES 65536 /* the last one stands for all that follow */

/* Answers of match_first() besides an alternative. */
#define MATCH_NONE      0xffffffffu /* no alternative matches */
#define MATCH_UNDECIDED 0xfffffffeu /* more than the walk can judge: another way has to decide */

#define MATCH_GROUP_BITS 4096
#define MATCH_WORD_BITS  64

/* Where the value of a field comes from. */
enum match_source {
	MATCH_PATH = 0, /* normalised, without the query */
	MATCH_METHOD,
	MATCH_SCHEME,
	MATCH_AUTHORITY,
	MATCH_PATH_AND_QUERY, /* `:path` as a header */
	MATCH_LINE_PARTS,     /* number of those above, which every request has once */
	MATCH_HEADER = MATCH_LINE_PARTS,
	MATCH_QUERY, /* a parameter */
};

/* An automaton: deterministic, over bytes. `start` 0: there is none. */
struct match_automaton {
	__u32 start;   /* state */
	__u32 classes; /* 32 cells, a byte's class is byte `b & 7` of cell `b >> 3` */
};

/* A state, at its own cell `s`. It goes by class `c` where the slot at `s + 1 + c` says so. Slots
 * of several states share the array: the cells between are often another state's. */
struct match_state {
	__u32 accept; /* what a value that ends here means; in automata of names: the field, or 0 */
	__u32 fallback; /* where all classes without a slot go; 0: nothing changes the state any
			   more */
};

/* `owner` lies where match_state has `accept`, which is never the cell of a state: a slot cannot be
 * mistaken for a state, nor the other way round. */
struct match_slot {
	__u32 owner; /* state; 0: nobody */
	__u32 next;  /* state */
};

/* What a value means; two cells. */
struct match_verdict {
	__u32 holds; /* vector: alternatives that ask for this value */
	__u32 fails; /* vector: alternatives that refuse it */
};
struct match_doubt {
	__u32 maybe; /* vector: alternatives for which the above is a guess, the one that keeps them
		      */
	__u32 pad;
};

/* A field; three cells: its automaton, and */
struct match_default {
	__u32 open;   /* vector: alternatives that ask nothing of the field */
	__u32 absent; /* accept: what it means that a request has no such field */
};
struct match_place {
	__u32 source; /* enum match_source */
	__u32 number; /* of the field, from 0 */
};
#define MATCH_FIELD_CELLS 3

/* One group of a bit-vector: a summary (bit w: word w is stored), and */
struct match_words {
	__u32 first; /* cell of the first stored word */
	__u32 pad;
};
#define MATCH_VECTOR_CELLS 2 /* of each group */

/* Elements of `alternatives`. */
struct match_alternative {
	__u32 rule; /* index in the list of rules */
	__u32 pad;
};

struct match_shape {
	__u32 alternatives; /* how many */
	__u32 groups;       /* of every vector */
};
struct match_range {
	__u32 first; /* cell */
	__u32 count;
};
struct match_certainty {
	__u32 all;   /* vector: all alternatives */
	__u32 maybe; /* vector: those with a condition that is not in the tables */
};

union match_cell {
	__u64 bits; /* a word or summary of a vector; eight classes */
	struct match_automaton automaton;
	struct match_state state;
	struct match_slot slot;
	struct match_verdict verdict;
	struct match_doubt doubt;
	struct match_default field;
	struct match_place place;
	struct match_words words;
	struct match_alternative alternative;
	struct match_shape shape;
	struct match_range range;
	struct match_certainty certainty;
};

/* The head: cells of the array, by index. */
enum match_head {
	MATCH_HEAD_SHAPE = 0,    /* shape */
	MATCH_HEAD_CERTAINTY,    /* certainty */
	MATCH_HEAD_FIELDS,       /* range: all fields */
	MATCH_HEAD_LINE_FIELDS,  /* range: those whose source is a part of the request line */
	MATCH_HEAD_HEADER_NAMES, /* automaton: name in any case -> field */
	MATCH_HEAD_QUERY_NAMES,  /* automaton: name -> field */
	MATCH_HEAD_ALTERNATIVES, /* range: alternatives */
	MATCH_HEAD_CELLS,        /* range: the whole array */
	MATCH_HEAD_SIZE,
};

#endif
