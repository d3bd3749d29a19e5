// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, VirtualService: the resource, and its rules for connections.
#include "userspace/source/istio_codecs.h"
#include "userspace/source/metadata_messages.h"

namespace sluice::source {
namespace {

using L4Destinations = ListOf<RouteDestination, As<RouteDestination, L4Destination>>;

/// protobuf: int32.
constexpr double kLargestInt32 = 2147483647;

}  // namespace

template <>
Message define<L4Destination>() {
  using M = RouteDestination;
  return MessageOf<M>("RouteDestination",
                      {
                          field<&M::destination>("destination", "Where the share goes.").required(),
                          field<&M::weight>("weight", "Share, relative to the other weights.")
                              .within(range(0, kLargestInt32)),
                      });
}

template <>
Message define<L4Match>() {
  using M = L4Match;
  return MessageOf<M>(
      "L4MatchAttributes",
      {
          field<&M::destination_subnets>("destinationSubnets", "Addresses and CIDRs called."),
          field<&M::port, UnlessZero<uint16_t>>("port", "Port of the service that was called."),
          field<&M::source_subnet>("sourceSubnet", "Without effect, as in Istio."),
          field<&M::source_labels>("sourceLabels", "Labels that the client has."),
          field<&M::gateways>("gateways", "Instead of the gateways of the VirtualService."),
          field<&M::source_namespace>("sourceNamespace", "Namespace of the client."),
      });
}

template <>
Message define<TcpRoute>() {
  using M = TcpRoute;
  return MessageOf<M>(
      "TCPRoute", {
                      field<&M::match>("match", "Conditions, any of which suffices; absent: all."),
                      field<&M::route, L4Destinations>("route", "Destinations and their shares."),
                  });
}

template <>
Message define<TlsMatch>() {
  using M = TlsMatch;
  return MessageOf<M>(
      "TLSMatchAttributes",
      {
          field<&M::sni_hosts>("sniHosts", "Server names that the client asks for.").required(),
          field<&M::destination_subnets>("destinationSubnets", "Addresses and CIDRs called."),
          field<&M::port, UnlessZero<uint16_t>>("port", "Port of the service that was called."),
          field<&M::source_labels>("sourceLabels", "Labels that the client has."),
          field<&M::gateways>("gateways", "Instead of the gateways of the VirtualService."),
          field<&M::source_namespace>("sourceNamespace", "Namespace of the client."),
      });
}

template <>
Message define<TlsRoute>() {
  using M = TlsRoute;
  return MessageOf<M>(
      "TLSRoute", {
                      field<&M::match>("match", "Conditions, any of which suffices.").required(),
                      field<&M::route, L4Destinations>("route", "Destinations and their shares."),
                  });
}

template <>
Message define<VirtualService>() {
  using M = VirtualService;
  const Fields<M> spec = {
      field<&M::hosts>("hosts", "Services that the rules are for; absent: a delegate."),
      field<&M::gateways>("gateways", "Where the rules hold.").byDefault("mesh"),
      field<&M::http>("http", "Rules for HTTP ports; the first that matches counts."),
      field<&M::tls>("tls", "Rules for TLS ports, by server name."),
      field<&M::tcp>("tcp", "Rules for other ports."),
      field<&M::export_to>("exportTo", "Namespaces that see the rules: \".\", \"*\", names.")
          .byDefault("\"*\""),
  };
  return resourceWithSpec<M>("VirtualService", MessageOf<M>("VirtualService", spec));
}

}  // namespace sluice::source
