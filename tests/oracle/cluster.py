# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server with etcd and istiod beside it, on loopback, for one test."""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from api_client import TIMEOUT, ApiClient

TOKEN = "oracle"
START_SECONDS = 120
STOP_SECONDS = 10

MESH = "rootNamespace: istio-system\n"
KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- {{name: c, cluster: {{server: "https://127.0.0.1:{port}", insecure-skip-tls-verify: true}}}}
users: [{{name: u, user: {{token: {token}}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
ISTIOD_ENVIRONMENT = {"ENABLE_CA_SERVER": "false", "POD_NAMESPACE": "istio-system",
                      "POD_NAME": "istiod-0", "PILOT_DEBOUNCE_AFTER": "10ms",
                      "PILOT_DEBOUNCE_MAX": "100ms"}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


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
            self.etcd, self.peer, self.api, self.xds, self.http, self.monitoring = free_ports(6)
            self._start_etcd(stack)
            self._start_api_server(stack)
            self.client = stack.enter_context(ApiClient(self.api, TOKEN))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self.stack.__exit__(*failure)

    def start_istiod(self):
        self._write("mesh.yaml", MESH)
        self._write("kubeconfig", KUBECONFIG.format(port=self.api, token=TOKEN))
        self._spawn(self.stack, ["pilot-discovery", "discovery", "--kubeconfig=kubeconfig",
                                 "--meshConfig=mesh.yaml", f"--grpcAddr={self.xds_address}",
                                 f"--httpAddr=127.0.0.1:{self.http}",
                                 f"--monitoringAddr=127.0.0.1:{self.monitoring}",
                                 "--secureGRPCAddr=", "--httpsAddr=", "--ctrlz_port=0"],
                    ISTIOD_ENVIRONMENT)
        wait_for("istiod", lambda: answers(f"http://127.0.0.1:{self.http}/ready"))

    @property
    def xds_address(self):
        return f"127.0.0.1:{self.xds}"

    @property
    def webhook_url(self):
        """Without a port for TLS istiod serves its webhooks beside everything else."""
        return f"http://127.0.0.1:{self.http}/validate"

    def tool(self, name):
        return os.path.join(self.tools, "bin", name)

    def log(self, stack, name):
        """A file for what a process has to say, which is lost with the cluster."""
        return stack.enter_context(open(os.path.join(self.dir, name + ".log"), "wb"))

    def _write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _spawn(self, stack, argv, environment=None):
        log = self.log(stack, argv[0])
        child = subprocess.Popen([self.tool(argv[0]), *argv[1:]], cwd=self.dir, stdout=log,
                                 stderr=log, env={**os.environ, **(environment or {})})
        stack.callback(stop, child)

    def _start_etcd(self, stack):
        url, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd, self.peer))
        self._spawn(stack, ["etcd", "--data-dir", "etcd", "--unsafe-no-fsync",
                            "--listen-client-urls", url, "--advertise-client-urls", url,
                            "--listen-peer-urls", peer,
                            "--initial-advertise-peer-urls", peer,
                            "--initial-cluster", f"default={peer}"])

    def _start_api_server(self, stack):
        subprocess.run(["openssl", "genrsa", "-out", "sa.key", "2048"], cwd=self.dir, check=True,
                       capture_output=True)
        self._write("tokens.csv", f'{TOKEN},admin,admin,"system:masters"\n')
        self._spawn(stack, [
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={self.api}", "--cert-dir=certs",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=sa.key", "--service-account-signing-key-file=sa.key",
            "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
            "--token-auth-file=tokens.csv", "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none", f"--request-timeout={TIMEOUT}"])
        wait_for("the API server", lambda: answers(f"https://127.0.0.1:{self.api}/readyz"))


def answers(url):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, context=ssl._create_unverified_context()):
            return True
    except (urllib.error.URLError, OSError):
        return False


def stop(child):
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
