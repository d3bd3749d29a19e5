/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps, for the kernel's programs. Keys, values and capacities are those of abi/tables.def;
 * a unit test compares. Weak, so that several programs may include this file and be linked into
 * one object.
 */
#ifndef SLUICE_MAPS_DEFS_BPF_H
#define SLUICE_MAPS_DEFS_BPF_H

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

#include "abi/types.h"

#define HASH(map_name, key_type, value_type, entries) \
  struct {                                            \
    __uint(type, BPF_MAP_TYPE_HASH);                  \
    __uint(map_flags, BPF_F_NO_PREALLOC);             \
    __uint(max_entries, entries);                     \
    __type(key, key_type);                            \
    __type(value, value_type);                        \
  } map_name __weak SEC(".maps")

#define ARRAY(map_name, value_type, entries, flags) \
  struct {                                          \
    __uint(type, BPF_MAP_TYPE_ARRAY);               \
    __uint(map_flags, flags);                       \
    __uint(max_entries, entries);                   \
    __type(key, __u32);                             \
    __type(value, value_type);                      \
  } map_name __weak SEC(".maps")

#define PERCPU_ARRAY(map_name, value_type, entries) \
  struct {                                          \
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);        \
    __uint(max_entries, entries);                   \
    __type(key, __u32);                             \
    __type(value, value_type);                      \
  } map_name __weak SEC(".maps")

/* The storage of each attachment. Frozen for ever, see struct workload_ref. The __u64 key makes
 * one storage per cgroup, shared by all hooks. */
struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
  __type(key, __u64);
  __type(value, struct workload_ref);
} workload __weak SEC(".maps");

HASH(workloads, __u64, struct workload, SLUICE_MAX_WORKLOADS);
HASH(services, struct service_key, struct service, SLUICE_MAX_SERVICES);
HASH(exceptions, struct exception_key, __u32, SLUICE_MAX_BINDINGS);

/* User space maps `bindings` and `clusters` to write each element with one store. */
ARRAY(bindings, struct binding, SLUICE_MAX_BINDINGS, BPF_F_MMAPABLE);
ARRAY(routes, struct route, SLUICE_MAX_ROUTES, 0);
ARRAY(route_slots, struct alias_slot, SLUICE_MAX_SLOTS, 0);
ARRAY(clusters, struct cluster_ref, SLUICE_MAX_CLUSTERS, BPF_F_MMAPABLE);
ARRAY(cluster_slots, struct alias_slot, SLUICE_MAX_SLOTS, 0);
ARRAY(endpoints, struct endpoint, SLUICE_MAX_ENDPOINTS, 0);

/* Counters that both sides add to, or that user space reads often, without a system call. */
ARRAY(ep_load, struct endpoint_load, SLUICE_MAX_ENDPOINTS, BPF_F_MMAPABLE);
ARRAY(service_stats, struct connection_stats, SLUICE_MAX_BINDINGS, BPF_F_MMAPABLE);
ARRAY(cluster_stats, struct connection_stats, SLUICE_MAX_CLUSTERS, BPF_F_MMAPABLE);
ARRAY(ep_stats, struct connection_stats, SLUICE_MAX_ENDPOINTS, BPF_F_MMAPABLE);
ARRAY(service_reqs, struct request_stats, SLUICE_MAX_BINDINGS, BPF_F_MMAPABLE);
ARRAY(cluster_reqs, struct request_stats, SLUICE_MAX_CLUSTERS, BPF_F_MMAPABLE);
ARRAY(ep_reqs, struct request_stats, SLUICE_MAX_ENDPOINTS, BPF_F_MMAPABLE);
ARRAY(route_opened, __u64, SLUICE_MAX_ROUTES, BPF_F_MMAPABLE);

/* By the broker, which ends connections. */
ARRAY(endings, __u64, SLUICE_MAX_REASONS, BPF_F_MMAPABLE);

/* Counted on every connect() of a workload, so per CPU. */
PERCPU_ARRAY(reasons, __u64, SLUICE_MAX_REASONS);

HASH(failures, struct failure_key, struct failure, SLUICE_MAX_FAILURES);

/* By cluster: how often this CPU has chosen in it. Per CPU because a shared turn would need an
 * atomic add that returns a value (Linux 5.12); each CPU goes round by itself. Not pinned. */
PERCPU_ARRAY(turns, __u32, SLUICE_MAX_CLUSTERS);

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct connection);
} conn_store __weak SEC(".maps");

/* Of struct event. Not pinned, so that nobody reads those of another layout. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SLUICE_EVENTS_BYTES);
} events __weak SEC(".maps");

HASH(origdst, struct origdst_key, struct origdst, SLUICE_MAX_ORIGDST);
HASH(names, struct name_key, struct name, SLUICE_MAX_NAMES);
ARRAY(control, struct control, 1, BPF_F_MMAPABLE);

#undef HASH
#undef ARRAY
#undef PERCPU_ARRAY

#endif
