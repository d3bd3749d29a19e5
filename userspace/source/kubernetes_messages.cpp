// SPDX-License-Identifier: Apache-2.0
// Kubernetes: what Sluice reads of Service, EndpointSlice, Pod and Namespace, and of the metadata
// of every resource.
#include "userspace/source/codec.h"
#include "userspace/source/messages.h"
#include "userspace/source/scalar.h"

namespace sluice::source {
namespace {

/// `targetPort`: a number or the name of a container's port.
struct NumberOrName : PlainCodec {
  static std::string type() { return "integer or string"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, std::string& out) {
    const bool scalar = node.kind == Node::Kind::kScalar;
    if (!scalar || scalarType(node) != ScalarType::kInteger) {
      return Codec<std::string>::decode(decoder, node, path, out);
    }
    out = node.text;
  }
};

/// A single value for a field whose plural is a list, such as clusterIP and clusterIPs.
struct OnlyElement : PlainCodec {
  static std::string type() { return "string"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::vector<std::string>& out) {
    out.resize(1);
    Codec<std::string>::decode(decoder, node, path, out[0]);
  }
};

/// `podIPs`: a list of `{ip: …}`.
struct PodIps {
  struct PodIp {
    std::string ip;
  };
  static std::string type() { return "list of PodIP"; }
  static const Message* message();
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::vector<std::string>& out);
};

}  // namespace

template <>
const Message& describe<PodIps::PodIp>() {
  static const Message kMessage =
      messageOf<PodIps::PodIp>("PodIP", {field<&PodIps::PodIp::ip>("ip").required()});
  return kMessage;
}

const Message* PodIps::message() { return &describe<PodIp>(); }

void PodIps::decode(Decoder& decoder, const Node& node, const FieldPath& path,
                    std::vector<std::string>& out) {
  std::vector<PodIp> ips;
  Codec<std::vector<PodIp>>::decode(decoder, node, path, ips);
  out.clear();
  for (PodIp& ip : ips) out.push_back(std::move(ip.ip));
}

template <>
const Message& describe<Metadata>() {
  using M = Metadata;
  static const Message kMessage =
      messageOf<M>("ObjectMeta", {
                                     field<&M::name>("name").required(),
                                     field<&M::namespace_>("namespace"),
                                     field<&M::labels>("labels"),
                                     field<&M::annotations>("annotations"),
                                     field<&M::creation_timestamp>("creationTimestamp"),
                                     ignored<M>("uid"),
                                     ignored<M>("resourceVersion"),
                                     ignored<M>("generation"),
                                     ignored<M>("generateName"),
                                     ignored<M>("managedFields"),
                                     ignored<M>("ownerReferences"),
                                     ignored<M>("finalizers"),
                                     ignored<M>("deletionTimestamp"),
                                     ignored<M>("deletionGracePeriodSeconds"),
                                     ignored<M>("selfLink"),
                                 });
  return kMessage;
}

template <>
const Message& describe<ServicePort>() {
  using M = ServicePort;
  static const Message kMessage =
      messageOf<M>("ServicePort", {
                                      field<&M::name>("name"),
                                      field<&M::port>("port").required(),
                                      field<&M::target_port, NumberOrName>("targetPort"),
                                      field<&M::protocol>("protocol"),
                                      field<&M::app_protocol>("appProtocol"),
                                  });
  return kMessage;
}

template <>
const Message& describe<Service>() {
  using M = Service;
  // clusterIP stands before clusterIPs, which holds it too.
  static const Message kMessage =
      messageOf<M>("Service", {
                                  field<&M::metadata>("metadata").required(),
                                  group<M>("spec",
                                           {
                                               field<&M::type>("type"),
                                               field<&M::cluster_ips, OnlyElement>("clusterIP"),
                                               field<&M::cluster_ips>("clusterIPs"),
                                               field<&M::ports>("ports"),
                                               field<&M::selector>("selector"),
                                           })
                                      .required(),
                              });
  return kMessage;
}

template <>
const Message& describe<SlicePort>() {
  using M = SlicePort;
  static const Message kMessage = messageOf<M>("EndpointPort", {
                                                                   field<&M::name>("name"),
                                                                   field<&M::port>("port"),
                                                                   field<&M::protocol>("protocol"),
                                                               });
  return kMessage;
}

template <>
const Message& describe<SliceEndpoint>() {
  using M = SliceEndpoint;
  static const Message kMessage =
      messageOf<M>("Endpoint", {
                                   field<&M::addresses>("addresses").required(),
                                   group<M>("conditions",
                                            {
                                                field<&M::ready>("ready"),
                                                field<&M::terminating>("terminating"),
                                            }),
                                   group<M>("targetRef",
                                            {
                                                field<&M::target_kind>("kind"),
                                                field<&M::target_name>("name"),
                                                field<&M::target_namespace>("namespace"),
                                            }),
                                   field<&M::node_name>("nodeName"),
                                   field<&M::zone>("zone"),
                               });
  return kMessage;
}

template <>
const Message& describe<EndpointSlice>() {
  using M = EndpointSlice;
  static const Message kMessage =
      messageOf<M>("EndpointSlice", {
                                        field<&M::metadata>("metadata").required(),
                                        field<&M::address_type>("addressType").required(),
                                        field<&M::ports>("ports"),
                                        field<&M::endpoints>("endpoints"),
                                    });
  return kMessage;
}

template <>
const Message& describe<Pod>() {
  using M = Pod;
  static const Message kMessage =
      messageOf<M>("Pod", {
                              field<&M::metadata>("metadata").required(),
                              group<M>("spec", {field<&M::node_name>("nodeName")}),
                              group<M>("status",
                                       {
                                           field<&M::phase>("phase"),
                                           field<&M::pod_ips, OnlyElement>("podIP"),
                                           field<&M::pod_ips, PodIps>("podIPs"),
                                       }),
                          });
  return kMessage;
}

template <>
const Message& describe<Namespace>() {
  static const Message kMessage =
      messageOf<Namespace>("Namespace", {field<&Namespace::metadata>("metadata").required()});
  return kMessage;
}

}  // namespace sluice::source
