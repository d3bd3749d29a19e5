// SPDX-License-Identifier: Apache-2.0
/* Who may connect to the backends: the only place that can refuse a connection before it exists. */
// clang-format off: the helpers are declared with the types of linux/bpf.h.
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#include "door.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, GATE_DOORS);
  __type(key, struct door_key);
  __type(value, struct door);
} doors SEC(".maps");

/* One element for each connection that is refused next, whatever door it comes to. */
struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, GATE_REFUSALS);
  __uint(value_size, sizeof(__u32));
} refusals SEC(".maps");

/* Runs for the SYN alone: what follows belongs to a socket already. A dropped lookup finds no
 * listener, and the client gets a reset. */
SEC("sk_lookup")
int watch_door(struct bpf_sk_lookup* ctx) {
  struct door_key key = {.address = ctx->local_ip4, .port = ctx->local_port};
  struct door* door;
  __u32 refusal;

  door = bpf_map_lookup_elem(&doors, &key);
  if (!door) return SK_DROP;
  __sync_fetch_and_add(&door->attempts, 1);
  if (door->closed || bpf_map_pop_elem(&refusals, &refusal) == 0) return SK_DROP;
  return SK_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
