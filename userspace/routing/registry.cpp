// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr const char* kServiceNameLabel = "kubernetes.io/service-name";
constexpr const char* kExportToAnnotation = "networking.istio.io/exportTo";

/// Istio's names; HTTPS is opaque to us, and the database protocols are plain TCP.
constexpr std::array<std::pair<std::string_view, Protocol>, 13> kProtocolNames{{
    {"http", Protocol::kHttp},
    {"http2", Protocol::kHttp2},
    {"grpc", Protocol::kGrpc},
    {"grpc-web", Protocol::kHttp},
    {"https", Protocol::kTls},
    {"tls", Protocol::kTls},
    {"tcp", Protocol::kTcp},
    {"mongo", Protocol::kTcp},
    {"redis", Protocol::kTcp},
    {"mysql", Protocol::kTcp},
    {"kubernetes.io/h2c", Protocol::kHttp2},
    {"kubernetes.io/ws", Protocol::kHttp},
    {"kubernetes.io/wss", Protocol::kTls},
}};

/// Istio: ports whose servers speak first, so that nothing is detected on them.
bool isWellKnownTcp(uint16_t port) {
  return port == 25 || port == 53 || port == 3306 || port == 27017;
}

std::string_view protocolWord(std::string_view name) {
  if (name.starts_with("kubernetes.io/")) return name;
  if (name.starts_with("grpc-web")) return "grpc-web";
  return name.substr(0, name.find('-'));
}

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

RegistryService describe(const Service& service, const std::string& domain) {
  RegistryService result;
  result.name = service.metadata.name;
  result.namespace_ = service.metadata.namespace_;
  result.host = serviceHost(result.name, result.namespace_, domain);
  for (const auto& text : service.cluster_ips)
    if (auto ip = IpAddress::parse(text); ip.ok()) result.vips.push_back(*ip);
  for (const auto& port : service.ports)
    if (port.protocol == "TCP")
      result.ports.push_back({port.port, port.name, protocolOf(port), {}});
  const auto& annotations = service.metadata.annotations;
  if (const auto at = annotations.find(kExportToAnnotation); at != annotations.end())
    result.export_to = splitAtCommas(at->second);
  return result;
}

using Pods = std::map<std::string, const Pod*>;

/// Adds a slice's endpoints to the ports of its service.
class SliceReader {
 public:
  SliceReader(const EndpointSlice& slice, const Pods& pods) : slice_(slice), pods_(pods) {}

  /// Istio: ports meet by name; whatever is not ready is never picked; an endpoint whose pod is
  /// not known yet waits for it, because it could be in no subset.
  void addTo(RegistryService& service) const {
    for (auto& port : service.ports)
      for (const auto& slice_port : slice_.ports)
        if (slice_port.name == port.name && slice_port.port && slice_port.protocol == "TCP")
          addEndpoints(port, *slice_port.port);
  }

 private:
  void addEndpoints(RegistryPort& port, uint16_t number) const {
    for (const auto& endpoint : slice_.endpoints) {
      if (!endpoint.ready.value_or(true)) continue;
      RegistryEndpoint entry;
      if (!fillPod(endpoint, entry)) continue;
      for (const auto& text : endpoint.addresses) {
        auto ip = IpAddress::parse(text);
        if (!ip.ok()) continue;
        entry.address = {*ip, number};
        port.endpoints.push_back(entry);
      }
    }
  }

  /// False when the endpoint names a pod that is not known.
  bool fillPod(const SliceEndpoint& endpoint, RegistryEndpoint& entry) const {
    if (endpoint.target_kind != "Pod") return true;
    const auto& slice_namespace = slice_.metadata.namespace_;
    const auto& in = endpoint.target_namespace;
    entry.pod = (in.empty() ? slice_namespace : in) + "/" + endpoint.target_name;
    const auto pod = pods_.find(entry.pod);
    if (pod == pods_.end()) return false;
    entry.labels = pod->second->metadata.labels;
    return true;
  }

  const EndpointSlice& slice_;
  const Pods& pods_;
};

/// Several slices may hold one address, for example while it moves between them; the entry that
/// knows its pod is kept.
void orderAndUnite(std::vector<RegistryEndpoint>& endpoints) {
  std::stable_sort(endpoints.begin(), endpoints.end(), [](const auto& a, const auto& b) {
    return std::pair(a.address, a.pod.empty()) < std::pair(b.address, b.pod.empty());
  });
  const auto same = [](const auto& a, const auto& b) { return a.address == b.address; };
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end(), same), endpoints.end());
}

}  // namespace

Protocol protocolOf(const ServicePort& port) {
  const auto name = toLower(port.app_protocol.empty() ? port.name : port.app_protocol);
  const auto word = protocolWord(name);
  for (const auto& [known, protocol] : kProtocolNames)
    if (known == word) return protocol;
  return isWellKnownTcp(port.port) ? Protocol::kTcp : Protocol::kUnknown;
}

bool isHttp(Protocol protocol) {
  return protocol == Protocol::kHttp || protocol == Protocol::kHttp2 || protocol == Protocol::kGrpc;
}

const RegistryPort* RegistryService::port(uint16_t number) const {
  for (const auto& port : ports)
    if (port.number == number) return &port;
  return nullptr;
}

Registry::Registry(const Snapshot& snapshot) {
  for (const auto& service : snapshot.services) {
    if (service->type == "ExternalName") continue;  // an alias: it has neither address nor endpoint
    auto described = describe(*service, snapshot.agent.cluster_domain);
    services_.insert_or_assign(described.host, std::move(described));
  }
  Pods pods;
  for (const auto& pod : snapshot.pods) pods.emplace(pod->metadata.key(), pod.get());
  for (const auto& slice : snapshot.endpoint_slices) {
    const auto label = slice->metadata.labels.find(kServiceNameLabel);
    if (label == slice->metadata.labels.end()) continue;
    const auto service = services_.find(
        serviceHost(label->second, slice->metadata.namespace_, snapshot.agent.cluster_domain));
    if (service != services_.end()) SliceReader(*slice, pods).addTo(service->second);
  }
  for (auto& [host, service] : services_)
    for (auto& port : service.ports) orderAndUnite(port.endpoints);
}

const RegistryService* Registry::find(const std::string& host) const {
  const auto at = services_.find(host);
  return at == services_.end() ? nullptr : &at->second;
}

}  // namespace sluice::routing
