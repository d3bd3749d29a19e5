// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/http_rules.h"

#include <algorithm>

namespace sluice::routing {
namespace {

/// Which part of a match does not hold for a client and a port, whatever the request; null when
/// all hold. Istio, sourceMatchHTTP: where a match names gateways, the client is not looked at.
const char* staticMismatch(const HttpMatchRequest& match, const Client& client, uint16_t port) {
  if (match.port && *match.port != port) return "port";
  if (!match.gateways.empty()) return namesMesh(match.gateways) ? nullptr : "gateways";
  if (!match.source_namespace.empty() && match.source_namespace != client.namespace_)
    return "sourceNamespace";
  return client.has(match.source_labels) ? nullptr : "sourceLabels";
}

RequestMatch requestPart(const HttpMatchRequest& match) {
  return {match.name,           match.uri,     match.scheme,          match.method,
          match.authority,      match.headers, match.without_headers, match.query_params,
          match.ignore_uri_case};
}

/// A fault that would hit no request is none, so that it does not cost the route its path. An
/// abort that says nothing about the answer is accepted by Istio, and injects nothing.
Rare<HttpFaultInjection> effectiveFault(const Rare<HttpFaultInjection>& fault) {
  if (!fault) return fault;
  HttpFaultInjection effective = *fault;
  const auto& [delay, abort] = effective;
  if (delay && (delay->percentage.millionths == 0 || delay->fixed_delay.count() <= 0))
    effective.delay.reset();
  if (abort &&
      (abort->percentage.millionths == 0 || (!abort->http_status && abort->grpc_status.empty())))
    effective.abort.reset();
  if (effective == *fault) return fault;
  if (!effective.delay && !effective.abort) return std::nullopt;
  return effective;
}

constexpr Percent kEveryRequest{1'000'000};

/// Istio, MirrorPercent: the newer field wins, then the deprecated one; neither means all.
Percent mirrorShare(const HttpRoute& route) {
  if (route.mirror_percentage) return *route.mirror_percentage;
  if (route.mirror_percent) return {*route.mirror_percent * 10'000};
  return kEveryRequest;
}

/// What a rule does to a path depends on which of its matches held.
bool dependsOnTheMatch(const Rule& rule) {
  return (rule.rewrite && !rule.rewrite->uri.empty()) ||
         (rule.redirect && rule.redirect->prefix_rewrite);
}

/// An exact path and a regular expression are rewritten whole, a prefix and no path as far as they
/// go; "/" is what no path counts as, and an empty prefix is shorter.
bool isPlainCatchAll(const RequestMatch& match) {
  const bool counts_as_slash =
      !match.uri || (match.uri->kind == StringMatch::Kind::kPrefix && match.uri->value == "/");
  return match.matchesEverything() && counts_as_slash;
}

class HttpCompiler {
 public:
  HttpCompiler(const MeshVirtualService& service, uint16_t port, const Client& client,
               const Destinations& destinations, PortDefault port_default)
      : service_(service),
        port_(port),
        client_(client),
        destinations_(destinations),
        port_default_(port_default) {}

  HttpRules compile() && {
    skipped_ = service_.dropped;
    bool closed = false;
    for (const auto& source : service_.http) {
      if (closed)
        skip(source, "after a rule that matches everything");
      else
        closed = addRule(source);
    }
    return {Shared(std::move(rules_)), Shared(std::move(skipped_))};
  }

 private:
  /// True when no later rule can be reached.
  bool addRule(const HttpRuleSource& source) {
    Rule rule;
    bool everything = false;
    if (!compileMatches(source, rule.matches, everything)) return false;
    fillActions(source, rule);
    if (everything) dropNeedlessMatches(rule);
    rules_.push_back(std::move(rule));
    return everything;
  }

  void skip(const HttpRuleSource& source, std::string why) {
    skipped_.push_back({source.index, source.route->name, std::move(why), source.delegate});
  }

  /// False when no match of the rule can hold. Istio stops at the first that always holds.
  bool compileMatches(const HttpRuleSource& source, std::vector<RequestMatch>& matches,
                      bool& everything) {
    everything = source.route->match.empty();
    const char* mismatch = nullptr;
    for (const auto& match : source.route->match) {
      if (const char* part = staticMismatch(match, client_, port_)) {
        if (!mismatch) mismatch = part;
        continue;
      }
      matches.push_back(requestPart(match));
      everything = matches.back().matchesEverything();
      if (everything) break;
    }
    if (matches.empty() && mismatch) skip(source, mismatch);
    return !matches.empty() || everything;
  }

  /// Which match held is of no interest when one of them always does, unless the path is changed.
  static void dropNeedlessMatches(Rule& rule) {
    const bool first_decides = !rule.matches.empty() && isPlainCatchAll(rule.matches.front());
    if (first_decides || !dependsOnTheMatch(rule)) rule.matches.clear();
  }

  void fillActions(const HttpRuleSource& source, Rule& rule) const {
    const auto& http = *source.route;
    rule.index = source.index;
    rule.name = http.name;
    rule.delegate = source.delegate;
    rule.inherited = source.inherited;
    rule.redirect = http.redirect;
    rule.direct_response = http.direct_response;
    rule.headers = http.headers;
    if (rule.redirect || rule.direct_response) return;  // the others are about forwarding
    rule.rewrite = http.rewrite;
    rule.timeout = http.timeout;
    rule.retries = http.retries;
    rule.fault = effectiveFault(http.fault);
    rule.cors = http.cors_policy;
    rule.several = http.route.size() > 1;
    rule.destinations = destinations_.weighted(http.route, namespaceOf(source), port_default_);
    rule.mirrors = mirrorsOf(source);
  }

  std::vector<Mirror> mirrorsOf(const HttpRuleSource& source) const {
    const auto& http = *source.route;
    std::vector<Mirror> mirrors;
    const auto add = [&](const Destination& to, Percent share) {
      if (share.millionths > 0)
        mirrors.push_back({destinations_.find(to, namespaceOf(source), port_default_), share});
    };
    if (http.mirror) add(*http.mirror, mirrorShare(http));
    for (const auto& mirror : http.mirrors)
      if (mirror.destination) add(*mirror.destination, mirror.percentage.value_or(kEveryRequest));
    return mirrors;
  }

  /// A delegate's destinations are named from its own namespace.
  std::string namespaceOf(const HttpRuleSource& source) const {
    if (source.delegate.empty()) return service_.resource->metadata.namespace_;
    return source.delegate.substr(0, source.delegate.find('/'));
  }

  const MeshVirtualService& service_;
  uint16_t port_;
  const Client& client_;
  const Destinations& destinations_;
  PortDefault port_default_;
  std::vector<Rule> rules_;
  std::vector<SkippedRule> skipped_;
};

}  // namespace

bool namesMesh(const std::vector<std::string>& gateways) {
  return std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

HttpRules compileHttpRules(const MeshVirtualService& service, uint16_t port, const Client& client,
                           const Destinations& destinations, PortDefault port_default) {
  return HttpCompiler(service, port, client, destinations, port_default).compile();
}

}  // namespace sluice::routing
