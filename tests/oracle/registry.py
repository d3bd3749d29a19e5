# SPDX-License-Identifier: Apache-2.0
"""What the random rules are about: Services, their endpoints and the clients. Not random."""
from dataclasses import dataclass

DOMAIN = "svc.cluster.local"
ROOT_NAMESPACE = "istio-system"
NAMESPACES = ("shop", "other", "billing", ROOT_NAMESPACE)

HTTP_PORTS = (80, 8081)
TCP_PORT = 9000
TLS_PORT = 9443
DETECTED_PORT = 7000  # nothing says what it carries
PORT_NAMES = {80: "http-main", 8081: "http-more", TCP_PORT: "tcp-data", TLS_PORT: "tls-data",
              DETECTED_PORT: "any"}
EVERY_PORT = tuple(PORT_NAMES)


@dataclass(frozen=True)
class Service:
    name: str
    namespace: str
    ports: tuple
    address: str | None = None  # None: headless
    export_to: str | None = None
    unready: tuple = ()  # versions whose endpoints are not ready

    @property
    def host(self):
        return f"{self.name}.{self.namespace}.{DOMAIN}"


SERVICES = (
    Service("a", "shop", EVERY_PORT, "10.96.0.10"),
    Service("b", "shop", (80, TCP_PORT), "10.96.0.11", unready=("v2",)),
    Service("c", "other", (80, 8081, TLS_PORT, DETECTED_PORT), "10.96.0.12"),
    Service("d", "billing", (80, TCP_PORT), "10.96.0.13", export_to=".,shop"),
    Service("e", "shop", (8081,)),
)
ALIAS = {"name": "alias", "namespace": "shop", "target": f"c.other.{DOMAIN}"}

# Pods of every service.
ENDPOINTS = ({"version": "v1"}, {"version": "v1", "track": "canary"}, {"version": "v2"})
# What DestinationRules may call a part of them.
SUBSETS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}, "canary": {"track": "canary"},
           "both": {"version": "v1", "track": "canary"}, "all": {}, "none": {"version": "v9"}}

CLIENTS = {"web": ("shop", {"app": "web", "env": "prod"}),
           "batch": ("shop", {"app": "batch", "env": "test"}),
           "visitor": ("other", {"app": "visitor"}),
           "keeper": (ROOT_NAMESPACE, {"app": "keeper"})}


def resources():
    """Namespaces, Services, Pods and EndpointSlices."""
    made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            for name in NAMESPACES]
    for number, service in enumerate(SERVICES, 1):
        made += [_service(service), *_pods(service, number), _endpoint_slice(service, number)]
    made.append(_alias())
    for number, (name, (namespace, labels)) in enumerate(CLIENTS.items(), 1):
        made.append(_pod(name, namespace, labels, f"10.1.0.{number}"))
    return made


def _service(service):
    metadata = {"name": service.name, "namespace": service.namespace}
    if service.export_to:
        metadata["annotations"] = {"networking.istio.io/exportTo": service.export_to}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"clusterIP": service.address or "None", "selector": {"app": service.name},
                     "ports": [{"name": PORT_NAMES[port], "port": port, "targetPort": port,
                                "protocol": "TCP"} for port in service.ports]}}


def _alias():
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": ALIAS["name"], "namespace": ALIAS["namespace"]},
            "spec": {"type": "ExternalName", "externalName": ALIAS["target"],
                     "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}}


def _pod_name(service, index):
    return f"{service.name}-{index}"


def _pod_address(number, index):
    return f"10.1.{number}.{index}"


def _pods(service, number):
    return [_pod(_pod_name(service, index), service.namespace, {"app": service.name, **labels},
                 _pod_address(number, index)) for index, labels in enumerate(ENDPOINTS, 1)]


def _pod(name, namespace, labels, address):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"containers": [{"name": "app", "image": "app.example/app"}]},
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}


def _endpoint_slice(service, number):
    endpoints = []
    for index, labels in enumerate(ENDPOINTS, 1):
        pod = {"kind": "Pod", "name": _pod_name(service, index), "namespace": service.namespace}
        ready = labels["version"] not in service.unready
        endpoints.append({"addresses": [_pod_address(number, index)], "targetRef": pod,
                          "conditions": {"ready": ready, "serving": ready, "terminating": False}})
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": service.name, "namespace": service.namespace,
                         "labels": {"kubernetes.io/service-name": service.name}},
            "addressType": "IPv4", "endpoints": endpoints,
            "ports": [{"name": PORT_NAMES[port], "port": port, "protocol": "TCP"}
                      for port in service.ports]}
