/* SPDX-License-Identifier: Apache-2.0 */
/* What the test hands to match.bpf.c, and what it gets back. */
#ifndef SLUICE_TESTS_BPF_MATCH_REQUEST_H
#define SLUICE_TESTS_BPF_MATCH_REQUEST_H

#include "../../../maps/abi/match.h"

#define MATCH_TEST_CELLS   65536
#define MATCH_TEST_BYTES   4096
#define MATCH_TEST_HEADERS 64

/* Bounds of the program's loops. With these the verifier follows 415,000 instructions of the
 * million that it grants; texts of 2048 bytes take 571,000, more have too many branches. */
#define MATCH_TEXT_BOUND      1024
#define MATCH_PARAMETER_BOUND 32
#define MATCH_FIELD_BOUND     MATCH_MAX_FIELDS
#define MATCH_GROUP_BOUND     1
#define MATCH_WORD_BOUND      (MATCH_GROUP_BITS / MATCH_WORD_BITS)

/* In `bytes`. */
struct match_text {
	__u32 first;
	__u32 length;
};

struct match_test_header {
	struct match_text name;
	struct match_text value;
};

struct match_test_request {
	__u8 bytes[MATCH_TEST_BYTES];
	struct match_text parts[MATCH_LINE_PARTS];
	struct match_text query;
	struct match_test_header headers[MATCH_TEST_HEADERS];
	__u32 header_count;
	__u32 base; /* cell at which the table begins */
	__u32 pad;
	__u32 from; /* the first alternative that may be the answer */
};

struct match_test_answer {
	__u32 alternative; /* MATCH_NONE, MATCH_UNDECIDED */
	__u32 is_certain;
};

#endif
