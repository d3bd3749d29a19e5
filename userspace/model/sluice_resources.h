// SPDX-License-Identifier: Apache-2.0
// sluice.io: settings of an agent, and enrolment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/model/http_route.h"
#include "userspace/model/service_entry.h"
#include "userspace/model/traffic_policy.h"

namespace sluice {

/// Settings of this node's agent. At most one resource; its name does not matter.
struct AgentSettings {
  enum class FailPolicy { kClosed, kOpen };
  /// Which service a request of a declared HTTP port means: the one whose address was called, or
  /// the one that the Host header names, as with sidecars.
  enum class HttpMode { kService, kIstio };
  /// Which services are steered: all, or those that a rule names.
  enum class Steer { kAll, kRuled };

  Metadata metadata;
  FailPolicy fail_policy = FailPolicy::kClosed;
  HttpMode http_mode = HttpMode::kService;
  Steer steer = Steer::kAll;
  std::string cluster_domain = "cluster.local";
  std::string root_namespace = "istio-system";
  std::string node_name;  ///< of this node, for locality and internalTrafficPolicy; may be empty

  // Istio's mesh-wide settings, under their names in MeshConfig.
  Sidecar::OutboundMode outbound_traffic_policy = Sidecar::OutboundMode::kAllowAny;
  std::vector<std::string> default_service_export_to, default_virtual_service_export_to,
      default_destination_rule_export_to;  ///< empty: everyone
  std::optional<HttpRetry> default_http_retry_policy;
  std::optional<LocalityLbSetting> locality_lb_setting;
  std::optional<PolicyBlocks> default_traffic_policy;
  friend bool operator==(const AgentSettings&, const AgentSettings&) = default;
};

/// A client whose connections are steered: whatever runs in its cgroup.
struct Workload {
  Metadata metadata;
  std::string cgroup;             ///< path below the cgroup2 mount, "/kubepods/pod1"
  std::string network_namespace;  ///< path of the namespace's file, "/run/netns/web"
  friend bool operator==(const Workload&, const Workload&) = default;
};

}  // namespace sluice
