/* SPDX-License-Identifier: Apache-2.0 */
/* Who the socket belongs to. */
#ifndef SLUICE_BPF_LIB_CALLER_H
#define SLUICE_BPF_LIB_CALLER_H

#include "../../maps/defs.bpf.h"

/* Every hook calls this, also where it could do without: swapping the program of a link keeps
 * the storage that its first program asked for, and a later version that asks for one where
 * there is none would read a null pointer in the kernel. */
static __always_inline __u64 caller_id(void)
{
	const struct workload_ref *ref = bpf_get_local_storage(&workload, 0);

	return ref->id;
}

/* Null until the agent has written the workload's record. */
static __always_inline const struct workload *find_caller(__u64 id)
{
	return bpf_map_lookup_elem(&workloads, &id);
}

#endif
