// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/ranges.h"

#include <algorithm>
#include <chrono>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr Subnet kEveryAddress{};

/// A range and the age of its service, which decides where two take the same.
struct AgedRange {
  RangeRoute range;
  std::chrono::sys_seconds created;
};

std::string nameOf(const RangeRoute& range) {
  return range.sni_hosts.empty() ? std::string() : range.sni_hosts.front();
}

bool decidesBefore(const AgedRange& a, const AgedRange& b) {
  if (a.range.subnet.prefix_bits != b.range.subnet.prefix_bits)
    return a.range.subnet.prefix_bits > b.range.subnet.prefix_bits;
  const auto a_name = nameOf(a.range), b_name = nameOf(b.range);
  if (a_name.empty() != b_name.empty()) return b_name.empty();
  if (a_name != b_name) return moreSpecific(a_name, b_name);
  return a.created < b.created;
}

/// Which server names lead to a TLS port: those of its rules, else the service's own.
std::vector<std::string> serverNames(const ServiceRoute& route) {
  std::vector<std::string> names;
  for (const auto& rule : route.l4_rules)
    names.insert(names.end(), rule.sni_hosts.begin(), rule.sni_hosts.end());
  if (names.empty()) names.push_back(route.service.host);
  return names;
}

class RangeBuilder {
 public:
  RangeBuilder(bool host_decides, const RouteTable& table)
      : host_decides_(host_decides), table_(table) {}

  void add(const RegistryService& service) {
    for (const auto& port : service.ports) {
      for (const auto& subnet : service.subnets)
        if (!isHttp(port.protocol) || !host_decides_) addPort(service, port, subnet);
      if (service.any_address && !isHttp(port.protocol)) addPort(service, port, kEveryAddress);
    }
  }

  std::vector<RangeRoute> take() && {
    std::stable_sort(ranges_.begin(), ranges_.end(), decidesBefore);
    std::vector<RangeRoute> result;
    result.reserve(ranges_.size());
    for (auto& aged : ranges_) result.push_back(std::move(aged.range));
    return result;
  }

 private:
  void addPort(const RegistryService& service, const RegistryPort& port, const Subnet& subnet) {
    const auto& route = table_.services.at({service.host, port.number});
    const auto created = service.creation_timestamp.value_or(std::chrono::sys_seconds::max());
    if (port.protocol != Protocol::kTls) {
      ranges_.push_back({{subnet, port.number, {}, route}, created});
      return;
    }
    for (auto& name : serverNames(*route))
      ranges_.push_back({{subnet, port.number, {std::move(name)}, route}, created});
  }

  bool host_decides_;
  const RouteTable& table_;
  std::vector<AgedRange> ranges_;
};

}  // namespace

bool hasRanges(const RegistryService& service) {
  return service.any_address || !service.subnets.empty();
}

std::vector<RangeRoute> buildRanges(const Registry& registry, const std::set<std::string>& hosts,
                                    const RouteTable& table, const Client& client,
                                    bool host_decides) {
  RangeBuilder builder(host_decides, table);
  for (const auto& host : hosts)
    if (const auto* service = registry.find(host, client.namespace_)) builder.add(*service);
  return std::move(builder).take();
}

}  // namespace sluice::routing
