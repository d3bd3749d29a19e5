// SPDX-License-Identifier: Apache-2.0
// Kubernetes: Pod, Node, Namespace and Deployment, as far as Sluice reads them.
#include "userspace/source/kubernetes_codecs.h"
#include "userspace/source/metadata_messages.h"

namespace sluice::source {

template <>
Message define<ContainerPort>() {
  using M = ContainerPort;
  return MessageOf<M>("ContainerPort",
                      {
                          field<&M::name>("name", "Name that a targetPort may use."),
                          field<&M::container_port>("containerPort", "The port.").required(),
                          field<&M::protocol>("protocol", "TCP, UDP or SCTP.").byDefault("TCP"),
                      });
}

template <>
Message define<Container>() {
  using M = Container;
  return MessageOf<M>("Container", {
                                       field<&M::name>("name", "Name of the container."),
                                       field<&M::ports>("ports", "Ports that it listens on."),
                                   });
}

template <>
Message define<Pod>() {
  using M = Pod;
  const Fields<M> spec = {
      field<&M::node_name>("nodeName", "Node that it runs on."),
      field<&M::host_network>("hostNetwork", "Whether it uses the node's network."),
      field<&M::containers>("containers", "What runs in it."),
  };
  const Fields<M> status = {
      field<&M::phase>("phase", "Pending, Running, Succeeded, Failed or Unknown."),
      field<&M::pod_ips, OnlyElement>("podIP", "Its address.").alias(),
      field<&M::pod_ips, PodIps>("podIPs", "Its addresses, one of each family."),
  };
  return resourceMessage<M>("Pod", {group("spec", spec), group("status", status)});
}

template <>
Message define<Node>() {
  return resourceMessage<Node>("Node", {});
}

template <>
Message define<Namespace>() {
  return resourceMessage<Namespace>("Namespace", {});
}

template <>
Message define<Deployment>() {
  using M = Deployment;
  const Fields<M> pod_metadata = {
      field<&M::pod_labels>("labels", "Labels of its pods."),
      field<&M::pod_annotations>("annotations", "Annotations of its pods."),
  };
  const Fields<M> pod_spec = {field<&M::containers>("containers", "What runs in its pods.")};
  const Fields<M> pod = {group("metadata", pod_metadata), group("spec", pod_spec)};
  return resourceMessage<M>("Deployment", {group("spec", Fields<M>{group("template", pod)})});
}

}  // namespace sluice::source
