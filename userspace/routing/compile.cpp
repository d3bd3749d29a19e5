// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/compile.h"

#include <algorithm>
#include <iterator>

#include "userspace/routing/http_rules.h"
#include "userspace/routing/l4_rules.h"
#include "userspace/routing/path.h"
#include "userspace/routing/ranges.h"

namespace sluice::routing {
namespace {

bool mayCarryHttp(Protocol protocol) { return isHttp(protocol) || protocol == Protocol::kUnknown; }

void describe(const RegistryService& service, const RegistryPort& port, ServiceRoute& route) {
  route.service = {service.host, port.number};
  route.service_namespace = service.namespace_;
  route.service_name = service.name;
  route.protocol = port.protocol;
  route.vips = service.vips;
}

std::string whyLater(const Candidate& loser, const Candidate& winner) {
  const auto name = winner.service->resource->metadata.key();
  if (loser.pattern != winner.pattern)
    return "its host " + loser.pattern + " is less specific than " + winner.pattern + " of " + name;
  if (loser.visibility != winner.visibility)
    return winner.visibility == Visibility::kPrivate
               ? name + " is private to the client's namespace"
               : name + " is exported to the client's namespace by name";
  return name + " is older, or comes first by name where the age is the same";
}

class RouteCompiler {
 public:
  RouteCompiler(Lookups& lookups, const RegistryService& service, const RegistryPort& port,
                const Client& client)
      : lookups_(lookups),
        service_(service),
        port_(port),
        client_(client),
        destinations_(lookups, client, port.number),
        candidates_(lookups.naming(service.host, client)) {}

  std::shared_ptr<const ServiceRoute> compile() {
    auto route = std::make_shared<ServiceRoute>();
    route_ = route.get();
    describe(service_, port_, *route_);
    route_->plain = lookups_.cluster({service_.host, port_.number, ""}, client_);
    if (mayCarryHttp(port_.protocol)) addHttpRules();
    if (!isHttp(port_.protocol)) addConnectionRules();
    if (route_->rules->empty()) addDefaultRule();
    decidePath(*route_, {.agent = lookups_.agent(),
                         .winner = winner_,
                         .candidates = candidates_,
                         .from_entry = service_.source == RegistryService::Source::kServiceEntry,
                         .shares_addresses = hasRanges(service_)});
    return route;
  }

 private:
  /// Istio: of VirtualServices with the same exact host the first decides that has a rule for this
  /// client and port; of wildcards only the first is asked. Without any the default route stays.
  void addHttpRules() {
    for (const auto& candidate : candidates_) {
      if (candidate.pattern != candidates_.front().pattern) break;
      auto compiled = lookups_.httpRules(*candidate.service, port_.number, client_);
      addSkipped(compiled.skipped);
      if (!compiled.rules->empty()) {
        route_->rules = std::move(compiled.rules);
        win(candidate);
        return;
      }
      if (candidate.pattern.starts_with('*')) break;
    }
  }

  void win(const Candidate& winner) {
    winner_ = winner.service;
    route_->virtual_service = winner.service->resource->metadata.key();
    bool later = false;
    for (const auto& other : candidates_) {
      if (other.service != winner.service && !other.service->http.empty())
        route_->losers.push_back(
            {other.service->resource->metadata.key(),
             later ? whyLater(other, winner) : "none of its rules is for this client and port"});
      later = later || other.service == winner.service;
    }
  }

  /// Istio: the tcp and tls rules of all VirtualServices that name the host act side by side; one
  /// about a name under a wildcard service is about that service.
  void addConnectionRules() {
    auto services =
        service_.host.starts_with('*') ? lookups_.overlapping(service_.host, client_) : candidates_;
    std::sort(services.begin(), services.end(), comesBefore);
    // Ranges beside the addresses: which address is called is known only when it is.
    const CalledPort called{port_.number, hasRanges(service_)
                                              ? std::span<const IpAddress>()
                                              : std::span<const IpAddress>(service_.vips)};
    auto compiled = port_.protocol == Protocol::kTls
                        ? compileTlsRules(services, called, client_, destinations_)
                        : compileTcpRules(services, called, client_, destinations_);
    addSkipped(Shared(std::move(compiled.skipped)));
    route_->l4_rules = std::move(compiled.rules);
    if (route_->virtual_service.empty() && !route_->l4_rules.empty())
      route_->virtual_service = route_->l4_rules.front().virtual_service;
  }

  /// Services that have none but those of one VirtualService share them.
  void addSkipped(const Shared<std::vector<SkippedRule>>& skipped) {
    if (skipped->empty()) return;
    if (route_->skipped->empty()) {
      route_->skipped = skipped;
      return;
    }
    auto& all = route_->skipped.edit();
    all.insert(all.end(), skipped->begin(), skipped->end());
  }

  void addDefaultRule() {
    Rule rule;
    rule.index = -1;
    WeightedCluster whole;
    whole.key = {service_.host, port_.number, ""};
    whole.cluster = route_->plain;
    rule.destinations.push_back(std::move(whole));
    route_->rules = Shared(std::vector{std::move(rule)});
  }

  Lookups& lookups_;
  const RegistryService& service_;
  const RegistryPort& port_;
  const Client& client_;
  const Destinations destinations_;
  const std::vector<Candidate> candidates_;
  const MeshVirtualService* winner_ = nullptr;
  ServiceRoute* route_ = nullptr;
};

}  // namespace

std::shared_ptr<const ServiceRoute> compileRoute(Lookups& lookups, const RegistryService& service,
                                                 const RegistryPort& port, const Client& client) {
  return RouteCompiler(lookups, service, port, client).compile();
}

std::shared_ptr<const ServiceRoute> hiddenRoute(const RegistryService& service,
                                                const RegistryPort& port) {
  auto route = std::make_shared<ServiceRoute>();
  describe(service, port, *route);
  hide(*route);
  return route;
}

std::shared_ptr<const ServiceRoute> compileForeignHost(Lookups& lookups,
                                                       const MeshVirtualService& service,
                                                       const std::string& host, uint16_t port,
                                                       const Client& client) {
  auto compiled = lookups.httpRules(service, port, client);
  if (compiled.rules->empty()) return nullptr;
  auto route = std::make_shared<ServiceRoute>();
  route->service = {host, port};
  route->protocol = Protocol::kHttp;
  route->virtual_service = service.resource->metadata.key();
  route->rules = std::move(compiled.rules);
  route->skipped = std::move(compiled.skipped);
  decidePath(*route, {.agent = lookups.agent(), .winner = &service, .candidates = {}});
  return route;
}

}  // namespace sluice::routing
