// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/locate.h"

#include <algorithm>

#include "userspace/model/codes.h"
#include "userspace/routing/names.h"
#include "userspace/routing/port_routes.h"
#include "userspace/routing/protocol.h"

namespace sluice::routing {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kTlsPort = 443;

using RoutePtr = std::shared_ptr<const ServiceRoute>;

std::string namespaceOf(const std::string& client) { return client.substr(0, client.find('/')); }

/// A name as somebody calls it, and what it may be short for.
struct Spelling {
  std::string full;
  const char* how;
};

std::vector<Spelling> spellingsOf(const std::string& name, const std::string& client_namespace,
                                  const std::string& domain) {
  std::vector<Spelling> spellings{{name, "the full name"}};
  if (name.find('.') == std::string::npos)
    spellings.push_back(
        {serviceHost(name, client_namespace, domain), "short for a service of its own namespace"});
  spellings.push_back({name + ".svc." + domain, "name and namespace"});
  spellings.push_back({name + "." + domain, "the name without the cluster's domain"});
  return spellings;
}

/// The ports of one host, in the order of their numbers.
std::vector<RoutePtr> portsOf(const RouteTable& table, const std::string& host) {
  std::vector<RoutePtr> ports;
  for (auto at = table.services.lower_bound({host, 0}); at != table.services.end(); ++at) {
    const auto [key, route] = *at;
    if (key.host != host) break;
    if (!isPortRoute(*route)) ports.push_back(route);
  }
  return ports;
}

/// Wildcard hosts of ServiceEntries stand first in the table; the most specific counts.
std::string wildcardHost(const RouteTable& table, const std::string& name) {
  std::string best;
  for (const auto& [key, route] : table.services) {
    if (!key.host.starts_with('*')) break;
    if (!isPortRoute(*route) && hostMatches(key.host, name) &&
        (best.empty() || moreSpecific(key.host, best)))
      best = key.host;
  }
  return best;
}

class TargetFinder {
 public:
  TargetFinder(const RouteTable& table, const AgentSettings& agent, const ExplainRequest& request)
      : table_(table), agent_(agent), request_(request) {}

  CalledTarget find() && {
    if (const auto ip = IpAddress::parse(request_.host); ip.ok())
      findByAddress(*ip);
    else
      findByName();
    result_.text = textOfTarget();
    return std::move(result_);
  }

 private:
  void findByAddress(const IpAddress& ip) {
    std::vector<RoutePtr> ports;
    for (const auto& [key, route] : table_.services)
      if (std::ranges::find(route->vips, ip) != route->vips.end()) ports.push_back(route);
    take(ports, "its address");
    result_.address = ip;
  }

  void findByName() {
    auto name = toLower(request_.host);
    if (name.ends_with('.') && name.find('.') + 1 < name.size()) name.pop_back();
    for (const auto& [full, how] :
         spellingsOf(name, namespaceOf(request_.from), agent_.cluster_domain))
      if (takeHost(full, how)) return;
    if (const auto wildcard = wildcardHost(table_, name); !wildcard.empty())
      take(portsOf(table_, wildcard), "a name below the service's wildcard");
    if (result_.name.host.empty()) take({}, "");
  }

  bool takeHost(const std::string& full, const std::string& how) {
    const auto* alias = table_.aliases.get(full);
    const auto ports = portsOf(table_, alias ? *alias : full);
    if (ports.empty()) return false;
    take(ports, alias ? how + "; an ExternalName service that stands for the host" : how);
    return true;
  }

  void take(const std::vector<RoutePtr>& ports, std::string how) {
    const uint16_t usual = request_.protocol == CallProtocol::kTls ? kTlsPort : kHttpPort;
    const uint16_t only = ports.size() == 1 ? ports.front()->service.port : usual;
    result_.port = request_.port.value_or(only);
    if (ports.empty()) return;
    result_.name.how = std::move(how);
    result_.name.host = ports.front()->service.host;
    result_.name.port = result_.port;
    if (!ports.front()->vips.empty()) result_.address = ports.front()->vips.front();
    for (const auto& route : ports)
      if (route->service.port == result_.port) result_.service = route;
    if (result_.service) result_.name.protocol = result_.service->protocol;
  }

  std::string textOfTarget() const {
    if (result_.address) return SocketAddress{*result_.address, result_.port}.text();
    return request_.host + ":" + std::to_string(result_.port);
  }

  const RouteTable& table_;
  const AgentSettings& agent_;
  const ExplainRequest& request_;
  CalledTarget result_;
};

bool coversTarget(const RangeRoute& range, const CalledTarget& target,
                  const ExplainRequest& request) {
  if (range.port != target.port) return false;
  if (!range.sni_hosts.empty() &&
      (request.protocol != CallProtocol::kTls || !coversServerName(range.sni_hosts, request.sni)))
    return false;
  if (range.subnet.prefix_bits == 0) return true;
  return target.address ? range.subnet.contains(*target.address)
                        : target.service && target.service == range.route;
}

}  // namespace

CalledTarget findTarget(const RouteTable& table, const AgentSettings& agent,
                        const ExplainRequest& request) {
  return TargetFinder(table, agent, request).find();
}

Listener findListener(const RouteTable& table, const CalledTarget& target,
                      const ExplainRequest& request) {
  const auto& called = target.service;
  const bool has_address = called && !called->vips.empty() && !isHidden(*called);
  const auto hosts = table.virtual_hosts.find(target.port);
  const bool by_host = hosts != table.virtual_hosts.end();
  if (has_address && !(by_host && isHttp(called->protocol)))
    return {Listener::Kind::kService, called, nullptr, {}};
  if (by_host) return {Listener::Kind::kHosts, nullptr, &hosts->second, {}};
  for (const auto& range : table.ranges)
    if (coversTarget(range, target, request))
      return {Listener::Kind::kService, range.route, nullptr,
              range.subnet.prefix_bits == 0 ? "it takes every address on its port"
                                            : "the address is in its range"};
  // A service without an address of its own is reached by those of its endpoints; its name is
  // explained all the same.
  if (called && !isHidden(*called) && called->protocol != Protocol::kTls)
    return {Listener::Kind::kService, called, nullptr, {}};
  return {};
}

bool isHidden(const ServiceRoute& route) {
  return std::ranges::any_of(route.reasons,
                             [](const auto& reason) { return reason.code == code::kNotExported; });
}

bool coversServerName(const std::vector<std::string>& patterns, std::string_view sni) {
  const auto name = toLower(sni);
  return std::ranges::any_of(patterns,
                             [&](const auto& pattern) { return hostMatches(pattern, name); });
}

}  // namespace sluice::routing
