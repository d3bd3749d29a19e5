// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/kinds.h"

#include <algorithm>

#include "userspace/source/codec.h"
#include "userspace/source/codes.h"
#include "userspace/source/messages.h"
#include "userspace/source/normalise.h"
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
std::optional<Resource> decodeAs(const YamlNode& node, const Position& position,
                                 Findings& findings) {
  T resource;
  Decoder decoder(findings, dialect);
  decoder.message(node, Location(), describe<T>(), &resource);
  // Rules over half a resource would blame the user for what was not read.
  if (findings.hasError()) return std::nullopt;
  validate(resource, findings);
  if (findings.hasError()) return std::nullopt;
  resource.metadata.position = position;
  normalise(resource);
  return std::make_shared<const T>(std::move(resource));
}

template <typename T>
YamlNodePtr encodeAs(const Resource& resource) {
  return encodeMessage(describe<T>(), std::get<std::shared_ptr<const T>>(resource).get());
}

template <typename T, const Dialect& dialect>
Kind kind(std::string_view name, std::string_view plural, std::string_view short_name,
          std::vector<std::string_view> api_versions) {
  Kind result;
  result.name = name;
  result.plural = plural;
  result.short_name = short_name;
  result.api_versions = std::move(api_versions);
  result.message = &describe<T>;
  result.decode = &decodeAs<T, dialect>;
  result.encode = &encodeAs<T>;
  return result;
}

std::vector<Kind> allKinds() {
  const std::vector<std::string_view> istio = {
      "networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"};
  const std::vector<std::string_view> core = {"v1"};
  const std::vector<std::string_view> own = {"sluice.io/v1"};
  std::vector<Kind> all = {
      kind<VirtualService, kIstio>("VirtualService", "virtualservices", "vs", istio),
      kind<DestinationRule, kIstio>("DestinationRule", "destinationrules", "dr", istio),
      kind<ServiceEntry, kIstio>("ServiceEntry", "serviceentries", "se", istio),
      kind<WorkloadEntry, kIstio>("WorkloadEntry", "workloadentries", "we", istio),
      kind<Sidecar, kIstio>("Sidecar", "sidecars", "", istio),
      kind<Service, kKubernetes>("Service", "services", "svc", core),
      kind<EndpointSlice, kKubernetes>("EndpointSlice", "endpointslices", "",
                                       {"discovery.k8s.io/v1"}),
      kind<Endpoints, kKubernetes>("Endpoints", "endpoints", "ep", core),
      kind<Pod, kKubernetes>("Pod", "pods", "po", core),
      kind<Node, kKubernetes>("Node", "nodes", "no", core),
      kind<Namespace, kKubernetes>("Namespace", "namespaces", "ns", core),
      kind<Deployment, kKubernetes>("Deployment", "deployments", "deploy", {"apps/v1"}),
      kind<Workload, kSluice>("Workload", "workloads", "", own),
      kind<AgentSettings, kSluice>("Agent", "agents", "", own),
  };
  std::ranges::find(all, "Node", &Kind::name)->in_namespace = false;
  std::ranges::find(all, "Namespace", &Kind::name)->in_namespace = false;
  std::ranges::find(all, "Agent", &Kind::name)->is_single = true;
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

const Kind* findKindByName(std::string_view name) {
  const std::string lower = lowerCaseKey(name);
  for (const Kind& kind : kinds()) {
    if (lower == kind.plural || lower == lowerCaseKey(kind.name)) return &kind;
    if (!kind.short_name.empty() && lower == kind.short_name) return &kind;
  }
  return nullptr;
}

}  // namespace sluice::source
