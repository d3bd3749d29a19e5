// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/validate_traffic_policy.h"

#include "userspace/source/validate_common.h"

namespace sluice::source {
namespace {

bool hasBlocks(const PolicyBlocks& blocks) {
  return blocks.load_balancer || blocks.connection_pool || blocks.outlier_detection || blocks.tls;
}

bool isEmpty(const TrafficPolicy& policy) {
  return !hasBlocks(policy) && policy.port_level_settings.empty() && !policy.tunnel &&
         !policy.proxy_protocol && !policy.retry_budget;
}

/// Istio: validatePortTrafficPolicies.
void checkPortPolicy(const PortTrafficPolicy& policy, std::string_view own_namespace,
                     const FieldPath& path, Findings& findings) {
  if (policy.port) {
    checkPort(*policy.port, path / "port" / "number", findings);
  } else {
    findings.invalid(path / "port", "says not which port it is for", "add port: {number: …}");
  }
  if (!hasBlocks(policy)) {
    findings.invalid(path, "must set at least one policy", "remove it, or set loadBalancer");
  }
  checkPolicyBlocks(policy, PolicyPlace::kPort, own_namespace, path, findings);
}

/// Istio: validateTunnelSettings.
void checkTunnel(const TunnelSettings& tunnel, const FieldPath& path, Findings& findings) {
  if (!tunnel.protocol.empty() && tunnel.protocol != "CONNECT" && tunnel.protocol != "POST") {
    findings.invalid(path / "protocol", "must be CONNECT or POST");
  }
  if (checkAddress(tunnel.target_host)) {
    reportInvalid(findings, path / "targetHost", tunnel.target_host, checkFqdn(tunnel.target_host),
                  hint::kHost);
  }
  checkPort(tunnel.target_port.value_or(0), path / "targetPort", findings);
}

}  // namespace

void checkPolicyBlocks(const PolicyBlocks& blocks, PolicyPlace place,
                       std::string_view own_namespace, const FieldPath& path, Findings& findings) {
  if (blocks.outlier_detection) {
    checkOutlierDetection(*blocks.outlier_detection, place, path / "outlierDetection", findings);
  }
  if (blocks.connection_pool) {
    checkConnectionPool(*blocks.connection_pool, path / "connectionPool", findings);
  }
  if (blocks.load_balancer) {
    checkLoadBalancer(*blocks.load_balancer, place, blocks.outlier_detection.has_value(),
                      path / "loadBalancer", findings);
  }
  if (blocks.tls) checkTls(*blocks.tls, own_namespace, path / "tls", findings);
}

void checkTrafficPolicy(const TrafficPolicy& policy, PolicyPlace place,
                        std::string_view own_namespace, const FieldPath& path, Findings& findings) {
  if (isEmpty(policy)) {
    return findings.invalid(path, "must set at least one policy", "remove it, or set loadBalancer");
  }
  if (policy.tunnel && policy.proxy_protocol) {
    findings.invalid(path, "tunnel and proxyProtocol exclude each other", "remove one of them");
  }
  checkPolicyBlocks(policy, place, own_namespace, path, findings);
  const FieldPath ports = path / "portLevelSettings";
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i) {
    checkPortPolicy(policy.port_level_settings[i], own_namespace, ports[i], findings);
  }
  if (policy.tunnel) checkTunnel(*policy.tunnel, path / "tunnel", findings);
}

}  // namespace sluice::source
