// SPDX-License-Identifier: Apache-2.0
/* connect() of a workload: which endpoint, the agent's listener, or nothing of ours. */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "lib/tables.h"

#include "../maps/lib/walk.h"
#include "lib/attempt.h"
#include "lib/caller.h"
#include "lib/count.h"
#include "lib/listener.h"
#include "lib/sock_addr.h"

static __always_inline int steer(struct bpf_sock_addr *ctx, int family)
{
	struct attempt attempt = { .key.protocol = IPPROTO_TCP };
	enum sluice_reason reason;

	if (!is_tcp(ctx, family))
		return not_ours(REASON_NOT_TCP);
	load_address(ctx, family, attempt.key.address);
	attempt.key.port = load_port(ctx);
	attempt.workload_id = caller_id();
	attempt.target.client = attempt.workload_id;
	attempt.workload = find_caller(attempt.workload_id);
	if (!attempt.workload)
		return leave_alone(ctx, &attempt, REASON_NO_WORKLOAD);

	reason = walk_to_route(&attempt.key, attempt.workload->client_class, &attempt.target);
	if (reason == REASON_NO_SERVICE)
		return leave_alone(ctx, &attempt, reason);
	if (reason != REASON_STEERED)
		return refuse(ctx, family, &attempt, reason);

	if (attempt.target.route) {
		if (attempt.target.route->via == ROUTE_PASSTHROUGH)
			return leave_alone(ctx, &attempt, REASON_PASSTHROUGH);
		if (attempt.target.route->via == ROUTE_VIA_PROXY)
			return to_listener(ctx, family, &attempt);
		attempt.target.cluster = walk_cluster(attempt.target.route);
	}
	return to_cluster(ctx, family, &attempt, attempt.target.cluster, REASON_STEERED);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return steer(ctx, AF_INET);
}

/* Also for v4-mapped destinations: the kernel runs no connect4 hook for them. */
SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return steer(ctx, AF_INET6);
}

char LICENSE[] SEC("license") = "Apache-2.0";
