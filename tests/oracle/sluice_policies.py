# SPDX-License-Identifier: Apache-2.0
"""The policies of an explanation (as JSON), in the words of policies.py."""
import re

from policies import DEFAULT_CONDITIONS, Headers, Pool, Retries

CONNECT_TIMEOUT = 10  # seconds, Istio's default
TLS_MODES = ("SIMPLE", "MUTUAL")
GRPC_STATUS = {"UNAVAILABLE": 14}  # of random_policies.py


def of_route(answer):
    policy = answer["policy"]
    fault = policy.get("fault", {})
    return {"delay": delay_of(fault.get("delay")), "abort": abort_of(fault.get("abort")),
            "retries": retries_of(policy.get("retries")),
            "mirrors": [(f"outbound|{mirror['port']}|{mirror['subset']}|{mirror['host']}",
                         millionths(mirror["percent"])) for mirror in policy.get("mirror", [])],
            "cors": cors_of(policy.get("cors"))}


def way_to(answer, destination):
    """What sets the way to a destination apart: the Host, and what is done to headers, by the rule,
    too. Not in which order."""
    rule = answer["policy"].get("headers", {})
    return destination["authority"], *operations(rule, destination["headers"])


def operations(*all_headers):
    """(of requests, of responses), of several blocks together, without the Host."""
    def united(which, kind):
        return [item for headers in all_headers
                for item in headers.get(which, {}).get(kind, {}).items()
                if item[0].lower() not in ("host", ":authority")]

    return tuple(Headers.of(united(which, "set"), united(which, "add"),
                            [name for headers in all_headers
                             for name in headers.get(which, {}).get("remove", [])])
                 for which in ("request", "response"))


def delay_of(delay):
    if not delay or not delay["percent"]:
        return None
    return seconds(delay["fixedDelay"]), millionths(delay["percent"])


def abort_of(abort):
    if not abort or not abort["percent"]:
        return None
    status = abort.get("httpStatus") or GRPC_STATUS[abort["grpcStatus"]]
    return status, millionths(abort["percent"])


def retries_of(retries):
    if retries is None:
        return Retries(2, DEFAULT_CONDITIONS)
    if not retries["attempts"]:
        return None
    conditions = retries.get("retryOn")
    return Retries(retries["attempts"],
                   frozenset(conditions.split(",")) if conditions else DEFAULT_CONDITIONS,
                   seconds(retries.get("perTryTimeout", "")))


def cors_of(cors):
    if not cors:
        return None
    lists = [",".join(cors.get(name, []))
             for name in ("allowMethods", "allowHeaders", "exposeHeaders")]
    return ([next(iter(match.items())) for match in cors.get("allowOrigins", [])], lists,
            int(seconds(cors.get("maxAge", ""))), cors.get("allowCredentials", False))


def of_cluster(destination):
    policy = destination["policy"]
    pool = policy.get("connectionPool", {})
    return {"balancer": balancer_of(destination, policy.get("loadBalancer", {})),
            "pool": pool_of(pool.get("tcp", {}), pool.get("http", {})),
            "outlier": outlier_of(policy.get("outlierDetection")),
            "originates TLS": policy.get("tls", {}).get("mode") in TLS_MODES}


def balancer_of(destination, balancer):
    if destination["keepsAddress"]:
        return "PASSTHROUGH"
    return "HASH" if "consistentHash" in balancer else balancer.get("simple", "LEAST_REQUEST")


def pool_of(tcp, http):
    return Pool(seconds(tcp.get("connectTimeout", "")) or CONNECT_TIMEOUT,
                tcp.get("maxConnections", 0), http.get("http1MaxPendingRequests", 0),
                http.get("http2MaxRequests", 0), http.get("maxRetries", 0),
                http.get("maxRequestsPerConnection", 0), seconds(http.get("idleTimeout", "")))


def outlier_of(outlier):
    if outlier is None:
        return None
    return (outlier.get("consecutive5xxErrors"), outlier.get("consecutiveGatewayErrors"),
            seconds(outlier.get("interval", "")), seconds(outlier.get("baseEjectionTime", "")),
            outlier.get("maxEjectionPercent", 0), outlier.get("minHealthPercent", 0))


def millionths(percent):
    return round(percent * 10000)


def seconds(text):
    """Of a duration as Go writes it: "2s500ms"; 0 of nothing."""
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    return sum(float(number) * units[unit]
               for number, unit in re.findall(r"([0-9.]+)(ms|[hms])", text))
