// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/kinds.h"

#include <algorithm>

#include "userspace/source/codes.h"
#include "userspace/source/messages.h"
#include "userspace/source/normalise.h"
#include "userspace/source/validate.h"

namespace sluice::source {
namespace {

/// Who made the API, and so how its documents are read.
enum class Api { kIstio, kKubernetes, kSluice };

Decoder decoderFor(Api api, Findings& findings) {
  return {
      findings, api == Api::kIstio ? code::kIstioInvalid : code::kInvalidValue,
      api == Api::kKubernetes ? Decoder::UnknownFields::kSkip : Decoder::UnknownFields::kRefuse};
}

template <typename T, Api api>
std::optional<Resource> decodeAs(const Node& node, const Position& position, Findings& findings) {
  T resource;
  Decoder decoder = decoderFor(api, findings);
  decoder.message(node, FieldPath(), describe<T>(), &resource);
  // Rules over half a resource would blame the user for what was not read.
  if (findings.hasError()) return std::nullopt;
  validate(resource, findings);
  if (findings.hasError()) return std::nullopt;
  resource.metadata.position = position;
  normalise(resource);
  return std::make_shared<const T>(std::move(resource));
}

template <typename T, Api api>
Kind kind(std::string_view name, std::vector<std::string_view> api_versions) {
  Kind result;
  result.name = name;
  result.api_versions = std::move(api_versions);
  result.message = &describe<T>;
  result.decode = &decodeAs<T, api>;
  return result;
}

std::vector<Kind> allKinds() {
  const std::vector<std::string_view> istio = {
      "networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"};
  std::vector<Kind> all = {
      kind<VirtualService, Api::kIstio>("VirtualService", istio),
      kind<DestinationRule, Api::kIstio>("DestinationRule", istio),
      kind<Service, Api::kKubernetes>("Service", {"v1"}),
      kind<EndpointSlice, Api::kKubernetes>("EndpointSlice", {"discovery.k8s.io/v1"}),
      kind<Pod, Api::kKubernetes>("Pod", {"v1"}),
      kind<Namespace, Api::kKubernetes>("Namespace", {"v1"}),
      kind<Workload, Api::kSluice>("Workload", {"sluice.io/v1"}),
      kind<AgentSettings, Api::kSluice>("Agent", {"sluice.io/v1"}),
  };
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

}  // namespace sluice::source
