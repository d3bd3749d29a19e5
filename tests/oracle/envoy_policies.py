# SPDX-License-Identifier: Apache-2.0
"""What routes and clusters of an Envoy configuration (as JSON) do besides choosing, in the words of
policies.py."""
from policies import Headers, Pool, Retries

FAULT_FILTER = "envoy.filters.http.fault"
CORS_FILTER = "envoy.filters.http.cors"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
NO_LIMIT = 4294967295
DENOMINATORS = {"HUNDRED": 10000, "TEN_THOUSAND": 100, "MILLION": 1}
BALANCERS = {"RING_HASH": "HASH", "MAGLEV": "HASH", "CLUSTER_PROVIDED": "PASSTHROUGH"}


def of_route(route):
    action, filters = route["route"], route.get("typedPerFilterConfig", {})
    fault = filters.get(FAULT_FILTER, {})
    return {"delay": delay_of(fault.get("delay")), "abort": abort_of(fault.get("abort")),
            "retries": retries_of(action.get("retryPolicy")),
            "mirrors": [(mirror["cluster"], millionths(mirror["runtimeFraction"]["defaultValue"]))
                        for mirror in action.get("requestMirrorPolicies", [])],
            "cors": cors_of(filters.get(CORS_FILTER))}


def way_to(route, action, cluster):
    """What sets the way to one of an action's clusters apart: the Host, and what is done to headers,
    by the route, too. Envoy: the action's Host is set after the cluster's."""
    authority = action.get("hostRewriteLiteral") or cluster.get("hostRewriteLiteral", "")
    return authority, *operations(route, cluster)


def operations(*parts):
    """(of requests, of responses), of a route and one of its weighted clusters."""
    def united(which):
        added = [item for part in parts for item in part.get(which + "HeadersToAdd", [])]
        pairs = {kind: [(item["header"]["key"], item["header"].get("value", ""))
                        for item in added if ("appendAction" in item) == (kind == "set")]
                 for kind in ("set", "add")}
        return Headers.of(**pairs, remove=[name for part in parts
                                           for name in part.get(which + "HeadersToRemove", [])])

    return united("request"), united("response")


def delay_of(delay):
    if not delay or not millionths(delay.get("percentage", {})):
        return None
    return seconds(delay["fixedDelay"]), millionths(delay.get("percentage", {}))


def abort_of(abort):
    if not abort or not millionths(abort.get("percentage", {})):
        return None
    return abort.get("httpStatus") or abort["grpcStatus"], millionths(abort.get("percentage", {}))


def retries_of(policy):
    if not policy:
        return None
    # Of "503" alone istiod makes ",retriable-status-codes".
    conditions = set(policy["retryOn"].split(",")) - {"retriable-status-codes", ""}
    conditions |= {str(code) for code in policy.get("retriableStatusCodes", [])}
    return Retries(policy["numRetries"], frozenset(conditions),
                   seconds(policy.get("perTryTimeout")))


def cors_of(cors):
    if not cors:
        return None
    origins = [("regex", match["safeRegex"]["regex"]) if "safeRegex" in match
               else next(iter(match.items())) for match in cors.get("allowOriginStringMatch", [])]
    lists = [cors.get(name, "") for name in ("allowMethods", "allowHeaders", "exposeHeaders")]
    return origins, lists, int(cors.get("maxAge", "0")), cors.get("allowCredentials", False)


def of_cluster(cluster):
    return {"balancer": balancer_of(cluster), "pool": pool_of(cluster),
            "outlier": outlier_of(cluster), "originates TLS": originates_tls(cluster)}


def originates_tls(cluster):
    """Not counting the mutual TLS of the mesh, which needs no rule."""
    tls = cluster.get("transportSocket", {}).get("typedConfig", {}).get("commonTlsContext")
    return tls is not None and "istio" not in tls.get("alpnProtocols", [])


def balancer_of(cluster):
    policy = cluster.get("lbPolicy", "ROUND_ROBIN")
    return BALANCERS.get(policy, policy)


def pool_of(cluster):
    limits = cluster["circuitBreakers"]["thresholds"][0] if "circuitBreakers" in cluster else {}
    options = cluster.get("typedExtensionProtocolOptions", {}).get(HTTP_OPTIONS, {}) \
        .get("commonHttpProtocolOptions", {})
    return Pool(seconds(cluster.get("connectTimeout")),
                *(limit % NO_LIMIT for limit in
                  (limits.get(name, NO_LIMIT) for name in
                   ("maxConnections", "maxPendingRequests", "maxRequests", "maxRetries"))),
                options.get("maxRequestsPerConnection", 0), seconds(options.get("idleTimeout")))


def outlier_of(cluster):
    outlier = cluster.get("outlierDetection")
    if outlier is None:
        return None
    threshold = cluster.get("commonLbConfig", {}).get("healthyPanicThreshold", {})
    return (outlier.get("consecutive5xx"), outlier.get("consecutiveGatewayFailure"),
            seconds(outlier.get("interval")), seconds(outlier.get("baseEjectionTime")),
            outlier.get("maxEjectionPercent", 0), threshold.get("value", 0))


def millionths(fraction):
    return fraction.get("numerator", 0) * DENOMINATORS[fraction.get("denominator", "HUNDRED")]


def seconds(text):
    return float(text.rstrip("s")) if text else 0
