# SPDX-License-Identifier: Apache-2.0
"""Reads and writes objects of a Kubernetes API server."""
import http.client
import json
import ssl

PLURALS = {"Namespace": "namespaces", "Node": "nodes", "Service": "services", "Pod": "pods",
           "EndpointSlice": "endpointslices", "VirtualService": "virtualservices",
           "DestinationRule": "destinationrules", "ServiceEntry": "serviceentries",
           "CustomResourceDefinition": "customresourcedefinitions"}
# A machine that has much else to do is slow, not broken.
TIMEOUT = "10m"
WITHOUT_NAMESPACE = ("Namespace", "Node", "CustomResourceDefinition")


class Refused(Exception):
    """The API server's answer is no success; the text is its message."""


class ApiClient:
    """One connection, kept open; closed with the context."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", port, context=ssl._create_unverified_context())
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.connection.close()

    def get(self, path):
        return self._request("GET", path)

    def create(self, resource, dry_run=False):
        """The object as the server has it, or would. Its status goes in a second request."""
        options = "?fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        made = self._request("POST", collection_of(resource) + options, resource)
        if "status" in resource:
            made["status"] = resource["status"]
            made = self._request("PUT", path_of(resource) + "/status", made)
        return made

    def apply(self, resource):
        """Creates it or makes it be so."""
        return self._request("PATCH", path_of(resource) + "?fieldManager=oracle&force=true",
                             resource, "application/apply-patch+yaml")

    def delete(self, resource):
        self._request("DELETE", path_of(resource))

    def _request(self, method, path, body=None, content_type="application/json"):
        path += ("&" if "?" in path else "?") + "timeout=" + TIMEOUT
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {**self.headers, "Content-Type": content_type})
        response = self.connection.getresponse()
        answer = json.load(response)
        if response.status >= 300:
            raise Refused(answer.get("message", str(response.status)))
        return answer


def collection_of(resource):
    """The path of the collection that the resource belongs to."""
    version, kind = resource["apiVersion"], resource["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if kind not in WITHOUT_NAMESPACE:
        root += f"/namespaces/{resource['metadata'].get('namespace', 'default')}"
    return f"{root}/{PLURALS[kind]}"


def path_of(resource):
    return f"{collection_of(resource)}/{resource['metadata']['name']}"
