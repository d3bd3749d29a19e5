// SPDX-License-Identifier: Apache-2.0
// sluice.io: Agent and Workload.
#include <array>

#include "userspace/source/istio_codecs.h"
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

template <>
struct EnumNames<AgentSettings::FailPolicy> {
  using FailPolicy = AgentSettings::FailPolicy;
  static constexpr std::array<std::pair<std::string_view, FailPolicy>, 2> kNames = {{
      {"closed", FailPolicy::kClosed},
      {"open", FailPolicy::kOpen},
  }};
};

template <>
struct EnumNames<AgentSettings::HttpMode> {
  using HttpMode = AgentSettings::HttpMode;
  static constexpr std::array<std::pair<std::string_view, HttpMode>, 2> kNames = {{
      {"service", HttpMode::kService},
      {"istio", HttpMode::kIstio},
  }};
};

template <>
struct EnumNames<AgentSettings::Steer> {
  using Steer = AgentSettings::Steer;
  static constexpr std::array<std::pair<std::string_view, Steer>, 2> kNames = {{
      {"all", Steer::kAll},
      {"ruled", Steer::kRuled},
  }};
};

template <>
struct EnumNames<AgentSettings::Http10> {
  using Http10 = AgentSettings::Http10;
  static constexpr std::array<std::pair<std::string_view, Http10>, 2> kNames = {{
      {"serve", Http10::kServe},
      {"refuse", Http10::kRefuse},
  }};
};

template <>
struct EnumNames<AgentSettings::Drain> {
  using Drain = AgentSettings::Drain;
  static constexpr std::array<std::pair<std::string_view, Drain>, 3> kNames = {{
      {"off", Drain::kOff},
      {"idle", Drain::kIdle},
      {"now", Drain::kNow},
  }};
};

namespace {

/// Named as in Istio's MeshConfig, so that a mesh's settings can be taken over.
MessageOf<AgentSettings> meshSettings() {
  using M = AgentSettings;
  const Fields<M> outbound = {
      field<&M::outbound_traffic_policy>("mode", "ALLOW_ANY or REGISTRY_ONLY.")
          .byDefault("ALLOW_ANY"),
  };
  return MessageOf<M>(
      "Mesh",
      {
          group("outboundTrafficPolicy", outbound),
          field<&M::default_service_export_to>("defaultServiceExportTo",
                                               "Who sees a service that does not say it.")
              .byDefault("\"*\""),
          field<&M::default_virtual_service_export_to>(
              "defaultVirtualServiceExportTo", "Who sees a VirtualService that does not say it.")
              .byDefault("\"*\""),
          field<&M::default_destination_rule_export_to>(
              "defaultDestinationRuleExportTo", "Who sees a DestinationRule that does not say it.")
              .byDefault("\"*\""),
          field<&M::default_http_retry_policy>("defaultHttpRetryPolicy",
                                               "Retries of rules that do not say it.")
              .byDefault("2 attempts"),
          field<&M::locality_lb_setting>("localityLbSetting",
                                         "Localities, where no DestinationRule says it."),
          field<&M::default_traffic_policy>("defaultTrafficPolicy",
                                            "Blocks that no DestinationRule sets."),
      });
}

/// Named for what they add; Istio: ProxyConfig.proxyHeaders.
Fields<AgentSettings> addedHeaders() {
  using M = AgentSettings;
  constexpr const char* kAbsent = "whether httpMode is istio";
  return {
      field<&M::add_request_id>("requestId",
                                "Adds x-request-id to requests without one, and logs it.")
          .byDefault(kAbsent),
      field<&M::add_forwarded>("forwarded", "Adds x-forwarded-proto to requests without one.")
          .byDefault(kAbsent),
      field<&M::add_envoy>("envoy",
                           "Adds x-envoy-attempt-count and, where there is a timeout, "
                           "x-envoy-expected-rq-timeout-ms to requests, and "
                           "x-envoy-upstream-service-time to responses.")
          .byDefault(kAbsent),
  };
}

}  // namespace

template <>
Message define<AgentSettings>() {
  using M = AgentSettings;
  const Fields<M> spec = {
      field<&M::fail_policy>("failPolicy",
                             "What becomes of connections while the agent is away: closed "
                             "refuses them, open sends them to any endpoint, except where a "
                             "destination asks for TLS.")
          .byDefault("closed"),
      field<&M::http_mode>("httpMode",
                           "Which service an HTTP request means: the address that was called "
                           "(service), or the Host header, as with sidecars (istio).")
          .byDefault("service"),
      field<&M::steer>("steer", "Which services are steered: all, or those that a rule names.")
          .byDefault("all"),
      field<&M::drain>("drain",
                       "What becomes of connections of the connect path to HTTP ports whose "
                       "destination has left their route: off leaves them, idle closes them when "
                       "they are idle, now at once.")
          .byDefault("idle"),
      field<&M::cluster_domain>("clusterDomain", "End of the full names of services.")
          .byDefault("cluster.local"),
      field<&M::root_namespace>("rootNamespace", "Namespace whose rules are for everyone.")
          .byDefault("istio-system"),
      field<&M::node_name>("nodeName", "Name of this node, for localities."),
      field<&M::http10>("http10",
                        "Requests of HTTP/1.0 that reach the proxy: served, or refused with 426.")
          .byDefault("serve"),
      field<&M::max_request_body_bytes>("maxRequestBodyBytes",
                                        "Requests that reach the proxy with a larger body are "
                                        "refused with 413.")
          .byDefault("no limit"),
      group("headers", addedHeaders(),
            "Header fields that the proxy adds beside what rules ask for. HTTP ports then take "
            "the proxy."),
      group("mesh", meshSettings(), "Settings of the mesh, named as in Istio's MeshConfig."),
  };
  return resourceMessage<M>("Agent", {group("spec", spec)});
}

template <>
Message define<Workload>() {
  using M = Workload;
  const Fields<M> spec = {
      field<&M::cgroup>("cgroup", "Its cgroup, as a path below the cgroup2 mount.").required(),
      field<&M::network_namespace>("networkNamespace", "File of its network namespace.").required(),
  };
  return resourceWithSpec<M>("Workload", MessageOf<M>("Workload", spec));
}

}  // namespace sluice::source
