/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the kernel that failed: which one, where, and how often. */
#ifndef SLUICE_BPF_LIB_FAILURE_H
#define SLUICE_BPF_LIB_FAILURE_H

#include "count.h"

/* Records that the call at `site` (enum sluice_site) failed in this line; `error` as the helper
 * returned it, 0 when it tells none. */
#define HELPER_FAILED(site, error) record_failure(site, __LINE__, error)

static __always_inline void record_failure(enum sluice_site site, __u32 line, long error)
{
	struct failure_key key = { .site = site, .line = line, .error = error };
	struct failure first = { .count = 1, .last_ns = bpf_ktime_get_ns() };
	struct failure *known = bpf_map_lookup_elem(&failures, &key);

	if (known) {
		count_add(known->count, 1);
		known->last_ns = first.last_ns;
		return;
	}
	/* Fails when the map is full, or when another CPU was first. The connection has its reason
	 * anyway. */
	(void)bpf_map_update_elem(&failures, &key, &first, BPF_NOEXIST);
}

#endif
