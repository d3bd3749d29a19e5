// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/gateway_messages.h"

#include "userspace/source/metadata_messages.h"

namespace sluice::source {

template <>
Message define<Gateway::Server>() {
  using M = Gateway::Server;
  return MessageOf<M>("Server", {field<&M::hosts>("hosts", "Hosts that the gateway serves.")});
}

template <>
Message define<Gateway>() {
  using M = Gateway;
  const Fields<M> spec = {
      field<&M::selector>("selector", "Labels of the gateway's workload."),
      field<&M::servers>("servers", "What it serves."),
  };
  return resourceWithSpec<M>("Gateway", MessageOf<M>("Gateway", spec));
}

template <>
Message define<KubernetesGateway::Listener>() {
  using M = KubernetesGateway::Listener;
  return MessageOf<M>("Listener", {field<&M::hostname>("hostname", "Host; absent: every one.")});
}

template <>
Message define<KubernetesGateway>() {
  using M = KubernetesGateway;
  const Fields<M> spec = {field<&M::listeners>("listeners", "What it serves.")};
  return resourceWithSpec<M>("Gateway", MessageOf<M>("Gateway", spec));
}

template <>
Message define<RequestAuthentication>() {
  using M = RequestAuthentication;
  const Fields<M> selector = {
      field<&M::selector>("matchLabels", "Labels of the workloads; absent: all."),
  };
  const Fields<M> spec = {group("selector", selector)};
  return resourceWithSpec<M>("RequestAuthentication", MessageOf<M>("RequestAuthentication", spec));
}

template <>
Message define<MeshConfig>() {
  using M = MeshConfig;
  const Fields<M> proxy = {
      field<&M::proxy_metadata>("proxyMetadata", "Settings of the sidecars."),
  };
  return MessageOf<M>(
      "MeshConfig",
      {
          group("defaultConfig", proxy),
          field<&M::root_namespace>("rootNamespace", "Whose rules are for the whole mesh."),
          field<&M::default_service_export_to>("defaultServiceExportTo", "Who sees services."),
          field<&M::default_virtual_service_export_to>("defaultVirtualServiceExportTo",
                                                       "Who sees VirtualServices."),
          field<&M::default_destination_rule_export_to>("defaultDestinationRuleExportTo",
                                                        "Who sees DestinationRules."),
      });
}

}  // namespace sluice::source
