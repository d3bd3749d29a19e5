// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/policy_reasons.h"

#include <algorithm>

#include "userspace/model/codes.h"
#include "userspace/routing/health.h"
#include "userspace/routing/policy.h"
#include "userspace/routing/protocol.h"

namespace sluice::routing {
namespace {

/// Limits that a connect() cannot keep. How a connection is made is left to the client's socket.
bool limits(const ConnectionPoolSettings& pool, bool http) {
  const auto& tcp = pool.tcp;
  if (tcp && (tcp->max_connections > 0 || tcp->max_connection_duration)) return true;
  return http ? pool.http.has_value() : tcp && tcp->idle_timeout && tcp->idle_timeout->count() > 0;
}

class PolicyReasons {
 public:
  PolicyReasons(Protocol protocol, std::vector<Reason>& reasons)
      : http_(isHttp(protocol)),
        answers_(http_ || protocol == Protocol::kUnknown),
        reasons_(reasons) {}

  void add(const WeightedCluster& destination) {
    const auto& policy = *destination.cluster->settings;
    if (encryption(policy) != nullptr)
      say(code::kClientTls, policy.tls->from, "the proxy speaks TLS with the destination");
    if (policy.tunnel) say(code::kTunnel, policy.tunnel->from, "the proxy opens the tunnel");
    if (policy.proxy_protocol)
      say(code::kTunnel, policy.proxy_protocol->from,
          "the proxy sends the PROXY protocol's header");
    addAboutUse(policy);
    if (const auto* key = destination.hashKey(); http_ && key && hashesTheRequest(*key))
      say(code::kHashKey, policy.load_balancer->from, "the proxy takes the hash from the request");
  }

 private:
  void addAboutUse(const ClusterPolicy& policy) {
    if (policy.connection_pool && limits(policy.connection_pool->value, http_))
      say(code::kConnectionPool, policy.connection_pool->from,
          "the proxy keeps the limits of the connection pool");
    // Connections that cannot be made are seen on the connect path, too.
    if (policy.outlier_detection && answers_)
      say(code::kOutlierDetection, policy.outlier_detection->from,
          "the proxy watches the answers for outliers");
  }

  void say(const char* code, const std::string& field, const char* text) {
    const bool said = std::ranges::any_of(
        reasons_, [&](const auto& r) { return r.code == code && r.field == field; });
    if (!said) reasons_.push_back({code, field, text});
  }

  bool http_;
  bool answers_;  ///< there may be some that tell of an outlier
  std::vector<Reason>& reasons_;
};

}  // namespace

void addPolicyReasons(const ServiceRoute& route, std::vector<Reason>& reasons) {
  PolicyReasons found(route.protocol, reasons);
  const auto add_all = [&](const std::vector<WeightedCluster>& destinations) {
    for (const auto& destination : destinations)
      if (destination.cluster) found.add(destination);
  };
  for (const auto& rule : *route.rules) add_all(rule.destinations);
  for (const auto& rule : route.l4_rules) add_all(rule.destinations);
}

bool encrypts(const ClientTlsSettings& tls) {
  using Mode = ClientTlsSettings::Mode;
  return tls.mode == Mode::kSimple || tls.mode == Mode::kMutual;
}

const ClientTlsSettings* encryption(const ClusterPolicy& policy) {
  return policy.tls && encrypts(policy.tls->value) ? &policy.tls->value : nullptr;
}

const char* whyNothingIsSent(const ClusterPolicy& policy) {
  const auto* tls = encryption(policy);
  if (tls != nullptr && !tls->credential_name.empty())
    return "it asks for TLS by a Secret of Kubernetes (credentialName)";
  if (policy.tunnel) return "it asks for a tunnel";
  if (policy.proxy_protocol) return "it asks for the PROXY protocol";
  return nullptr;
}

bool takesBareBytes(const ServiceRoute& route) {
  return std::ranges::all_of(clustersOf(route), [](const Cluster* cluster) {
    const auto& policy = *cluster->settings;
    return encryption(policy) == nullptr && whyNothingIsSent(policy) == nullptr;
  });
}

}  // namespace sluice::routing
