// SPDX-License-Identifier: Apache-2.0
/* The walk over match tables as the kernel runs it, for a test to compare with the native one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "match_request.h"

_Static_assert(sizeof(union match_cell) == sizeof(__u64), "as in user space");

struct match_table {
	__u32 base;
};

union match_cell cells[MATCH_TEST_CELLS];
struct match_test_request request;
struct match_test_answer answer;

/* Indexes are masked: the verifier wants to see that they stay inside. */
static __always_inline union match_cell match_load(const struct match_table *table, __u32 index)
{
	return cells[(table->base + index) & (MATCH_TEST_CELLS - 1)];
}

static __always_inline __u8 match_byte(const struct match_text *text, __u32 at)
{
	return request.bytes[(text->first + at) & (MATCH_TEST_BYTES - 1)];
}

static __always_inline struct match_text match_part(const struct match_text *text, __u32 first,
						    __u32 length)
{
	struct match_text part = { .first = text->first + first, .length = length };

	return part;
}

#include "../../../maps/lib/match_field.h"
#include "../../../maps/lib/match_text.h"

static struct match_walk walk; /* too large for the stack */

/* Not static and of numbers alone: the verifier follows each of these once, whoever calls it, and
 * kernels before 5.12 know no other arguments. */
__noinline __u32 run(__u32 base, __u32 start, __u32 classes, __u32 first, __u32 length)
{
	const struct match_table table = { .base = base };
	const struct match_automaton automaton = { .start = start, .classes = classes };
	const struct match_text text = { .first = first, .length = length };

	return match_scan(&table, automaton, &text);
}

static __always_inline __u32 match_run(const struct match_table *table,
				       struct match_automaton automaton,
				       const struct match_text *text)
{
	return run(table->base, automaton.start, automaton.classes, text->first, text->length);
}

__noinline __u32 until(__u32 first, __u32 from, __u32 to, __u8 byte)
{
	const struct match_text text = { .first = first };

	return match_seek(&text, from, to, byte);
}

static __always_inline __u32 match_until(const struct match_text *text, __u32 from, __u32 to,
					 __u8 byte)
{
	return until(text->first, from, to, byte);
}

__noinline __u64 open(__u32 base, __u32 group, __u32 word)
{
	const struct match_table table = { .base = base };
	const struct match_position at = { .group = group, .word = word };

	return match_open_bits(&table, &walk, at);
}

static __always_inline __u64 match_open(const struct match_table *table,
					const struct match_walk *of, struct match_position at)
{
	(void)of;
	return open(table->base, at.group, at.word);
}

#include "../../../maps/lib/match.h"

static __always_inline void walk_headers(const struct match_table *table)
{
	for (__u32 i = 0; i < MATCH_TEST_HEADERS; i++) {
		if (i >= request.header_count)
			break;
		match_header(table, &walk, &request.headers[i].name, &request.headers[i].value);
	}
}

static __always_inline void decide(void)
{
	const struct match_table table = { .base = request.base };

	match_begin(&walk);
	match_line(&table, &walk, request.parts);
	walk_headers(&table);
	match_query(&table, &walk, &request.query);
	match_end(&table, &walk);
	answer.alternative = match_first(&table, &walk, request.from);
	answer.is_certain = match_is_certain(&table, &walk, answer.alternative);
}

/* Can be run by a test. */
SEC("tc")
int match_packet(struct __sk_buff *skb)
{
	(void)skb;
	decide();
	return 0;
}

/* Cannot, but is where rules on requests are decided: it has to load. */
SEC("sk_msg")
int match_message(struct sk_msg_md *message)
{
	(void)message;
	decide();
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
