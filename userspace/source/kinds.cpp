// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/kinds.h"

#include <algorithm>

#include "userspace/source/codec.h"
#include "userspace/source/codes.h"
#include "userspace/source/messages.h"
#include "userspace/source/normalise.h"
#include "userspace/source/snapshot_lists.h"
#include "userspace/source/validate.h"

namespace sluice::source {
namespace {

/// In a cluster the API server and Istio's own checks refuse with one voice.
constexpr Dialect kIstio = {false, code::kIstioInvalid, code::kIstioInvalid, code::kIstioInvalid,
                            code::kIstioInvalid};
constexpr Dialect kKubernetes = {true, code::kUnknownField, code::kWrongType, code::kDuplicateKey,
                                 code::kInvalidValue};
constexpr Dialect kSluice = {false, code::kUnknownField, code::kWrongType, code::kDuplicateKey,
                             code::kInvalidValue};

template <typename T, const Dialect& dialect>
std::optional<Resource> decodeAs(const YamlNode& node, const Position& position, LabelPool& pool,
                                 Findings& findings) {
  T resource;
  Decoder decoder(findings, dialect);
  decoder.message(node, Location(), describe<T>(), &resource);
  // Rules over half a resource would blame the user for what was not read.
  if (findings.hasError()) return std::nullopt;
  validate(resource, findings);
  if (findings.hasError()) return std::nullopt;
  resource.metadata.position = position;
  resource.metadata.labels = pool.share(resource.metadata.labels);
  normalise(resource);
  return std::make_shared<const T>(std::move(resource));
}

template <typename T>
YamlNodePtr encodeAs(const Resource& resource) {
  return encodeMessage(describe<T>(), std::get<std::shared_ptr<const T>>(resource).get());
}

/// The names and meaning of a kind, in the order in which people look for them.
struct Naming {
  std::string_view name, plural, short_name, says;
};

template <typename T, const Dialect& dialect>
Kind kind(const Naming& naming, std::vector<std::string_view> api_versions) {
  Kind result;
  result.name = naming.name;
  result.plural = naming.plural;
  result.short_name = naming.short_name;
  result.says = naming.says;
  result.api_versions = std::move(api_versions);
  result.message = &describe<T>;
  result.decode = &decodeAs<T, dialect>;
  result.encode = &encodeAs<T>;
  return result;
}

std::vector<Kind> istioKinds() {
  const std::vector<std::string_view> versions = {
      "networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"};
  return {
      kind<VirtualService, kIstio>({"VirtualService", "virtualservices", "vs",
                                    "Rules for what is sent to the hosts that it names."},
                                   versions),
      kind<DestinationRule, kIstio>({"DestinationRule", "destinationrules", "dr",
                                     "Subsets of a service and policies towards it."},
                                    versions),
      kind<ServiceEntry, kIstio>(
          {"ServiceEntry", "serviceentries", "se", "A service that Kubernetes does not know."},
          versions),
      kind<WorkloadEntry, kIstio>(
          {"WorkloadEntry", "workloadentries", "we", "A server that is no pod."}, versions),
      kind<Sidecar, kIstio>(
          {"Sidecar", "sidecars", "",
           "Of a Sidecar only outboundTrafficPolicy counts; the rest is checked for its form."},
          versions),
  };
}

std::vector<Kind> kubernetesKinds() {
  const std::vector<std::string_view> core = {"v1"};
  std::vector<Kind> kinds = {
      kind<Service, kKubernetes>({"Service", "services", "svc", "Names, addresses, ports."}, core),
      kind<EndpointSlice, kKubernetes>(
          {"EndpointSlice", "endpointslices", "", "Endpoints of a Service."},
          {"discovery.k8s.io/v1"}),
      kind<Endpoints, kKubernetes>({"Endpoints", "endpoints", "ep", "The old EndpointSlice."},
                                   core),
      kind<Pod, kKubernetes>({"Pod", "pods", "po", "Labels of endpoints and clients."}, core),
      kind<Node, kKubernetes>({"Node", "nodes", "no", "Its labels say where pods stand."}, core),
      kind<Namespace, kKubernetes>({"Namespace", "namespaces", "ns", "Its labels."}, core),
      kind<Deployment, kKubernetes>(
          {"Deployment", "deployments", "deploy", "What analyses know of pods to come."},
          {"apps/v1"}),
  };
  std::ranges::find(kinds, "Node", &Kind::name)->in_namespace = false;
  std::ranges::find(kinds, "Namespace", &Kind::name)->in_namespace = false;
  return kinds;
}

std::vector<Kind> sluiceKinds() {
  const std::vector<std::string_view> versions = {"sluice.io/v1"};
  std::vector<Kind> kinds = {
      kind<Workload, kSluice>({"Workload", "workloads", "",
                               "A client whose connections are steered: "
                               "whatever runs in its cgroup."},
                              versions),
      kind<AgentSettings, kSluice>(
          {"Agent", "agents", "", "Settings of this node's agent; at most one, whatever its name."},
          versions),
  };
  std::ranges::find(kinds, "Agent", &Kind::name)->is_single = true;
  return kinds;
}

std::vector<Kind> allKinds() {
  std::vector<Kind> all = istioKinds();
  for (auto& kinds : {kubernetesKinds(), sluiceKinds()}) {
    all.insert(all.end(), kinds.begin(), kinds.end());
  }
  return all;
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kAll = allKinds();
  return kAll;
}

const Kind* findKind(std::string_view api_version, std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name && std::ranges::count(kind.api_versions, api_version) > 0) return &kind;
  }
  return nullptr;
}

const Kind& kindOf(const Resource& resource) { return kinds()[resource.index()]; }

ResourceId idOf(const Resource& resource) {
  const Kind& kind = kindOf(resource);
  const Metadata& metadata = metadataOf(resource);
  return {std::string(kind.name), kind.in_namespace ? metadata.namespace_ : "", metadata.name};
}

std::vector<Resource> resourcesOf(const Snapshot& snapshot, const Kind& kind) {
  std::vector<Resource> resources;
  forEachList(snapshot, [&](const auto& list) {
    using Pointer = typename std::decay_t<decltype(list)>::value_type;
    if (&kindOf(Pointer()) == &kind) resources.assign(list.begin(), list.end());
  });
  const bool has_agent = !snapshot.agent.metadata.name.empty();
  if (has_agent && &kindOf(std::shared_ptr<const AgentSettings>()) == &kind) {
    resources.emplace_back(std::make_shared<const AgentSettings>(snapshot.agent));
  }
  return resources;
}

YamlNodePtr encodeResource(const Resource& resource) {
  const Kind& kind = kindOf(resource);
  const YamlNodePtr fields = kind.encode(resource);
  MapBuilder map;
  map.add("apiVersion", stringNode(kind.api_versions.front()));
  map.add("kind", stringNode(kind.name));
  for (const auto& [name, value] : fields->entries) map.add(name->text, value);
  return std::move(map).take();
}

const Kind* findKindByName(std::string_view name) {
  const std::string lower = lowerCaseKey(name);
  for (const Kind& kind : kinds()) {
    if (lower == kind.plural || lower == lowerCaseKey(kind.name)) return &kind;
    if (!kind.short_name.empty() && lower == kind.short_name) return &kind;
  }
  return nullptr;
}

}  // namespace sluice::source
