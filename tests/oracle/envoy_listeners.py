# SPDX-License-Identifier: Apache-2.0
"""Which filter chain of a sidecar's Envoy listeners (as JSON) takes a connection, without Envoy."""
import ipaddress

from envoy_http import Unknown

CATCH_ALL = "virtualOutbound"
TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
HTTP_MANAGER = "envoy.filters.network.http_connection_manager"
TCP_PROXY = "envoy.filters.network.tcp_proxy"


class Refused(Exception):
    """Envoy does not take such a listener."""


def find_filter(listeners, call):
    """The last network filter for the call, (HTTP_MANAGER or TCP_PROXY, its configuration); None:
    the connection is closed."""
    listener = listener_of(listeners, call.address, call.port)
    chain = filter_chain(listener, call)
    if chain is None:
        return None
    last = chain["filters"][-1]
    if last["name"] not in (HTTP_MANAGER, TCP_PROXY):
        raise Unknown(f"network filter {last['name']}")
    return last["name"], last["typedConfig"]


def listener_of(listeners, address, port):
    """The one of the address, else that of the port, else the one that all traffic comes to."""
    for wanted in (address, "0.0.0.0"):
        for listener in listeners.values():
            if listener["name"] not in (CATCH_ALL, "virtualInbound") and \
                    any(bound == (wanted, port) for bound in bound_to(listener)):
                return listener
    return listeners[CATCH_ALL]


def bound_to(listener):
    for place in (listener, *listener.get("additionalAddresses", [])):
        socket = place["address"]["socketAddress"]
        yield socket["address"], socket.get("portValue", 0)


def filter_chain(listener, call):
    """Envoy narrows the chains down one criterion at a time and never goes back."""
    chains = [chain for chain in listener.get("filterChains", [])]
    for narrow in (by_port, by_address, by_server_name, by_transport, by_application):
        chains = narrow(chains, listener, call)
    if len(chains) > 1:
        raise Refused(f"{len(chains)} filter chains of {listener['name']} are for the same")
    return chains[0] if chains else listener.get("defaultFilterChain")


def criterion(chain, name):
    known = {"destinationPort", "prefixRanges", "serverNames", "transportProtocol",
             "applicationProtocols"}
    match = chain.get("filterChainMatch", {})
    if set(match) - known:
        raise Unknown(f"filter chain match {sorted(set(match) - known)}")
    return match.get(name)


def prefer(chains, name, fits):
    """The chains whose criterion fits; where none does, those that have none."""
    chosen = [chain for chain in chains if criterion(chain, name) and fits(criterion(chain, name))]
    return chosen or [chain for chain in chains if not criterion(chain, name)]


def by_port(chains, _listener, call):
    return prefer(chains, "destinationPort", lambda port: port == call.port)


def by_address(chains, _listener, call):
    address = ipaddress.ip_address(call.address)

    def length(chain):
        ranges = criterion(chain, "prefixRanges")
        if not ranges:
            return -1
        subnets = [ipaddress.ip_network(f"{r['addressPrefix']}/{r.get('prefixLen', 0)}")
                   for r in ranges]
        return max((s.prefixlen for s in subnets if address in s), default=None)

    fitting = [(length(chain), chain) for chain in chains if length(chain) is not None]
    longest = max((bits for bits, _ in fitting), default=None)
    return [chain for bits, chain in fitting if bits == longest]


def by_server_name(chains, listener, call):
    name = call.server_name.lower() if inspects(listener, TLS_INSPECTOR, call) and \
        call.protocol == "tls" else ""
    labels = name.split(".")
    wanted = [name] + ["*." + ".".join(labels[i:]) for i in range(1, len(labels))] if name else []
    for pattern in wanted:
        chosen = [chain for chain in chains if pattern in (criterion(chain, "serverNames") or ())]
        if chosen:
            return chosen
    return [chain for chain in chains if not criterion(chain, "serverNames")]


def by_transport(chains, listener, call):
    seen = "raw_buffer"
    if call.protocol == "tls" and inspects(listener, TLS_INSPECTOR, call):
        seen = "tls"
    return prefer(chains, "transportProtocol", lambda wanted: wanted == seen)


def by_application(chains, listener, call):
    seen = ""
    if call.protocol == "http" and inspects(listener, HTTP_INSPECTOR, call):
        seen = "http/1.1"
    return prefer(chains, "applicationProtocols", lambda wanted: seen in wanted)


def inspects(listener, name, call):
    return any(inspector["name"] == name and
               not is_disabled(inspector.get("filterDisabled"), call.port)
               for inspector in listener.get("listenerFilters", []))


def is_disabled(condition, port):
    if condition is None:
        return False
    if "anyMatch" in condition:
        return condition["anyMatch"]
    if "destinationPortRange" in condition:
        ports = condition["destinationPortRange"]
        return ports["start"] <= port < ports["end"]
    if "notMatch" in condition:
        return not is_disabled(condition["notMatch"], port)
    if "orMatch" in condition:
        return any(is_disabled(rule, port) for rule in condition["orMatch"]["rules"])
    raise Unknown(f"listener filter condition {sorted(condition)}")
