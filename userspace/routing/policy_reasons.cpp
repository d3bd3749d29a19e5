// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/policy_reasons.h"

#include <algorithm>

#include "userspace/model/codes.h"
#include "userspace/routing/protocol.h"

namespace sluice::routing {
namespace {

/// Limits that a connect() cannot keep. Time limits of connecting are left to the socket.
bool limitsRequests(const ConnectionPoolSettings& pool) {
  return pool.http.has_value() || (pool.tcp && pool.tcp->max_connections > 0);
}

bool hashesTheRequest(const LoadBalancerSettings& balancer) {
  const auto& hash = balancer.consistent_hash;
  return hash && (!hash->http_header_name.empty() || hash->http_cookie ||
                  !hash->http_query_parameter_name.empty());
}

bool originatesTls(const ClientTlsSettings& tls) {
  return tls.mode == ClientTlsSettings::Mode::kSimple ||
         tls.mode == ClientTlsSettings::Mode::kMutual;
}

class PolicyReasons {
 public:
  PolicyReasons(bool http, std::vector<Reason>& reasons) : http_(http), reasons_(reasons) {}

  void add(const ClusterPolicy& policy) {
    if (policy.tls && originatesTls(policy.tls->value))
      say(code::kClientTls, policy.tls->from, "the proxy speaks TLS with the destination");
    if (policy.tunnel) say(code::kTunnel, policy.tunnel->from, "the proxy opens the tunnel");
    if (policy.proxy_protocol)
      say(code::kTunnel, policy.proxy_protocol->from,
          "the proxy sends the PROXY protocol's header");
    if (http_) addAboutRequests(policy);
  }

 private:
  void addAboutRequests(const ClusterPolicy& policy) {
    if (policy.connection_pool && limitsRequests(policy.connection_pool->value))
      say(code::kConnectionPool, policy.connection_pool->from,
          "the proxy keeps the limits of the connection pool");
    if (policy.outlier_detection)
      say(code::kOutlierDetection, policy.outlier_detection->from,
          "the proxy watches the answers for outliers");
    if (policy.load_balancer && hashesTheRequest(policy.load_balancer->value))
      say(code::kHashKey, policy.load_balancer->from, "the proxy takes the hash from the request");
  }

  void say(const char* code, const std::string& field, const char* text) {
    const bool said = std::ranges::any_of(
        reasons_, [&](const auto& r) { return r.code == code && r.field == field; });
    if (!said) reasons_.push_back({code, field, text});
  }

  bool http_;
  std::vector<Reason>& reasons_;
};

}  // namespace

void addPolicyReasons(const ServiceRoute& route, std::vector<Reason>& reasons) {
  PolicyReasons found(isHttp(route.protocol), reasons);
  const auto add_all = [&](const std::vector<WeightedCluster>& destinations) {
    for (const auto& destination : destinations)
      if (destination.cluster) found.add(*destination.cluster->settings);
  };
  for (const auto& rule : route.rules) add_all(rule.destinations);
  for (const auto& rule : route.l4_rules) add_all(rule.destinations);
}

const char* whyNothingIsSent(const ClusterPolicy& policy) {
  if (policy.tls && originatesTls(policy.tls->value)) return "it asks for TLS";
  if (policy.tunnel) return "it asks for a tunnel";
  if (policy.proxy_protocol) return "it asks for the PROXY protocol";
  return nullptr;
}

}  // namespace sluice::routing
