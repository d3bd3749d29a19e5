/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of single connections, while somebody asks for it. */
#ifndef SLUICE_BPF_LIB_EVENT_H
#define SLUICE_BPF_LIB_EVENT_H

#include "failure.h"

/* An agent that has not stirred for so long does not listen either: it is gone, and with it who had
 * asked. */
#define DEAF_AFTER_NS (60 * 1000000000ULL)

/* Whether to tell of the connection that begins: a load and a branch while nobody asks. What was
 * drawn holds to its end, see CONN_SAMPLED. */
static __always_inline int is_sampled(void)
{
	__u32 index = 0;
	const struct control *asked = bpf_map_lookup_elem(&control, &index);
	__u32 one_of = asked ? *(const volatile __u32 *)&asked->sample : 0;

	if (!one_of || bpf_get_prandom_u32() % one_of)
		return 0;
	return bpf_ktime_get_ns() - *(const volatile __u64 *)&asked->heartbeat_ns < DEAF_AFTER_NS;
}

/* An event of this kind and time, zero otherwise; null when the ring is full, which is counted. To
 * be submitted in any case. */
static __always_inline struct event *begin_event(enum sluice_event kind)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		HELPER_FAILED(SITE_TELL, 0);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->time_ns = bpf_ktime_get_ns();
	return event;
}

#endif
