// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/endpoint_slices.h"

#include <map>
#include <string>
#include <string_view>

#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

enum class State { kReady, kNotReady, kGone };

/// Istio, endpointHealthStatus: an endpoint that is not ready and does not say that it is not
/// terminating is shutting down.
State stateOf(const SliceEndpoint& endpoint, bool publish_not_ready) {
  if (endpoint.ready.value_or(true)) return State::kReady;
  if (endpoint.terminating.value_or(true)) return State::kGone;
  return publish_not_ready ? State::kReady : State::kNotReady;
}

/// Who an address belongs to.
struct Target {
  const std::string& kind;
  const std::string& name;
  const std::string& in;
  const std::string& node_name;
};

class Reader {
 public:
  Reader(const ServiceRecord& record, PodIndex& pods, PodIndex::Needs& needs,
         std::vector<RegistryPort>& ports)
      : record_(record),
        namespace_(record.resource->metadata.namespace_),
        pods_(pods),
        needs_(needs),
        ports_(ports) {
    for (auto& port : ports_) by_name_.emplace(port.name, &port);
  }

  void read() {
    for (const auto& slice : record_.slices)
      if (slice->address_type != "FQDN") read(*slice);
    if (record_.slices.empty() && record_.endpoints) read(*record_.endpoints);
    for (auto& port : ports_)
      if (!port.endpoints.empty()) orderAndUnite(port.endpoints.edit());
  }

 private:
  void read(const EndpointSlice& slice) {
    for (const auto& endpoint : slice.endpoints) {
      const auto state = stateOf(endpoint, record_.resource->publish_not_ready_addresses);
      if (state == State::kGone) continue;
      const Target target{endpoint.target_kind, endpoint.target_name, endpoint.target_namespace,
                          endpoint.node_name};
      for (const auto& address : endpoint.addresses)
        add(address, target, slice.ports, state == State::kReady);
    }
  }

  void read(const Endpoints& endpoints) {
    for (const auto& subset : endpoints.subsets) {
      for (const auto& address : subset.addresses) add(address, subset.ports, true);
      for (const auto& address : subset.not_ready_addresses)
        add(address, subset.ports, record_.resource->publish_not_ready_addresses);
    }
  }

  void add(const Endpoints::Address& address, const std::vector<SlicePort>& ports, bool ready) {
    add(address.ip,
        {address.target_kind, address.target_name, address.target_namespace, address.node_name},
        ports, ready);
  }

  void add(const std::string& address, const Target& target, const std::vector<SlicePort>& ports,
           bool ready) {
    const auto ip = IpAddress::parse(address);
    if (!ip.ok()) return;
    const auto origin = originOf(*ip, target);
    if (!origin) return;
    for (const auto& from : ports) {
      if (!from.port || from.protocol != "TCP") continue;
      const auto [begin, end] = by_name_.equal_range(from.name);
      for (auto at = begin; at != end; ++at)
        at->second->endpoints.push_back({{*ip, *from.port}, origin, 1, ready});
    }
  }

  /// Null for a pod that is not known.
  PodIndex::OriginRef originOf(const IpAddress& ip, const Target& target) {
    if (target.kind == "Pod")
      return pods_.find((target.in.empty() ? namespace_ : target.in) + "/" + target.name, needs_);
    if (auto pod = pods_.findByAddress(ip, namespace_, needs_)) return pod;
    return withoutPod(target.node_name);
  }

  /// Istio asks the pod alone for its node; a server without one is where its slice says.
  static PodIndex::OriginRef withoutPod(const std::string& node) {
    auto origin = std::make_shared<EndpointOrigin>();
    origin->node = node;
    origin->place = placeLabels("", node, "");
    return origin;
  }

  const ServiceRecord& record_;
  const std::string& namespace_;
  PodIndex& pods_;
  PodIndex::Needs& needs_;
  std::vector<RegistryPort>& ports_;
  std::multimap<std::string_view, RegistryPort*> by_name_;
};

}  // namespace

void addEndpoints(const ServiceRecord& record, PodIndex& pods, PodIndex::Needs& needs,
                  std::vector<RegistryPort>& ports) {
  Reader(record, pods, needs, ports).read();
}

}  // namespace sluice::routing
