// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/ports_of_host.h"

#include <memory>
#include <utility>
#include <vector>

namespace sluice::routing {
namespace {

using Route = std::shared_ptr<const ServiceRoute>;
using Map = ServiceRoutes::Map;

/// `route` becomes the object `other` if that is the same by content.
bool becomes(Route& route, const Route* other) {
  if (!other || (*other != route && **other != *route)) return false;
  route = *other;
  return true;
}

template <typename Visit>
void forEachPort(const std::string& host, const Map& map, const Visit& visit) {
  for (auto at = map.lower_bound(ServiceKey{host, 0}); at != map.end() && at->first.host == host;
       ++at)
    visit(at->first, at->second);
}

template <typename Gone>
void eraseIf(const std::string& host, Map& map, const Gone& gone) {
  std::vector<ServiceKey> keys;
  forEachPort(host, map, [&](const auto& key, const auto&) {
    if (gone(key)) keys.push_back(key);
  });
  for (const auto& key : keys) map.erase(key);
}

}  // namespace

void PortsOfHost::setCommon(PortRoutes& routes) {
  auto& map = services_.common();
  eraseIf(host_, map, [&](const auto& key) { return !routes.contains(key.port); });
  for (auto& [port, route] : routes) {
    const ServiceKey key{host_, port};
    if (!becomes(route, map.get(key))) map.set(key, route);
  }
}

void PortsOfHost::setOwn(PortRoutes& routes, const Map& common) {
  auto& map = services_.own();
  eraseIf(host_, map, [&](const auto& key) { return !routes.contains(key.port); });
  for (auto& [port, route] : routes) {
    const ServiceKey key{host_, port};
    if (becomes(route, common.get(key))) {
      map.erase(key);
    } else {
      becomes(route, services_.find(key));
      map.set(key, route);
    }
  }
}

void PortsOfHost::copyOwn(const ServiceRoutes& other) {
  auto& map = services_.own();
  eraseIf(host_, map, [&](const auto& key) { return !other.own().contains(key); });
  forEachPort(host_, other.own(), [&](const auto& key, Route route) {
    becomes(route, services_.find(key));
    map.set(key, std::move(route));
  });
}

}  // namespace sluice::routing
