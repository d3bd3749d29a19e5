// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/proxy_config.h"

#include <gtest/gtest.h>

namespace sluice::agent {
namespace {

using proxy::ProxyConfig;

std::shared_ptr<const proxy::ProxyRoute> routeOf(const std::string& host) {
  auto service = std::make_shared<routing::ServiceRoute>();
  service->service = {host, 80};
  auto route = std::make_shared<proxy::ProxyRoute>();
  route->route = std::move(service);
  return route;
}

TEST(KeepRefused, RefusedServicesKeepTheirLastGoodRouteAndOthersDoNot) {
  ProxyConfig previous;
  previous.routes.set({ServiceId{1}, ClientClass{}}, routeOf("full"));
  previous.routes.set({ServiceId{2}, ClientClass{}}, routeOf("removed"));
  auto next = std::make_shared<ProxyConfig>();
  const auto fresh = routeOf("other");
  next->routes.set({ServiceId{3}, ClientClass{}}, fresh);

  const auto merged = keepRefused(
      next, previous, {{"full:80/v4", Error(Error::Code::kExhausted, "full"), {"full", 80}}});
  EXPECT_EQ(merged->routes.size(), 2u);
  EXPECT_TRUE(merged->routes.contains(std::pair(ServiceId{1}, ClientClass{})));
  EXPECT_EQ(*merged->routes.get(std::pair(ServiceId{3}, ClientClass{})), fresh);
}

TEST(KeepRefused, ANewRouteIsNotReplacedByAnOldOne) {
  ProxyConfig previous;
  previous.routes.set({ServiceId{1}, ClientClass{}}, routeOf("service"));
  auto next = std::make_shared<ProxyConfig>();
  const auto fresh = routeOf("service");
  next->routes.set({ServiceId{1}, ClientClass{}}, fresh);
  // The other family was refused: its route has another service id.
  const auto merged = keepRefused(
      next, previous, {{"service:80/v6", Error(Error::Code::kExhausted, "full"), {"service", 80}}});
  EXPECT_EQ(*merged->routes.get(std::pair(ServiceId{1}, ClientClass{})), fresh);
}

}  // namespace
}  // namespace sluice::agent
