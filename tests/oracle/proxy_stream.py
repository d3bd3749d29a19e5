# SPDX-License-Identifier: Apache-2.0
"""What istiod tells one sidecar, kept current: an open ADS stream, held by grpcurl."""
import json
import subprocess
import threading

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
TYPES = {"clusters": "envoy.config.cluster.v3.Cluster",
         "endpoints": "envoy.config.endpoint.v3.ClusterLoadAssignment",
         "listeners": "envoy.config.listener.v3.Listener",
         "routes": "envoy.config.route.v3.RouteConfiguration"}
PREFIX = "type.googleapis.com/"
PUSH_SECONDS = 60


class ProxyStream:
    """Sidecar of a client Pod. Use it as a context; the process ends with it."""

    def __init__(self, grpcurl, address, pod, names, log):
        """names: of the route configurations and of the endpoint lists that are asked for."""
        self.pod = pod
        self.state = {kind: {} for kind in TYPES}
        self.changed = threading.Condition()
        self.ended = False
        self.process = subprocess.Popen(
            [grpcurl, "-plaintext", "-max-msg-sz", str(1 << 28), "-d", "@", address, SERVICE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.reader = threading.Thread(target=self._read)
        self.names = names

    def __enter__(self):
        self.reader.start()
        node = self._node()
        for kind, message_type in TYPES.items():
            question = {"type_url": PREFIX + message_type, "node": node}
            if kind in self.names:
                question["resource_names"] = self.names[kind]
            self.process.stdin.write(json.dumps(question))
        self.process.stdin.flush()
        return self

    def __exit__(self, *failure):
        self.process.terminate()
        self.reader.join()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def wait_for(self, what, holds):
        """Until `holds(state)`; the state has a dictionary by name for each of TYPES."""
        with self.changed:
            done = self.changed.wait_for(lambda: self.ended or holds(self.state), PUSH_SECONDS)
            if not done or self.ended:
                raise RuntimeError(f"istiod does not send {what} to {self._node()['id']}")

    def snapshot(self):
        with self.changed:
            return dict(self.state)

    def _node(self):
        metadata = self.pod["metadata"]
        namespace = metadata["namespace"]
        return {"id": f"sidecar~{self.pod['status']['podIP']}~{metadata['name']}.{namespace}"
                      f"~{namespace}.svc.cluster.local",
                "metadata": {"NAMESPACE": namespace, "LABELS": metadata["labels"],
                             "CLUSTER_ID": "Kubernetes", "ISTIO_VERSION": "1.31.0"}}

    def _read(self):
        """grpcurl indents what is inside a message, so that a bare brace ends it."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                self._take(json.loads("".join(lines)))
                lines = []
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _take(self, response):
        kind = next(kind for kind, name in TYPES.items() if response["typeUrl"] == PREFIX + name)
        key = "clusterName" if kind == "endpoints" else "name"
        received = {resource[key]: resource for resource in response.get("resources", [])}
        with self.changed:
            # The protocol: of what is asked for by name a message may have a part.
            kept = self.state[kind] if kind in self.names else {}
            self.state[kind] = {**kept, **received}
            self.changed.notify_all()
