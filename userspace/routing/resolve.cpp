// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolve.h"

#include <optional>

#include "maps/lib/hash.h"
#include "userspace/routing/client.h"
#include "userspace/routing/compile.h"

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
      : catalog_(snapshot), traits_(snapshot, catalog_.registry) {
    routing_.revision = snapshot.revision;
    routing_.agent = snapshot.agent;
    compileTable({}, {});
  }

  void add(const std::string& key, const Client& client) {
    const auto group = traits_.groupOf(client);
    routing_.workload_class[key] = classFor(group);
  }

  Routing take() && { return std::move(routing_); }

 private:
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
    for (const auto& [host, service] : catalog_.registry.services()) {
      if (service.vips.empty()) continue;
      for (const auto& port : service.ports)
        table.services[{host, port.number}] = compileRoute(catalog_, service, port, group.client);
    }
    if (number) shareWithDefault(table);
  }

  void shareWithDefault(RouteTable& table) {
    for (auto& [key, route] : table.services) {
      const auto& common = routing_.tables.at({}).services.at(key);
      if (*route == *common) route = common;
    }
  }

  Catalog catalog_;
  ClientTraits traits_;
  Routing routing_;
};

template <typename T>
const T* findByKey(const Snapshot::List<T>& list, const std::string& key) {
  for (const auto& item : list)
    if (item->metadata.key() == key) return item.get();
  return nullptr;
}

std::optional<Client> findClient(const Snapshot& snapshot, const std::string& key) {
  if (const auto* workload = findByKey(snapshot.workloads, key))
    return Client{workload->metadata.namespace_, workload->metadata.labels};
  if (const auto* pod = findByKey(snapshot.pods, key))
    return Client{pod->metadata.namespace_, pod->metadata.labels};
  return std::nullopt;
}

}  // namespace

Routing resolve(const Snapshot& snapshot) {
  Resolver resolver(snapshot);
  for (const auto& workload : snapshot.workloads)
    resolver.add(workload->metadata.key(),
                 {workload->metadata.namespace_, workload->metadata.labels});
  return std::move(resolver).take();
}

Result<Routing> resolveFor(const Snapshot& snapshot, const std::string& client) {
  const auto found = findClient(snapshot, client);
  if (!found)
    return Error(Error::Code::kNotFound, "client " + client + ": no such Workload or Pod",
                 "name the client as namespace/name");
  Resolver resolver(snapshot);
  resolver.add(client, *found);
  return std::move(resolver).take();
}

}  // namespace sluice::routing
