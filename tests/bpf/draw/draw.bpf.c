// SPDX-License-Identifier: Apache-2.0
/* Where the kernel sends one client of a route, drawn from the tables as connect() does. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../../bpf/lib/tables.h"
#include "../../../maps/lib/walk.h"
#include "draw_counts.h"

__u32 route_id;
__u64 drawn[DRAW_TEST_ENDPOINTS];

SEC("tc")
int draw(struct __sk_buff *skb)
{
	const struct route *route = table_route(route_id);
	struct target target = {};

	(void)skb;
	if (route && walk_to_endpoint(walk_cluster(route), 1, &target) == REASON_STEERED)
		/* Masked: the verifier wants to see that it stays inside. */
		drawn[target.endpoint_id & (DRAW_TEST_ENDPOINTS - 1)]++;
	return 0;
}

char LICENSE[] SEC("license") = "Apache-2.0";
