// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolve.h"

#include "maps/lib/hash.h"
#include "userspace/routing/client.h"
#include "userspace/routing/compile.h"
#include "userspace/routing/outbound_mode.h"
#include "userspace/routing/ranges.h"
#include "userspace/routing/virtual_hosts.h"

namespace sluice::routing {
namespace {

/// Numbers of classes outlive the agent in the kernel's tables and must not depend on which other
/// classes there are, so they are hashes of the names.
ClientClass numberOf(const std::string& class_name) {
  return {static_cast<uint32_t>(fnv1a64(class_name.data(), class_name.size()))};
}

class Resolver {
 public:
  explicit Resolver(const Snapshot& snapshot)
      : snapshot_(snapshot), catalog_(snapshot), traits_(snapshot, catalog_.registry) {
    routing_.revision = snapshot.revision;
    routing_.agent = snapshot.agent;
    compileTable({}, {});
  }

  void add(const Workload& workload) {
    add(workload.metadata.key(), clientOf(workload, catalog_.registry, snapshot_.agent));
  }

  /// False when the snapshot has neither a Workload nor a Pod of this name.
  bool add(const std::string& key) {
    const auto client = findClient(snapshot_, catalog_.registry, key);
    if (client) add(key, *client);
    return client.has_value();
  }

  Routing take() && { return std::move(routing_); }

 private:
  void add(const std::string& key, const Client& client) {
    routing_.workload_class[key] = classFor(traits_.groupOf(client));
  }

  /// Two names with one hash are told apart by counting on from it.
  ClientClass classFor(const ClientGroup& group) {
    if (group.name.empty()) return {};
    ClientClass number = numberOf(group.name);
    for (;; ++number.value) {
      const auto taken = routing_.tables.find(number);
      if (taken == routing_.tables.end()) break;
      if (taken->second.class_name == group.name) return number;
    }
    compileTable(number, group);
    return number;
  }

  void compileTable(ClientClass number, const ClientGroup& group) {
    auto& table = routing_.tables[number];
    table.client_class = number;
    table.class_name = group.name;
    table.outbound_mode = outboundModeFor(snapshot_, group.client);
    for (const auto& [host, candidates] : catalog_.registry.hosts())
      compileHost(candidates, catalog_.registry.find(host, group.client.namespace_), group.client,
                  table);
    if (number) shareWithDefault(table);
    table.ranges = buildRanges(catalog_, table, group.client);
    if (catalog_.hostDecides())
      table.virtual_hosts = buildVirtualHosts(catalog_, table, group.client);
  }

  /// Every table has every port of every host, so that a service that the client may not see is
  /// known to be one. `seen`: what the client means by the host; null: nothing.
  void compileHost(const Registry::Candidates& candidates, const RegistryService* seen,
                   const Client& client, RouteTable& table) {
    if (seen && seen->resolution == RegistryService::Resolution::kAlias)
      table.aliases.emplace(seen->host, seen->external_name);
    for (const auto& candidate : candidates) {
      if (candidate->resolution == RegistryService::Resolution::kAlias) continue;
      for (const auto& port : candidate->ports) {
        auto& route = table.services[{candidate->host, port.number}];
        const auto* seen_port = seen ? seen->port(port.number) : nullptr;
        if (route) continue;
        route = seen_port ? compileRoute(catalog_, *seen, *seen_port, client)
                          : hiddenRoute(*candidate, port);
      }
    }
  }

  void shareWithDefault(RouteTable& table) {
    for (auto& [key, route] : table.services) {
      const auto& common = routing_.tables.at({}).services.at(key);
      if (*route == *common) route = common;
    }
  }

  const Snapshot& snapshot_;
  Catalog catalog_;
  ClientTraits traits_;
  Routing routing_;
};

}  // namespace

Routing resolve(const Snapshot& snapshot) {
  Resolver resolver(snapshot);
  for (const auto& workload : snapshot.workloads) resolver.add(*workload);
  return std::move(resolver).take();
}

Result<Routing> resolveFor(const Snapshot& snapshot, const std::string& client) {
  Resolver resolver(snapshot);
  if (!resolver.add(client))
    return Error(Error::Code::kNotFound, "client " + client + ": no such Workload or Pod",
                 "name the client as namespace/name");
  return std::move(resolver).take();
}

}  // namespace sluice::routing
