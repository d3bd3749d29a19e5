// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/l4_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "userspace/routing/http_rules.h"

namespace sluice::routing {
namespace {

/// L4Match and TlsMatch have these fields in common. Unlike in http rules all of them count, even
/// beside gateways.
template <typename Match>
const char* staticMismatch(const Match& match, const Client& client, uint16_t port) {
  if (!match.gateways.empty() && !namesMesh(match.gateways)) return "gateways";
  if (!client.has(match.source_labels)) return "sourceLabels";
  if (match.port && *match.port != port) return "port";
  if (!match.source_namespace.empty() && match.source_namespace != client.namespace_)
    return "sourceNamespace";
  return nullptr;
}

std::vector<Subnet> parsed(const std::vector<std::string>& texts) {
  std::vector<Subnet> subnets;
  for (const auto& text : texts)
    if (auto subnet = Subnet::parse(text); subnet.ok()) subnets.push_back(*subnet);
  return subnets;
}

uint8_t prefixBits(const L4Rule& rule) {
  return rule.subnets.empty() ? uint8_t{0} : rule.subnets.front().prefix_bits;
}

std::string nameOf(const L4Rule& rule) {
  return rule.sni_hosts.empty() ? std::string() : rule.sni_hosts.front();
}

/// The longer range first, then the more specific server name, then the order of the list.
bool decidesBefore(const L4Rule& a, const L4Rule& b) {
  if (prefixBits(a) != prefixBits(b)) return prefixBits(a) > prefixBits(b);
  return nameOf(a) != nameOf(b) && moreSpecific(nameOf(a), nameOf(b));
}

const char* listName(L4Rule::Kind kind) { return kind == L4Rule::Kind::kTcp ? "tcp" : "tls"; }

/// Rules as they are collected, and what was passed over.
class Collector {
 public:
  Collector(L4Rule::Kind kind, const CalledPort& port, const Client& client,
            const Destinations& destinations)
      : kind_(kind), port_(port), client_(client), destinations_(destinations) {}

  template <typename Match>
  const char* mismatch(const Match& match) const {
    return staticMismatch(match, client_, port_.number);
  }

  void skip(int index, std::string why) {
    result_.skipped.push_back({index, {}, std::move(why), {}, listName(kind_)});
  }

  /// One rule for each length of range, so that the longer can come first. Istio: connection rules
  /// take the only port of a service that lacks the called one.
  void add(const MeshVirtualService& service, int index, const std::vector<RouteDestination>& route,
           const std::vector<std::string>& sni_hosts, const std::vector<Subnet>& subnets) {
    L4Rule rule;
    rule.kind = kind_;
    rule.index = index;
    rule.sni_hosts = sni_hosts;
    rule.virtual_service = service.resource->metadata.key();
    rule.destinations = destinations_.weighted(route, service.resource->metadata.namespace_,
                                               PortDefault::kCalledOrOnly);
    std::map<uint8_t, std::vector<Subnet>> by_length;
    for (const auto& subnet : subnets) by_length[subnet.prefix_bits].push_back(subnet);
    if (subnets.empty()) result_.rules.push_back(rule);
    for (auto& [length, list] : by_length) {
      rule.subnets = std::move(list);
      result_.rules.push_back(rule);
    }
  }

  L4Rules finish() && {
    std::stable_sort(result_.rules.begin(), result_.rules.end(), decidesBefore);
    if (!port_.vips.empty()) decideRanges();
    return std::move(result_);
  }

 private:
  /// The service's addresses are known: a range holds all of them, none, or (of one family) some.
  /// A tls rule stays even so: what no rule names goes past the service where there is one.
  void decideRanges() {
    std::vector<L4Rule> usable;
    bool closed = false;
    for (auto& rule : result_.rules) {
      const auto inside = vipsInside(rule);
      if (closed || (inside == 0 && kind_ == L4Rule::Kind::kTcp)) {
        skip(rule.index, closed ? "another rule's range is more specific" : "destinationSubnets");
        continue;
      }
      if (inside == port_.vips.size()) rule.subnets.clear();
      closed = kind_ == L4Rule::Kind::kTcp && rule.subnets.empty();
      usable.push_back(std::move(rule));
    }
    result_.rules = std::move(usable);
  }

  size_t vipsInside(const L4Rule& rule) const {
    if (rule.subnets.empty()) return port_.vips.size();
    return static_cast<size_t>(
        std::count_if(port_.vips.begin(), port_.vips.end(), [&](const auto& vip) {
          return std::any_of(rule.subnets.begin(), rule.subnets.end(),
                             [&](const auto& subnet) { return subnet.contains(vip); });
        }));
  }

  L4Rule::Kind kind_;
  const CalledPort& port_;
  const Client& client_;
  const Destinations& destinations_;
  L4Rules result_;
};

/// Adds one rule of spec.tcp; true when it takes every connection that is left.
bool addTcpRule(const MeshVirtualService& service, int index, const TcpRoute& tcp,
                Collector& collector) {
  std::vector<Subnet> subnets;
  bool terminal = tcp.match.empty();
  const char* mismatch = nullptr;
  for (const auto& match : tcp.match) {
    if (const char* part = collector.mismatch(match)) {
      if (!mismatch) mismatch = part;
      continue;
    }
    terminal = terminal || match.destination_subnets.empty();
    for (const auto& subnet : parsed(match.destination_subnets)) subnets.push_back(subnet);
  }
  if (terminal) subnets.clear();
  if (terminal || !subnets.empty())
    collector.add(service, index, tcp.route, {}, subnets);
  else
    collector.skip(index, mismatch ? mismatch : "destinationSubnets");
  return terminal;
}

std::string runtimeKey(const TlsMatch& match) {
  std::string key;
  for (const auto& host : match.sni_hosts) key += host + ",";
  key += "|";
  for (const auto& subnet : match.destination_subnets) key += subnet + ",";
  return key;
}

/// Istio: of matches that differ only in what was decided already, the first counts.
void addTlsRule(const MeshVirtualService& service, int index, const TlsRoute& tls,
                std::set<std::string>& handled, Collector& collector) {
  const char* mismatch = nullptr;
  bool used = false;
  for (const auto& match : tls.match) {
    const char* part = collector.mismatch(match);
    if (!part && !handled.insert(runtimeKey(match)).second) part = "an earlier rule names the same";
    if (part) {
      if (!mismatch) mismatch = part;
      continue;
    }
    used = true;
    for (const auto& host : match.sni_hosts)
      collector.add(service, index, tls.route, {toLower(host)}, parsed(match.destination_subnets));
  }
  if (!used && mismatch) collector.skip(index, mismatch);
}

}  // namespace

L4Rules compileTcpRules(const std::vector<Candidate>& services, const CalledPort& port,
                        const Client& client, const Destinations& destinations) {
  Collector collector(L4Rule::Kind::kTcp, port, client, destinations);
  bool closed = false;
  for (const auto& candidate : services) {
    const auto& list = candidate.service->resource->tcp;
    for (size_t i = 0; i < list.size(); ++i) {
      const auto index = static_cast<int>(i);
      if (closed)
        collector.skip(index, "after a rule that takes every connection");
      else
        closed = addTcpRule(*candidate.service, index, list[i], collector);
    }
  }
  return std::move(collector).finish();
}

L4Rules compileTlsRules(const std::vector<Candidate>& services, const CalledPort& port,
                        const Client& client, const Destinations& destinations) {
  Collector collector(L4Rule::Kind::kTls, port, client, destinations);
  std::set<std::string> handled;
  for (const auto& candidate : services) {
    const auto& list = candidate.service->resource->tls;
    for (size_t i = 0; i < list.size(); ++i)
      addTlsRule(*candidate.service, static_cast<int>(i), list[i], handled, collector);
  }
  return std::move(collector).finish();
}

}  // namespace sluice::routing
