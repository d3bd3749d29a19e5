// SPDX-License-Identifier: Apache-2.0
// Whatever changes, in whatever order, and whatever finds no room meanwhile: the proxy has what it
// would have if everything had been made anew.
#include <fmt/format.h>

#include <map>

#include "tests/support/memory_data_plane.h"
#include "tests/unit/agent/support.h"
#include "tests/unit/routing/random_steps.h"
#include "userspace/agent/proxy_config.h"
#include "userspace/routing/resolver.h"

namespace sluice::agent {
namespace {

using proxy::ProxyCluster;
using proxy::ProxyConfig;
using proxy::ProxyRoute;
using proxy::ProxyRule;
using test::Step;
using test::Steps;

std::string textOf(const ProxyCluster& cluster) {
  auto text = fmt::format(
      "cluster {} version {} even {} choice {}:", static_cast<const void*>(cluster.cluster.get()),
      static_cast<int>(cluster.version), cluster.even, cluster.choice.size());
  for (const auto& endpoint : cluster.endpoints)
    text += fmt::format(" {}={}/{}", endpoint.address.text(), endpoint.id.value,
                        endpoint.cluster.value);
  return text;
}

std::string textOf(const ProxyRule& rule) {
  auto text = fmt::format("\n  rule {}", rule.rule->index);
  for (const auto& destination : rule.destinations) text += "\n    to " + textOf(destination);
  for (const auto& mirror : rule.mirrors) text += "\n    copies to " + textOf(mirror.cluster);
  return text;
}

/// Its rules must be those of its routing object, which keeps them alive.
std::string textOf(const ProxyRoute& route) {
  auto text = fmt::format("route {} of {} service {} binding {} family {}", route.id.value,
                          static_cast<const void*>(route.route.get()), route.service.value,
                          route.binding.value, static_cast<int>(route.family));
  const auto& rules = *route.route->rules;
  for (const auto& rule : *route.rules) {
    if (rule.rule < rules.data() || rule.rule >= rules.data() + rules.size()) text += " dangling";
    text += textOf(rule);
  }
  for (const auto& rule : route.l4_rules) text += "\n  l4" + textOf(rule->target);
  return text + "\n  plain" + textOf(route.plain);
}

/// Everything that is looked up.
std::map<std::string, std::string> contentsOf(const ProxyConfig& config) {
  std::map<std::string, std::string> all;
  for (const auto& [key, route] : config.routes)
    all[fmt::format("service {} class {}", key.first.value, key.second.value)] = textOf(*route);
  for (const auto& [key, route] : config.by_host)
    all[fmt::format("host {} family {}", static_cast<const void*>(key.first),
                    static_cast<int>(key.second))] = textOf(*route);
  for (const auto& [key, ranges] : config.ranges)
    for (const auto& [range, route] : ranges)
      all[fmt::format("range {}", static_cast<const void*>(range))] =
          route ? textOf(*route) : "none";
  return all;
}

std::string difference(const std::map<std::string, std::string>& kept,
                       const std::map<std::string, std::string>& fresh) {
  for (const auto& [key, text] : fresh) {
    const auto at = kept.find(key);
    if (at == kept.end()) return key + " is missing: " + text;
    if (at->second != text) return key + " is\n" + at->second + "\ninstead of\n" + text;
    if (text.find("dangling") != std::string::npos) return key + ": " + text;
  }
  for (const auto& [key, text] : kept)
    if (!fresh.contains(key)) return key + " is too many: " + text;
  return "";
}

/// What one agent does, step after step, over tables that have room for `services`.
class Life {
 public:
  explicit Life(uint32_t services) {
    steering::Options options;
    options.ids = {services, 300, 300, 100, 300};
    options.slots = 511;
    steering_ = *steering::Steering::create(tables_, clock_, options);
  }

  /// What is wrong after the step; empty when nothing is.
  std::string take(const Step& step) {
    const auto what = mesh_.step(step.seed);
    if (step.more_follow) return "";
    const auto wrong = update(step.seed);
    return wrong.empty() ? "" : wrong + "\nafter " + what;
  }

 private:
  std::string update(uint32_t seed) {
    std::mt19937 random(seed);
    auto routing = resolver_.update(std::make_shared<const Snapshot>(mesh_.snapshot()));
    const auto health = healthOf(*routing, random);
    const auto refused = steering_->stage(*routing, health);
    if (!refused) return "stage: " + refused.error().message();
    const auto kept = makeProxyConfig(routing, *steering_, health, states_, *config_);
    const auto fresh = makeProxyConfig(routing, *steering_, health, states_, ProxyConfig());
    if (!kept || !fresh) return "no configuration";
    const auto all = keepRefused(*kept, *config_, *refused);
    const auto wrong =
        difference(contentsOf(*all), contentsOf(*keepRefused(*fresh, *config_, *refused)));
    config_ = all;
    if (random() % 4 == 0) return wrong;  // never published: the workers have it all the same
    if (!steering_->publish()) return "cannot publish";
    clock_.advance(std::chrono::seconds(random() % 90));
    return steering_->retire() ? wrong : "cannot retire";
  }

  /// Of one cluster in three the first endpoint has failed.
  static routing::Health healthOf(const routing::Routing& routing, std::mt19937& random) {
    routing::Health health;
    for (const auto& [key, route] : routing.tables.at({}).services)
      for (const auto* cluster : routing::clustersOf(*route))
        if (!cluster->endpoints.empty() && random() % 3 == 0)
          health.avoided[routing::clusterName(*cluster)] = {cluster->endpoints.front().address};
    return health;
  }

  test::RandomMesh mesh_;
  routing::Resolver resolver_;
  test::MemoryDataPlane tables_;
  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  ClusterStates states_{*reactor_, [] {}};
  std::unique_ptr<steering::Steering> steering_;
  std::shared_ptr<const ProxyConfig> config_ = std::make_shared<const ProxyConfig>();
};

test::Property withRoomFor(uint32_t services) {
  return [services](const Steps& steps) -> std::optional<std::string> {
    Life life(services);
    for (const auto& step : steps)
      if (auto wrong = life.take(step); !wrong.empty()) return wrong;
    return std::nullopt;
  };
}

TEST(ProxyConfigProperty, WhatIsKeptIsAsIfMadeAnew) {
  test::holdsForEach(test::seedsFrom(1, 20), 60, withRoomFor(100));
}

TEST(ProxyConfigProperty, AndSoItIsWhereNotAllServicesFindRoom) {
  test::holdsForEach(test::seedsFrom(1, 20), 60, withRoomFor(6));
}

}  // namespace
}  // namespace sluice::agent
