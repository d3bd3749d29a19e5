# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server with etcd and istiod beside it, on loopback, for one test."""
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

TOKEN = "oracle"
START_SECONDS = 60
STOP_SECONDS = 10

MESH = "rootNamespace: istio-system\n"
KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:{port}", insecure-skip-tls-verify: true}}}}]
users: [{{name: u, user: {{token: {token}}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, ready):
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not become ready")
        time.sleep(0.05)


class Cluster:
    """Everything is a child of this process and ends with the context."""

    def __init__(self, tools):
        self.tools = tools
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.dir = stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-oracle-"))
            self.etcd, self.api, self.xds, self.debug = (free_port() for _ in range(4))
            self._start_etcd(stack)
            self._start_api_server(stack)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self.stack.__exit__(*failure)

    def start_istiod(self):
        for name, text in {"mesh.yaml": MESH,
                           "kubeconfig": KUBECONFIG.format(port=self.api, token=TOKEN)}.items():
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
                file.write(text)
        environment = {"ENABLE_CA_SERVER": "false", "POD_NAMESPACE": "istio-system",
                       "POD_NAME": "istiod-0", "PILOT_DEBOUNCE_AFTER": "10ms",
                       "PILOT_DEBOUNCE_MAX": "100ms"}
        self._spawn(self.stack, ["pilot-discovery", "discovery", "--kubeconfig=kubeconfig",
                                 "--meshConfig=mesh.yaml", f"--grpcAddr=127.0.0.1:{self.xds}",
                                 f"--httpAddr=127.0.0.1:{self.debug}",
                                 f"--monitoringAddr=127.0.0.1:{free_port()}",
                                 "--secureGRPCAddr=", "--httpsAddr=", "--ctrlz_port=0"],
                    environment)
        wait_for("istiod", self._istiod_ready)

    def request(self, method, path, body=None):
        """The answer as JSON. Raises HTTPError for a status that is no success."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.api}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, context=ssl._create_unverified_context()) as answer:
            return json.load(answer)

    def create(self, resource):
        """Also its status, which the API server takes in a second request only."""
        made = self.request("POST", collection_of(resource), resource)
        if "status" in resource:
            made["status"] = resource["status"]
            path = f"{collection_of(resource)}/{resource['metadata']['name']}/status"
            made = self.request("PUT", path, made)
        return made

    def delete(self, resource):
        self.request("DELETE", f"{collection_of(resource)}/{resource['metadata']['name']}")

    def route_configuration(self, client, port):
        """istiod's routes of one port for a client (a Pod); None when it has none."""
        metadata = client["metadata"]
        namespace = metadata["namespace"]
        node = f"sidecar~{client['status']['podIP']}~{metadata['name']}.{namespace}" \
               f"~{namespace}.svc.cluster.local"
        question = {"node": {"id": node, "metadata": {"NAMESPACE": namespace,
                                                      "LABELS": metadata.get("labels", {})}},
                    "type_url": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
                    "resource_names": [str(port)]}
        done = subprocess.run(
            [self._tool("grpcurl"), "-plaintext", "-max-time", "2", "-d", json.dumps(question),
             f"127.0.0.1:{self.xds}",
             "envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"],
            capture_output=True, text=True, check=False)
        # The stream stays open, so that grpcurl always ends by its own time limit.
        if not done.stdout:
            raise RuntimeError(f"istiod gives no routes: {done.stderr.strip()}")
        answer, _ = json.JSONDecoder().raw_decode(done.stdout)
        resources = answer.get("resources", [])
        return resources[0] if resources else None

    def _tool(self, name):
        return os.path.join(self.tools, "bin", name)

    def _spawn(self, stack, argv, environment=None):
        log = stack.enter_context(open(os.path.join(self.dir, argv[0] + ".log"), "wb"))
        child = subprocess.Popen([self._tool(argv[0]), *argv[1:]], cwd=self.dir, stdout=log,
                                 stderr=log, env={**os.environ, **(environment or {})})
        stack.callback(self._stop, child)

    @staticmethod
    def _stop(child):
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _start_etcd(self, stack):
        url = f"http://127.0.0.1:{self.etcd}"
        peer = f"http://127.0.0.1:{free_port()}"
        self._spawn(stack, ["etcd", "--data-dir", "etcd", "--unsafe-no-fsync",
                            "--listen-client-urls", url, "--advertise-client-urls", url,
                            "--listen-peer-urls", peer,
                            "--initial-advertise-peer-urls", peer,
                            "--initial-cluster", f"default={peer}"])

    def _start_api_server(self, stack):
        subprocess.run(["openssl", "genrsa", "-out", "sa.key", "2048"], cwd=self.dir, check=True,
                       capture_output=True)
        with open(os.path.join(self.dir, "tokens.csv"), "w", encoding="utf-8") as file:
            file.write(f'{TOKEN},admin,admin,"system:masters"\n')
        self._spawn(stack, [
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={self.api}", "--cert-dir=certs",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=sa.key", "--service-account-signing-key-file=sa.key",
            "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
            "--token-auth-file=tokens.csv", "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none"])
        wait_for("the API server", self._api_ready)

    def _api_ready(self):
        try:
            request = urllib.request.Request(f"https://127.0.0.1:{self.api}/readyz")
            request.add_header("Authorization", f"Bearer {TOKEN}")
            with urllib.request.urlopen(request, context=ssl._create_unverified_context()):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _istiod_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.debug}/ready"):
                return True
        except (urllib.error.URLError, OSError):
            return False


PLURALS = {"Namespace": "namespaces", "Node": "nodes", "Service": "services", "Pod": "pods",
           "EndpointSlice": "endpointslices", "VirtualService": "virtualservices",
           "DestinationRule": "destinationrules", "ServiceEntry": "serviceentries",
           "CustomResourceDefinition": "customresourcedefinitions"}
WITHOUT_NAMESPACE = ("Namespace", "Node", "CustomResourceDefinition")


def collection_of(resource):
    """The path of the collection that the resource belongs to."""
    version, kind = resource["apiVersion"], resource["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if kind not in WITHOUT_NAMESPACE:
        root += f"/namespaces/{resource['metadata'].get('namespace', 'default')}"
    return f"{root}/{PLURALS[kind]}"
