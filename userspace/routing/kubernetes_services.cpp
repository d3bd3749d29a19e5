// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/kubernetes_services.h"

#include <algorithm>
#include <optional>

#include "userspace/routing/endpoint_slices.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr const char* kExportToAnnotation = "networking.istio.io/exportTo";
constexpr const char* kTrafficDistributionAnnotation = "networking.istio.io/traffic-distribution";

std::vector<std::string> splitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string part(text.substr(0, comma));
    std::erase(part, ' ');
    if (!part.empty()) parts.push_back(std::move(part));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

std::vector<std::string> exportOf(const Metadata& metadata, const ServiceDefaults& defaults) {
  const auto at = metadata.annotations.find(kExportToAnnotation);
  if (at == metadata.annotations.end()) return defaults.export_to;
  return exportedTo(splitAtCommas(at->second), defaults.export_to);
}

std::optional<TrafficDistribution> distributionNamed(std::string_view text) {
  const auto name = toLower(text);
  if (name == "preferclose" || name == "prefersamezone")
    return TrafficDistribution::kPreferSameZone;
  if (name == "prefersamenode") return TrafficDistribution::kPreferSameNode;
  return std::nullopt;
}

/// Istio: an ExternalName is another name for a host, without addresses and endpoints of its own;
/// a headless service keeps the address of the pod that was called.
RegistryService::Resolution resolutionOf(const Service& service, bool headless) {
  if (service.type == "ExternalName") return RegistryService::Resolution::kAlias;
  return headless ? RegistryService::Resolution::kOriginal : RegistryService::Resolution::kStatic;
}

void addAddresses(const Service& service, RegistryService& result) {
  result.headless = std::ranges::find(service.cluster_ips, "None") != service.cluster_ips.end();
  result.resolution = resolutionOf(service, result.headless);
  if (result.resolution == RegistryService::Resolution::kAlias) {
    result.external_name = toLower(service.external_name);
    if (result.external_name.ends_with('.')) result.external_name.pop_back();
    return;
  }
  for (const auto& text : service.cluster_ips)
    if (auto ip = IpAddress::parse(text); ip.ok()) result.vips.push_back(*ip);
}

void addPolicies(const Service& service, const ServiceDefaults& defaults, RegistryService& result) {
  const auto& metadata = service.metadata;
  result.export_to = exportOf(metadata, defaults);
  result.session_affinity = service.session_affinity == "ClientIP";
  result.node_local = service.internal_traffic_policy == "Local";
  result.traffic_distribution = trafficDistributionOf(
      service.traffic_distribution, metadata.annotations, defaults.traffic_distribution);
}

}  // namespace

TrafficDistribution trafficDistributionOf(const std::string& field, const Labels& annotations,
                                          TrafficDistribution otherwise) {
  if (const auto own = distributionNamed(field)) return *own;
  const auto at = annotations.find(kTrafficDistributionAnnotation);
  if (at == annotations.end()) return otherwise;
  return distributionNamed(at->second).value_or(otherwise);
}

RegistryService describeService(const ServiceRecord& record, const ServiceDefaults& defaults,
                                PodIndex& pods, PodIndex::Needs& needs) {
  const auto& service = *record.resource;
  RegistryService result;
  result.name = service.metadata.name;
  result.namespace_ = service.metadata.namespace_;
  result.host = serviceHost(result.name, result.namespace_, defaults.cluster_domain);
  result.resource = "Service/" + service.metadata.key();
  result.creation_timestamp = service.metadata.creation_timestamp;
  for (const auto& port : service.ports)
    if (port.protocol == "TCP")
      result.ports.push_back({port.port, port.name, protocolOf(port), {}});
  std::ranges::stable_sort(result.ports, {}, &RegistryPort::number);
  addAddresses(service, result);
  addPolicies(service, defaults, result);
  if (result.resolution != RegistryService::Resolution::kAlias)
    addEndpoints(record, pods, needs, result.ports);
  return result;
}

}  // namespace sluice::routing
