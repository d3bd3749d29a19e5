// SPDX-License-Identifier: Apache-2.0
// networking.istio.io: VirtualService and DestinationRule.
#include <array>

#include "userspace/source/istio_codecs.h"
#include "userspace/source/messages.h"

namespace sluice::source {

template <>
struct EnumNames<LoadBalancerSettings::Simple> {
  using Simple = LoadBalancerSettings::Simple;
  static constexpr std::array<std::pair<std::string_view, Simple>, 6> kNames = {{
      {"UNSPECIFIED", Simple::kUnspecified},
      {"LEAST_REQUEST", Simple::kLeastRequest},
      {"RANDOM", Simple::kRandom},
      {"ROUND_ROBIN", Simple::kRoundRobin},
      {"PASSTHROUGH", Simple::kPassthrough},
      {"LEAST_CONN", Simple::kLeastRequest},  // the old name of LEAST_REQUEST
  }};
};

template <>
const Message& describe<HttpMatchRequest>() {
  using M = HttpMatchRequest;
  using Matches = HeaderMap<StringMatch>;
  static const Message kMessage =
      messageOf<M>("HTTPMatchRequest", {
                                           field<&M::name>("name"),
                                           field<&M::uri>("uri"),
                                           field<&M::scheme>("scheme"),
                                           field<&M::method>("method"),
                                           field<&M::authority>("authority"),
                                           field<&M::headers, Matches>("headers"),
                                           field<&M::without_headers, Matches>("withoutHeaders"),
                                           field<&M::query_params>("queryParams"),
                                           field<&M::ignore_uri_case>("ignoreUriCase"),
                                           field<&M::port>("port"),
                                           field<&M::source_labels>("sourceLabels"),
                                           field<&M::source_namespace>("sourceNamespace"),
                                           field<&M::gateways>("gateways"),
                                           later<M>("statPrefix"),
                                       });
  return kMessage;
}

template <>
const Message& describe<Destination>() {
  using M = Destination;
  static const Message kMessage =
      messageOf<M>("Destination", {
                                      field<&M::host>("host").required(),
                                      field<&M::subset>("subset"),
                                      field<&M::port, PortSelector>("port"),
                                  });
  return kMessage;
}

template <>
const Message& describe<RouteDestination>() {
  using M = RouteDestination;
  static const Message kMessage =
      messageOf<M>("HTTPRouteDestination", {
                                               field<&M::destination>("destination").required(),
                                               field<&M::weight>("weight"),
                                               later<M>("headers"),
                                           });
  return kMessage;
}

// `percent` stands before `percentage`: of both, the later one holds.

template <>
const Message& describe<Delay>() {
  using M = Delay;
  static const Message kMessage = messageOf<M>(
      "Delay", {
                   field<&M::fixed_delay>("fixedDelay").required(),
                   field<&M::percentage, WholePercent>("percent").deprecated("percentage.value"),
                   field<&M::percentage>("percentage"),
                   later<M>("exponentialDelay"),
               });
  return kMessage;
}

template <>
const Message& describe<Abort>() {
  using M = Abort;
  static const Message kMessage = messageOf<M>(
      "Abort", {
                   field<&M::http_status>("httpStatus"),
                   field<&M::percentage, WholePercent>("percent").deprecated("percentage.value"),
                   field<&M::percentage>("percentage"),
                   later<M>("grpcStatus"),
                   later<M>("http2Error"),
               });
  return kMessage;
}

template <>
const Message& describe<HttpFaultInjection>() {
  using M = HttpFaultInjection;
  static const Message kMessage = messageOf<M>("HTTPFaultInjection", {
                                                                         field<&M::delay>("delay"),
                                                                         field<&M::abort>("abort"),
                                                                     });
  return kMessage;
}

template <>
const Message& describe<HttpRoute>() {
  using M = HttpRoute;
  static const Message kMessage = messageOf<M>("HTTPRoute", {
                                                                field<&M::name>("name"),
                                                                field<&M::match>("match"),
                                                                field<&M::route>("route"),
                                                                field<&M::timeout>("timeout"),
                                                                field<&M::fault>("fault"),
                                                                later<M>("redirect"),
                                                                later<M>("directResponse"),
                                                                later<M>("delegate"),
                                                                later<M>("rewrite"),
                                                                later<M>("retries"),
                                                                later<M>("mirror"),
                                                                later<M>("mirrors"),
                                                                later<M>("mirrorPercent"),
                                                                later<M>("mirrorPercentage"),
                                                                later<M>("corsPolicy"),
                                                                later<M>("headers"),
                                                            });
  return kMessage;
}

template <>
const Message& describe<VirtualService>() {
  using M = VirtualService;
  static const Message kMessage =
      messageOf<M>("VirtualService", {
                                         ignored<M>("apiVersion"),
                                         ignored<M>("kind"),
                                         ignored<M>("status"),
                                         field<&M::metadata>("metadata").required(),
                                         group<M>("spec",
                                                  {
                                                      field<&M::hosts>("hosts"),
                                                      field<&M::gateways>("gateways"),
                                                      field<&M::http>("http"),
                                                      field<&M::export_to>("exportTo"),
                                                      later<M>("tls"),
                                                      later<M>("tcp"),
                                                  })
                                             .required(),
                                     });
  return kMessage;
}

template <>
const Message& describe<LoadBalancerSettings>() {
  using M = LoadBalancerSettings;
  static const Message kMessage =
      messageOf<M>("LoadBalancerSettings", {
                                               field<&M::simple>("simple"),
                                               later<M>("consistentHash"),
                                               later<M>("localityLbSetting"),
                                               later<M>("zoneAwareLbSetting"),
                                               later<M>("warmup"),
                                               later<M>("warmupDurationSecs"),
                                           });
  return kMessage;
}

template <>
const Message& describe<TrafficPolicy>() {
  using M = TrafficPolicy;
  static const Message kMessage =
      messageOf<M>("TrafficPolicy", {
                                        inherited<M, &M::load_balancer>("loadBalancer"),
                                        later<M>("connectionPool"),
                                        later<M>("outlierDetection"),
                                        later<M>("tls"),
                                        later<M>("portLevelSettings"),
                                        later<M>("tunnel"),
                                        later<M>("proxyProtocol"),
                                        later<M>("retryBudget"),
                                    });
  return kMessage;
}

template <>
const Message& describe<Subset>() {
  using M = Subset;
  static const Message kMessage =
      messageOf<M>("Subset", {
                                 field<&M::name>("name").required(),
                                 field<&M::labels>("labels"),
                                 field<&M::traffic_policy>("trafficPolicy"),
                             });
  return kMessage;
}

template <>
const Message& describe<DestinationRule>() {
  using M = DestinationRule;
  static const Message kMessage =
      messageOf<M>("DestinationRule", {
                                          ignored<M>("apiVersion"),
                                          ignored<M>("kind"),
                                          ignored<M>("status"),
                                          field<&M::metadata>("metadata").required(),
                                          group<M>("spec",
                                                   {
                                                       field<&M::host>("host").required(),
                                                       field<&M::subsets>("subsets"),
                                                       field<&M::traffic_policy>("trafficPolicy"),
                                                       field<&M::export_to>("exportTo"),
                                                       later<M>("workloadSelector"),
                                                   })
                                              .required(),
                                      });
  return kMessage;
}

}  // namespace sluice::source
