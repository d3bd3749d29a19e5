// SPDX-License-Identifier: Apache-2.0
// Kubernetes: Service, EndpointSlice and Endpoints, as far as Sluice reads them.
#include "userspace/source/kubernetes_codecs.h"
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

template <>
Message define<ServicePort>() {
  using M = ServicePort;
  return MessageOf<M>(
      "ServicePort",
      {
          field<&M::name>("name", "Name; up to the first dash it may say the protocol."),
          field<&M::port>("port", "Port that clients call.").required(),
          field<&M::target_port, NumberOrName>("targetPort", "Port of the pods, or its name.")
              .byDefault("port"),
          field<&M::protocol>("protocol", "TCP, UDP or SCTP.").byDefault("TCP"),
          field<&M::app_protocol>("appProtocol", "Protocol; instead of what the name says."),
      });
}

template <>
Message define<Service>() {
  using M = Service;
  const Fields<M> client_ip = {
      field<&M::session_affinity_timeout_seconds>("timeoutSeconds", "How long a client stays.")
          .byDefault("10800"),
  };
  // clusterIP stands before clusterIPs, which holds it too.
  const Fields<M> spec = {
      field<&M::type>("type", "ClusterIP, NodePort, LoadBalancer or ExternalName.")
          .byDefault("ClusterIP"),
      field<&M::cluster_ips, OnlyElement>("clusterIP", "Address that clients call.").alias(),
      field<&M::cluster_ips>("clusterIPs", "One of each family; None: headless."),
      field<&M::ports>("ports", "Ports that clients call."),
      field<&M::selector>("selector", "Labels of the pods that serve."),
      field<&M::external_name>("externalName", "Host that an ExternalName stands for."),
      field<&M::session_affinity>("sessionAffinity", "ClientIP: a client stays with its pod.")
          .byDefault("None"),
      group("sessionAffinityConfig", Fields<M>{group("clientIP", client_ip)}),
      field<&M::internal_traffic_policy>("internalTrafficPolicy", "Local: only pods of this node.")
          .byDefault("Cluster"),
      field<&M::traffic_distribution>("trafficDistribution",
                                      "PreferSameZone, PreferSameNode or PreferClose."),
      field<&M::publish_not_ready_addresses>("publishNotReadyAddresses",
                                             "Whether pods serve before they are ready."),
  };
  return resourceWithSpec<M>("Service", MessageOf<M>("Service", spec));
}

template <>
Message define<SlicePort>() {
  using M = SlicePort;
  return MessageOf<M>("EndpointPort",
                      {
                          field<&M::name>("name", "Name of the service's port."),
                          field<&M::port>("port", "Port of the endpoints; absent: any."),
                          field<&M::protocol>("protocol", "TCP, UDP or SCTP.").byDefault("TCP"),
                          field<&M::app_protocol>("appProtocol", "Protocol of the port."),
                      });
}

namespace {

/// Which object an endpoint stands for.
template <typename M>
FieldOf<M> targetRef() {
  return group("targetRef", Fields<M>{
                                field<&M::target_kind>("kind", "Pod, for labels."),
                                field<&M::target_name>("name", "Name of the pod."),
                                field<&M::target_namespace>("namespace", "Its namespace."),
                            });
}

}  // namespace

template <>
Message define<SliceEndpoint>() {
  using M = SliceEndpoint;
  const Fields<M> conditions = {
      field<&M::ready>("ready", "Whether it takes connections.").byDefault("true"),
      field<&M::serving>("serving", "Whether it answers, also while it ends."),
      field<&M::terminating>("terminating", "Whether it ends."),
  };
  return MessageOf<M>("Endpoint",
                      {
                          field<&M::addresses>("addresses", "Its addresses.").required(),
                          group("conditions", conditions),
                          targetRef<M>(),
                          field<&M::node_name>("nodeName", "Node that it runs on."),
                          field<&M::zone>("zone", "Zone of that node."),
                      });
}

template <>
Message define<EndpointSlice>() {
  using M = EndpointSlice;
  return resourceMessage<M>(
      "EndpointSlice",
      {
          field<&M::address_type>("addressType", "IPv4 or IPv6; FQDN is not used.").required(),
          field<&M::ports>("ports", "Ports of the endpoints."),
          field<&M::endpoints>("endpoints", "Who serves."),
      });
}

template <>
Message define<Endpoints::Address>() {
  using M = Endpoints::Address;
  return MessageOf<M>("EndpointAddress",
                      {
                          field<&M::ip>("ip", "Its address.").required(),
                          targetRef<M>(),
                          field<&M::node_name>("nodeName", "Node that it runs on."),
                      });
}

template <>
Message define<Endpoints::EndpointSubset>() {
  using M = Endpoints::EndpointSubset;
  return MessageOf<M>("EndpointSubset",
                      {
                          field<&M::addresses>("addresses", "Who takes connections."),
                          field<&M::not_ready_addresses>("notReadyAddresses", "Who does not yet."),
                          field<&M::ports>("ports", "Ports of both."),
                      });
}

template <>
Message define<Endpoints>() {
  using M = Endpoints;
  return resourceMessage<M>(
      "Endpoints", {field<&M::subsets>("subsets", "Who serves, where there is no EndpointSlice.")});
}

}  // namespace sluice::source
