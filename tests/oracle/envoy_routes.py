# SPDX-License-Identifier: Apache-2.0
"""What an Envoy RouteConfiguration (as JSON) does with a request, without Envoy.

Only what istiod generates for a sidecar is understood; anything else is an error, not a guess.
"""
import re


class Unknown(Exception):
    """The configuration has something that this evaluator does not know."""


def decide(configuration, request):
    """("forward", {(host, subset, port): share}), ("redirect", status), ("answer", status),
    ("passthrough",) or ("blackhole",)."""
    host = virtual_host(configuration, request.authority)
    if host is None:
        return ("answer", 404)
    for route in host.get("routes", []):
        if matches(route["match"], request):
            return action_of(route)
    return ("answer", 404)


def virtual_host(configuration, authority):
    name = authority.lower()
    if configuration.get("ignorePortInHostMatching"):
        name = name.split(":")[0]
    best, best_rank = None, None
    for host in configuration.get("virtualHosts", []):
        for domain in host["domains"]:
            rank = domain_rank(domain.lower(), name)
            if rank is not None and (best_rank is None or rank > best_rank):
                best, best_rank = host, rank
    return best


def domain_rank(domain, name):
    """Exact, then the longest suffix wildcard, then the longest prefix wildcard, then `*`."""
    if domain == "*":
        return (0, 0)
    if domain.startswith("*"):
        suffix = domain[1:]
        return (2, len(domain)) if name.endswith(suffix) and len(name) > len(suffix) else None
    if domain.endswith("*"):
        return (1, len(domain)) if name.startswith(domain[:-1]) else None
    return (3, 0) if domain == name else None


def matches(match, request):
    known = {"prefix", "path", "safeRegex", "caseSensitive", "headers", "queryParameters"}
    if set(match) - known:
        raise Unknown(f"route match {sorted(set(match) - known)}")
    return (path_matches(match, request.path)
            and all(header_matches(m, request) for m in match.get("headers", []))
            and all(query_matches(m, request) for m in match.get("queryParameters", [])))


def path_matches(match, path):
    fold = (lambda text: text) if match.get("caseSensitive", True) else str.lower
    if "prefix" in match:
        return fold(path).startswith(fold(match["prefix"]))
    if "path" in match:
        return fold(path) == fold(match["path"])
    return full_match(match["safeRegex"]["regex"], path)


def full_match(regex, text):
    return re.fullmatch(regex, text, re.ASCII) is not None


def string_matches(match, text):
    if match.get("ignoreCase"):
        raise Unknown("string match without letter case")
    if "exact" in match:
        return text == match["exact"]
    if "prefix" in match:
        return text.startswith(match["prefix"])
    if "safeRegex" in match:
        return full_match(match["safeRegex"]["regex"], text)
    # protobuf's JSON leaves an empty exact out.
    if not match:
        return text == ""
    raise Unknown(f"string match {sorted(match)}")


def header_matches(match, request):
    values = request.values(match["name"].lower())
    if not values and match.get("treatMissingHeaderAsEmpty"):
        values = [""]
    if "presentMatch" in match or "stringMatch" not in match:
        holds = bool(values) == match.get("presentMatch", True)
    else:
        holds = any(string_matches(match["stringMatch"], value) for value in values)
    # Envoy: an inverted match does not hold of a header that is not there, unless it asks for that.
    if match.get("invertMatch"):
        if not values and "stringMatch" in match:
            return False
        return not holds
    return holds


def query_matches(match, request):
    value = request.query.get(match["name"])
    if value is None:
        return False
    if "stringMatch" in match:
        return string_matches(match["stringMatch"], value)
    return True


def action_of(route):
    if "redirect" in route:
        code = route["redirect"].get("responseCode", "MOVED_PERMANENTLY")
        return ("redirect", {"MOVED_PERMANENTLY": 301, "FOUND": 302, "SEE_OTHER": 303,
                             "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308}[code])
    if "directResponse" in route:
        return ("answer", route["directResponse"]["status"])
    forward = route["route"]
    if "weightedClusters" in forward:
        clusters = {c["name"]: c.get("weight", 0) for c in forward["weightedClusters"]["clusters"]}
    else:
        clusters = {forward["cluster"]: 1}
    if set(clusters) == {"PassthroughCluster"}:
        return ("passthrough",)
    if set(clusters) == {"BlackHoleCluster"}:
        return ("blackhole",)
    total = sum(clusters.values())
    return ("forward", {destination_of(name): round(weight / total, 6)
                        for name, weight in clusters.items()})


def destination_of(cluster):
    """(host, subset, port) of "outbound|80|v1|host"."""
    _, port, subset, host = cluster.split("|")
    return (host, subset, int(port))
