// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/service_entries.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

#include "userspace/routing/kubernetes_services.h"
#include "userspace/routing/names.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using Resolution = RegistryService::Resolution;

constexpr std::string_view kUnixPrefix = "unix://";

Resolution resolutionOf(ServiceEntry::Resolution resolution) {
  switch (resolution) {
    case ServiceEntry::Resolution::kNone:
      return Resolution::kOriginal;
    case ServiceEntry::Resolution::kStatic:
      return Resolution::kStatic;
    case ServiceEntry::Resolution::kDns:
      return Resolution::kDns;
    case ServiceEntry::Resolution::kDnsRoundRobin:
      return Resolution::kDnsRoundRobin;
    case ServiceEntry::Resolution::kDynamicDns:
      return Resolution::kDynamicDns;
  }
  return Resolution::kOriginal;
}

bool isByName(Resolution resolution) {
  return resolution == Resolution::kDns || resolution == Resolution::kDnsRoundRobin;
}

/// A single address is a virtual IP, however it is written.
void addAddress(const std::string& text, RegistryService& service) {
  const auto subnet = parseSubnet(text);
  if (!subnet) return;
  if (subnet->prefix_bits == 128)
    service.vips.push_back(subnet->base);
  else
    service.subnets.push_back(*subnet);
}

uint16_t portNumber(uint32_t number) { return static_cast<uint16_t>(number); }

RegistryPort describePort(const ServiceEntryPort& port, Resolution resolution) {
  RegistryPort result{portNumber(port.number), port.name, protocolNamed(port.protocol), {}};
  if (resolution == Resolution::kOriginal)
    result.original_port = portNumber(port.target_port.value_or(0));
  return result;
}

void addPorts(const ServiceEntry& entry, RegistryService& service) {
  for (const auto& port : entry.ports)
    if (toLower(port.protocol) != "udp")
      service.ports.push_back(describePort(port, service.resolution));
}

/// Of several with one number the first counts.
void orderPorts(RegistryService& service) {
  std::ranges::stable_sort(service.ports, {}, &RegistryPort::number);
  const auto rest = std::ranges::unique(service.ports, {}, &RegistryPort::number);
  service.ports.erase(rest.begin(), rest.end());
}

RegistryService describe(const std::string& host, const ServiceEntry& entry,
                         const AgentSettings& settings) {
  RegistryService service;
  service.host = host;
  service.name = host;
  service.namespace_ = entry.metadata.namespace_;
  service.resource = "ServiceEntry/" + entry.metadata.key();
  service.source = RegistryService::Source::kServiceEntry;
  service.resolution = resolutionOf(entry.resolution);
  service.mesh_external = entry.location == ServiceEntry::Location::kMeshExternal;
  service.subject_alt_names = entry.subject_alt_names;
  service.export_to = exportedTo(entry.export_to, settings.default_service_export_to);
  service.creation_timestamp = entry.metadata.creation_timestamp;
  service.traffic_distribution =
      trafficDistributionOf("", entry.metadata.annotations, TrafficDistribution::kAny);
  return service;
}

void addAddresses(const ServiceEntry& entry, RegistryService& service) {
  const auto& addresses = entry.addresses.empty() ? entry.allocated_addresses : entry.addresses;
  for (const auto& address : addresses) addAddress(address, service);
  service.any_address = service.any_address || addresses.empty();
}

template <typename T>
void unite(std::vector<T>& list) {
  std::ranges::sort(list);
  const auto rest = std::ranges::unique(list);
  list.erase(rest.begin(), rest.end());
}

void uniteAddresses(RegistryService& service) {
  unite(service.vips);
  unite(service.subnets);
}

/// Istio, convertEndpoint: ports of the endpoint, then targetPort, then the port itself.
uint16_t endpointPort(const ServiceEntryPort& port, const std::map<std::string, uint32_t>& ports) {
  if (const auto own = ports.find(port.name); own != ports.end() && own->second > 0)
    return portNumber(own->second);
  return portNumber(port.target_port && *port.target_port > 0 ? *port.target_port : port.number);
}

/// The ports of an entry by their names, each name's in the order of the entry.
struct NamedPorts {
  explicit NamedPorts(const ServiceEntry& of) : entry(&of) {
    for (const auto& port : of.ports) ports.emplace(port.name, &port);
  }
  const ServiceEntry* entry;
  std::multimap<std::string_view, const ServiceEntryPort*> ports;
};

struct Servers {
  std::vector<RegistryEndpoint> endpoints;
  std::vector<RegistryName> names;
};

/// Collects the servers of one port from the entries that have a port of its name.
class PortServers {
 public:
  /// `by_name`: servers may be host names (Resolution).
  PortServers(const std::string& host, bool by_name, SelectableWorkloads& workloads)
      : host_(host), by_name_(by_name), workloads_(workloads) {}

  void addFrom(const NamedPorts& named, const std::string& port_name) {
    const auto [begin, end] = named.ports.equal_range(port_name);
    for (auto at = begin; at != end; ++at) addFrom(*named.entry, *at->second);
  }

  Servers take() && {
    auto& [endpoints, names] = servers_;
    orderAndUnite(endpoints);
    std::ranges::stable_sort(names, {}, [](const auto& n) { return std::pair(n.host, n.port); });
    const auto same = [](const auto& a, const auto& b) {
      return a.host == b.host && a.port == b.port;
    };
    names.erase(std::unique(names.begin(), names.end(), same), names.end());
    return std::move(servers_);
  }

 private:
  void addFrom(const ServiceEntry& entry, const ServiceEntryPort& port) {
    if (entry.workload_selector) return addSelected(entry.workload_selector->labels, port);
    for (const auto& endpoint : entry.endpoints)
      add(endpoint, std::make_shared<const EndpointOrigin>(originOf(endpoint, "")), port);
    if (entry.endpoints.empty() && by_name_) addHostItself(port);
  }

  void addSelected(const Labels& selector, const ServiceEntryPort& port) {
    const auto& selected = workloads_.select(selector);
    for (const auto& pod : selected.pods)
      servers_.endpoints.push_back({{pod.ip, endpointPort(port, {})}, pod.origin, 1, true});
    for (const auto& entry : selected.entries) add(entry.resource->endpoint, entry.origin, port);
  }

  void add(const WorkloadEndpoint& endpoint, PodIndex::OriginRef origin,
           const ServiceEntryPort& port) {
    const uint32_t weight = std::max(endpoint.weight, 1U);
    const auto number = endpointPort(port, endpoint.ports);
    if (endpoint.address.starts_with(kUnixPrefix)) {
      servers_.names.push_back({endpoint.address, 0, std::move(origin), weight});
      return;
    }
    if (auto ip = IpAddress::parse(endpoint.address); ip.ok())
      servers_.endpoints.push_back({{*ip, number}, std::move(origin), weight, true});
    else if (by_name_)
      servers_.names.push_back({toLower(endpoint.address), number, std::move(origin), weight});
  }

  void addHostItself(const ServiceEntryPort& port) {
    auto origin = std::make_shared<EndpointOrigin>();
    servers_.names.push_back({host_, endpointPort(port, {}), std::move(origin), 1});
  }

  const std::string& host_;
  const bool by_name_;
  SelectableWorkloads& workloads_;
  Servers servers_;
};

/// The servers of the ports of one host, which all ports of one name have in common: of entries
/// that are services of their own, too.
class HostServers {
 public:
  HostServers(const std::string& host, const Snapshot::Selection<ServiceEntry>& entries,
              SelectableWorkloads& workloads)
      : host_(host), workloads_(workloads) {
    for (const auto& entry : entries) named_.emplace_back(*entry);
  }

  void addTo(RegistryService& service) {
    if (service.resolution == Resolution::kOriginal) return;
    for (auto& port : service.ports) {
      const auto& shared = find(port.name, isByName(service.resolution));
      port.endpoints = shared.endpoints;
      port.names = shared.names;
    }
  }

 private:
  struct Shared {
    SharedVector<RegistryEndpoint> endpoints;
    SharedVector<RegistryName> names;
  };

  const Shared& find(const std::string& port_name, bool by_name) {
    const auto [at, is_new] = known_.try_emplace({port_name, by_name});
    if (is_new) {
      PortServers servers(host_, by_name, workloads_);
      for (const auto& named : named_) servers.addFrom(named, port_name);
      auto [endpoints, names] = std::move(servers).take();
      if (!endpoints.empty()) at->second.endpoints = SharedVector(std::move(endpoints));
      if (!names.empty()) at->second.names = SharedVector(std::move(names));
    }
    return at->second;
  }

  const std::string& host_;
  SelectableWorkloads& workloads_;
  std::vector<NamedPorts> named_;
  std::map<std::pair<std::string, bool>, Shared> known_;
};

bool canMerge(const ServiceEntry& a, const ServiceEntry& b) {
  return a.resolution == b.resolution && a.metadata.labels == b.metadata.labels &&
         a.workload_selector == b.workload_selector &&
         std::ranges::is_permutation(a.export_to, b.export_to);
}

}  // namespace

std::optional<Subnet> parseSubnet(std::string_view text) {
  const auto slash = text.find('/');
  auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip.ok()) return std::nullopt;
  Subnet subnet{*ip, 128};
  if (slash == std::string_view::npos) return subnet;
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (bits > (ip->isV4() ? 32U : 128U)) return std::nullopt;
  subnet.prefix_bits = static_cast<uint8_t>(bits + (ip->isV4() ? 96 : 0));
  for (unsigned bit = subnet.prefix_bits; bit < 128; ++bit)
    subnet.base.bytes[bit / 8] &= static_cast<uint8_t>(~(0x80U >> (bit % 8)));
  return subnet;
}

std::vector<std::shared_ptr<const RegistryService>> servicesOf(
    const std::string& host, const Snapshot::Selection<ServiceEntry>& entries,
    SelectableWorkloads& workloads, const AgentSettings& settings) {
  std::vector<std::pair<const ServiceEntry*, std::shared_ptr<RegistryService>>> services;
  for (const auto& entry : entries) {
    auto at = std::ranges::find_if(services,
                                   [&](const auto& made) { return canMerge(*made.first, *entry); });
    if (at == services.end())
      at = services.insert(
          at, {entry.get(), std::make_shared<RegistryService>(describe(host, *entry, settings))});
    addAddresses(*entry, *at->second);
    addPorts(*entry, *at->second);
  }
  HostServers servers(host, entries, workloads);
  std::vector<std::shared_ptr<const RegistryService>> result;
  for (auto& [entry, service] : services) {
    uniteAddresses(*service);
    orderPorts(*service);
    servers.addTo(*service);
    result.push_back(std::move(service));
  }
  return result;
}

void shareAddresses(std::vector<std::shared_ptr<const RegistryService>>& services) {
  const auto is_public = [](const auto& service) {
    return visibilityFor(service->export_to, service->namespace_, "") == Visibility::kPublic;
  };
  const auto first = std::ranges::find_if(services, is_public);
  if (first == services.end()) return;
  auto whole = **first;
  for (auto other = first + 1; other != services.end(); ++other) {
    if (!is_public(*other)) continue;
    const auto& [vips, subnets] = std::tie((*other)->vips, (*other)->subnets);
    whole.vips.insert(whole.vips.end(), vips.begin(), vips.end());
    whole.subnets.insert(whole.subnets.end(), subnets.begin(), subnets.end());
    whole.any_address = whole.any_address || (*other)->any_address;
  }
  uniteAddresses(whole);
  if (whole != **first) *first = std::make_shared<const RegistryService>(std::move(whole));
}

}  // namespace sluice::routing
