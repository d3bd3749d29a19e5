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
  /// What becomes of requests of HTTP/1.0: they are served, or answered with 426.
  enum class Http10 { kServe, kRefuse };
  /// What becomes of connections of the connect path whose destination has left their route: they
  /// stay, or are closed when they are idle, or at once.
  enum class Drain { kOff, kIdle, kNow };

  Metadata metadata;
  FailPolicy fail_policy = FailPolicy::kClosed;
  HttpMode http_mode = HttpMode::kService;
  Steer steer = Steer::kAll;
  Http10 http10 = Http10::kServe;
  Drain drain = Drain::kIdle;                      ///< of HTTP ports
  std::optional<uint64_t> max_request_body_bytes;  ///< of what reaches the proxy; absent: any
  /// What the proxy adds to messages beside what rules ask for; absent: what a sidecar adds with
  /// HttpMode::kIstio, else nothing.
  std::optional<bool> add_request_id, add_forwarded, add_envoy;
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

/// Which fields the proxy adds to the messages of an agent with those settings.
struct AddedHeaders {
  bool request_id = false;  ///< x-request-id, where the client sends none
  bool forwarded = false;   ///< x-forwarded-proto, likewise
  bool envoy = false;       ///< x-envoy-attempt-count and its kind

  static AddedHeaders of(const AgentSettings& agent) {
    const bool usual = agent.http_mode == AgentSettings::HttpMode::kIstio;
    return {.request_id = agent.add_request_id.value_or(usual),
            .forwarded = agent.add_forwarded.value_or(usual),
            .envoy = agent.add_envoy.value_or(usual)};
  }
  bool any() const { return request_id || forwarded || envoy; }
};

/// A client whose connections are steered: whatever runs in its cgroup.
struct Workload {
  Metadata metadata;
  std::string cgroup;             ///< path below the cgroup2 mount, "/kubepods/pod1"
  std::string network_namespace;  ///< path of the namespace's file, "/run/netns/web"
  friend bool operator==(const Workload&, const Workload&) = default;
};

}  // namespace sluice
