# SPDX-License-Identifier: Apache-2.0
"""What a sidecar with istiod's configuration does with a call, as an Outcome."""
import envoy_http
import envoy_policies
from envoy_listeners import HTTP_MANAGER, Refused, find_filter
from outcome import Destination, Outcome, united

REDIRECT_STATUS = {"MOVED_PERMANENTLY": 301, "FOUND": 302, "SEE_OTHER": 303,
                   "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308}


class Sidecar:
    """state: of a ProxyStream."""

    def __init__(self, state):
        self.clusters, self.endpoints = state["clusters"], state["endpoints"]
        self.listeners, self.routes = state["listeners"], state["routes"]

    def outcome(self, call):
        try:
            found = find_filter(self.listeners, call)
        except Refused:
            return Outcome("refused configuration")
        if found is None:
            return Outcome("refused")
        kind, configuration = found
        if kind == HTTP_MANAGER:
            return self._http(self._routes_of(configuration), call)
        return self._forward(configuration)

    def _routes_of(self, manager):
        return manager.get("routeConfig") or self.routes[manager["rds"]["routeConfigName"]]

    def _http(self, configuration, call):
        route = envoy_http.find_route(configuration, call)
        if route is None:
            return Outcome("answer", status=404)
        rule = rule_of(route)
        if "redirect" in route:
            code = route["redirect"].get("responseCode", "MOVED_PERMANENTLY")
            return Outcome("redirect", status=REDIRECT_STATUS[code], rule=rule,
                           location=envoy_http.location(route, call))
        if "directResponse" in route:
            return Outcome("answer", status=route["directResponse"]["status"], rule=rule)
        action = route["route"]
        return self._forward(action, route, rule=rule, path=envoy_http.rewritten(route, call),
                             timeout=envoy_policies.seconds(action.get("timeout")),
                             policies=envoy_policies.of_route(route))

    def _forward(self, action, route=None, **told):
        """route: of HTTP, which the action is of."""
        clusters = clusters_of(action)
        names = {cluster["name"] for cluster in clusters}
        if names == {"BlackHoleCluster"}:
            return Outcome("refused")
        if names == {"PassthroughCluster"} or all(map(self._keeps_address, names)):
            return Outcome("passthrough")
        total = sum(cluster.get("weight", 0) for cluster in clusters)
        return Outcome("forward", destinations=united(
            ((*key_of(cluster["name"]), *envoy_policies.way_to(route or {}, action, cluster)),
             self._destination(cluster["name"], cluster.get("weight", 0) / total))
            for cluster in clusters), **told)

    def _keeps_address(self, name):
        return self.clusters.get(name, {}).get("type") == "ORIGINAL_DST"

    def _destination(self, name, share):
        cluster = self.clusters.get(name)
        if cluster is None:
            return Destination(share, exists=False)
        return Destination(share, True, self._endpoints_of(cluster), origin_of(cluster),
                           envoy_policies.of_cluster(cluster))

    def _endpoints_of(self, cluster):
        if cluster.get("type", "STATIC") != "EDS":
            return frozenset()
        groups = self.endpoints.get(cluster["name"], {}).get("endpoints", [])
        return frozenset(address_of(endpoint) for group in groups
                         for endpoint in group.get("lbEndpoints", [])
                         if endpoint.get("healthStatus", "HEALTHY") == "HEALTHY")


def clusters_of(action):
    if "weightedClusters" in action:
        return action["weightedClusters"]["clusters"]
    return [{"name": action["cluster"], "weight": 1}]


def key_of(cluster_name):
    """(host, subset, port) of "outbound|80|v1|host"."""
    _, port, subset, host = cluster_name.split("|")
    return host, subset, int(port)


def address_of(endpoint):
    socket = endpoint["endpoint"]["address"]["socketAddress"]
    return f"{socket['address']}:{socket['portValue']}"


def origin_of(item):
    """The resource that istiod names as the reason: its namespace and name; or empty."""
    path = item.get("metadata", {}).get("filterMetadata", {}).get("istio", {}).get("config", "")
    parts = path.split("/")  # /apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME
    return f"{parts[5]}/{parts[7]}" if path else ""


def rule_of(route):
    """The default route of a service has no resource, and a name that says so."""
    origin = origin_of(route)
    return f"{origin} {route['name']}" if origin else ""
