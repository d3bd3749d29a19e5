// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "maps/tables.hpp"
#include "userspace/model/address.h"

namespace sluice::test {

/// Goes through the tables as the kernel's programs do, from a called address down, and says
/// everything that a connection could meet there.
class Reader {
 public:
  /// kEverything: flags, policies and the odds of single endpoints, too.
  enum class Detail { kDestinations, kEverything };

  explicit Reader(DataPlane& data_plane, Detail detail = Detail::kDestinations)
      : data_plane_(data_plane), detail_(detail) {}

  /// "connect 1/2{10.1.0.1:8080 …}*share …", "proxy {…}", "none" where no service is, or a text
  /// that starts with "dangling" when something is named that is not there.
  std::string see(const std::string& ip, uint16_t port, uint32_t client_class = 0) {
    const auto address = IpAddress::parse(ip);
    service_key key{};
    std::copy(address->bytes.begin(), address->bytes.end(), key.address);
    key.port = htons(port);
    key.protocol = 6;
    return see(key, client_class);
  }
  std::string see(const service_key& key, uint32_t client_class) {
    const auto service = maps::View<Table::kServices>(data_plane_).get(key);
    return service.ok() ? seeService(*service, client_class) : "none";
  }

 private:
  std::string seeService(const ::service& value, uint32_t client_class) {
    auto binding = maps::View<Table::kBindings>(data_plane_).get(value.binding);
    if (!binding.ok() || !binding->route) return "dangling binding";
    if (binding->shape & BINDING_HAS_EXCEPTIONS) {
      const auto exception =
          maps::View<Table::kExceptions>(data_plane_).get({value.id, client_class});
      if (exception.ok()) binding = maps::View<Table::kBindings>(data_plane_).get(*exception);
    }
    const auto route = maps::View<Table::kRoutes>(data_plane_).get(binding->route);
    if (!route.ok() || route->via == ROUTE_VIA_NONE) return "dangling route";
    if (route->service != value.id) return "dangling: a route of another service";
    if (BINDING_CLUSTER(binding->shape) != onlyCluster(*route))
      return "dangling: the binding says another cluster than its route";
    return seeRoute(*route);
  }

  /// What the binding says, so that connect() need not look here.
  uint32_t onlyCluster(const ::route& value) {
    if (value.via != ROUTE_VIA_ENDPOINT || value.slot_count != 1) return 0;
    return maps::View<Table::kRouteSlots>(data_plane_).get(value.first_slot)->own;
  }

  std::string seeRoute(const ::route& value) {
    static const char* const kVia[] = {"", "connect", "proxy", "passthrough"};
    std::string text = kVia[value.via];
    if (detail_ == Detail::kEverything)
      text +=
          " class " + std::to_string(value.client_class) + " flags " + std::to_string(value.flags);
    std::vector<std::string> slots;
    for (uint32_t i = 0; i < value.slot_count; ++i) {
      const auto slot = maps::View<Table::kRouteSlots>(data_plane_).get(value.first_slot + i);
      slots.push_back(" " + seeCluster(slot->own));
      if (slot->own != slot->alias)
        slots.back() += "/" + std::to_string(slot->threshold) + seeCluster(slot->alias);
    }
    // The proxy's are in the order of their numbers, which depends on what there was before.
    if (value.via == ROUTE_VIA_PROXY && detail_ == Detail::kEverything) std::ranges::sort(slots);
    for (const auto& slot : slots) text += slot;
    if (value.fallback) text += " else " + seeCluster(value.fallback);
    return text.find("dangling") == std::string::npos ? text : "dangling in " + text;
  }

  std::string seeCluster(uint32_t id) {
    if (!id) return "{no cluster}";
    const auto cluster = maps::View<Table::kClusters>(data_plane_).get(id);
    if (!cluster.ok() || !(cluster->shape & CLUSTER_EXISTS)) return "dangling cluster";
    std::set<std::string> members;
    for (uint32_t i = 0; i < CLUSTER_COUNT(cluster->shape); ++i) {
      const auto slot = maps::View<Table::kClusterSlots>(data_plane_).get(cluster->first_slot + i);
      members.insert(seeSlot(*slot));
    }
    std::string text = "{";
    if (detail_ == Detail::kEverything)
      members.insert("policy " + std::to_string(CLUSTER_POLICY(cluster->shape)));
    for (const auto& member : members) text += (text.size() > 1 ? " " : "") + member;
    return text + "}";
  }

  std::string seeSlot(const alias_slot& slot) {
    if (detail_ == Detail::kDestinations) return seeEndpoint(slot.own);
    return seeEndpoint(slot.own) + "/" + std::to_string(slot.threshold) + seeEndpoint(slot.alias);
  }

  std::string seeEndpoint(uint32_t id) {
    const auto endpoint = maps::View<Table::kEndpoints>(data_plane_).get(id);
    if (!endpoint.ok() || !endpoint->port) return "dangling endpoint";
    SocketAddress address;
    std::copy(std::begin(endpoint->address), std::end(endpoint->address), address.ip.bytes.begin());
    address.port = ntohs(endpoint->port);
    return address.text();
  }

  DataPlane& data_plane_;
  Detail detail_;
};

}  // namespace sluice::test
