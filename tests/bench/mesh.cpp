// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/mesh.h"

#include <fmt/format.h>

#include <map>

#include "tests/support/files.h"

namespace sluice::test {
namespace {

/// Small enough for a file's limits, large enough that files are not the cost.
constexpr size_t kServicesPerFile = 50;
constexpr size_t kNodes = 100;

constexpr const char* kService = R"(apiVersion: v1
kind: Service
metadata:
  name: {0}
  namespace: {1}
spec:
  clusterIP: {2}
  selector: {{app: {0}}}
  ports:
  - name: http
    port: 80
    targetPort: 8080
---
)";

constexpr const char* kPod = R"(apiVersion: v1
kind: Pod
metadata:
  name: {0}
  namespace: {1}
  labels: {{app: {2}, version: {3}}}
spec:
  nodeName: {4}
status:
  phase: Running
  podIP: {5}
---
)";

constexpr const char* kSliceHead = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {0}
  namespace: {1}
  labels: {{kubernetes.io/service-name: {0}}}
addressType: IPv4
ports:
- name: http
  port: 8080
  protocol: TCP
endpoints:
)";

constexpr const char* kSliceEndpoint = R"(- addresses: [{0}]
  conditions: {{ready: true}}
  nodeName: {1}
  targetRef: {{kind: Pod, name: {2}, namespace: {3}}}
)";

constexpr const char* kDestinationRule = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {0}
  namespace: {1}
spec:
  host: {0}
  subsets:
  - name: v1
    labels: {{version: v1}}
  - name: v2
    labels: {{version: v2}}
---
)";

constexpr const char* kVirtualService = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {0}
  namespace: {1}
spec:
  hosts:
  - {0}
  http:
  - match:
    - headers:
        user-group:
          exact: beta
    route:
    - destination: {{host: {0}, subset: v2}}
  - route:
    - destination: {{host: {0}, subset: v1}}
      weight: {2}
    - destination: {{host: {0}, subset: v2}}
      weight: {3}
---
)";

std::string nameOf(size_t index) { return fmt::format("service-{}", index); }
std::string podOf(size_t index, size_t endpoint) {
  return fmt::format("{}-{}", nameOf(index), endpoint);
}
std::string addressOf(size_t number) {
  return fmt::format("{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
}
std::string nodeOf(size_t number) { return fmt::format("node-{}", number % kNodes); }

}  // namespace

std::string Mesh::namespaceOf(size_t index) const {
  return fmt::format("team-{}", index % size_.namespaces);
}

std::string Mesh::serviceAddress(size_t index) { return "172." + addressOf(index + 1); }
std::string Mesh::endpointAddress(size_t number) { return "10." + addressOf(number + 1); }

std::string Mesh::registryFile(size_t index) {
  return fmt::format("registry-{:05}.yaml", index / kServicesPerFile);
}

std::string Mesh::rulesFile(size_t index) {
  return fmt::format("rules-{:05}.yaml", index / kServicesPerFile);
}

std::string Mesh::slice(size_t index, size_t endpoints) const {
  auto text = fmt::format(kSliceHead, nameOf(index), namespaceOf(index));
  for (size_t i = 0; i < endpoints; ++i) {
    const auto number = index * size_.endpoints_per_service + i;
    text += fmt::format(kSliceEndpoint, endpointAddress(number), nodeOf(number), podOf(index, i),
                        namespaceOf(index));
  }
  return text + "---\n";
}

std::string Mesh::virtualService(size_t index, int weight) const {
  return fmt::format(kVirtualService, nameOf(index), namespaceOf(index), weight, 100 - weight);
}

std::string Mesh::registry(size_t index) const {
  auto text = fmt::format(kService, nameOf(index), namespaceOf(index), serviceAddress(index));
  for (size_t i = 0; i < size_.endpoints_per_service; ++i) {
    const auto number = index * size_.endpoints_per_service + i;
    text += fmt::format(kPod, podOf(index, i), namespaceOf(index), nameOf(index),
                        i % 2 == 0 ? "v1" : "v2", nodeOf(number), endpointAddress(number));
  }
  return text + slice(index, size_.endpoints_per_service);
}

std::string Mesh::rules(size_t index) const {
  return fmt::format(kDestinationRule, nameOf(index), namespaceOf(index)) +
         virtualService(index, 90);
}

std::string Mesh::surroundings() const {
  std::string text;
  for (size_t i = 0; i < size_.namespaces; ++i)
    text += fmt::format("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n---\n",
                        namespaceOf(i));
  for (size_t i = 0; i < kNodes; ++i)
    text += fmt::format(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {}, labels: "
        "{{topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: zone-{}}}}}\n---\n",
        nodeOf(i), i % 3);
  return text +
         fmt::format(
             "apiVersion: sluice.io/v1\nkind: Workload\nmetadata: {{name: client, namespace: "
             "team-0}}\nspec: {{cgroup: {}, networkNamespace: {}}}\n",
             client_.cgroup, client_.network_namespace);
}

Result<size_t> Mesh::write(const std::filesystem::path& directory) const {
  std::map<std::string, std::string> files{{"surroundings.yaml", surroundings()}};
  for (size_t i = 0; i < size_.services; ++i) files[registryFile(i)] += registry(i);
  for (size_t i = 0; i < size_.virtual_services; ++i) files[rulesFile(i)] += rules(i);
  size_t total = 0;
  for (const auto& [name, text] : files) {
    SLUICE_TRY(writeFile(directory / name, text));
    total += text.size();
  }
  return total;
}

}  // namespace sluice::test
