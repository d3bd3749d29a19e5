// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, DestinationRule: how an endpoint is chosen.
#include <array>

#include "userspace/source/istio_codecs.h"

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
Message define<HttpCookie::Attribute>() {
  using M = HttpCookie::Attribute;
  return MessageOf<M>("HTTPCookie.Attribute",
                      {
                          field<&M::name>("name", "Name, such as SameSite.").required(),
                          field<&M::value>("value", "Value; absent: the name alone."),
                      });
}

template <>
Message define<HttpCookie>() {
  using M = HttpCookie;
  return MessageOf<M>(
      "HTTPCookie",
      {
          field<&M::name>("name", "Name of the cookie.").required(),
          field<&M::path>("path", "Path of a cookie that Sluice makes."),
          field<&M::ttl>("ttl",
                         "Life of a cookie that Sluice makes; 0s: the session. Absent: a "
                         "request without the cookie goes anywhere."),
          field<&M::attributes>("attributes", "Attributes of a cookie that Sluice makes."),
      });
}

template <>
Message define<ConsistentHash::RingHash>() {
  using M = ConsistentHash::RingHash;
  return MessageOf<M>(
      "RingHash",
      {field<&M::minimum_ring_size>("minimumRingSize", "Entries of the ring.").byDefault("1024")});
}

template <>
Message define<ConsistentHash::Maglev>() {
  using M = ConsistentHash::Maglev;
  return MessageOf<M>(
      "MagLev",
      {field<&M::table_size>("tableSize", "Entries; a prime number.").byDefault("65537")});
}

template <>
Message define<ConsistentHash>() {
  using M = ConsistentHash;
  return MessageOf<M>("ConsistentHashLB",
                      {
                          field<&M::http_header_name>("httpHeaderName", "Hash of this header."),
                          field<&M::http_cookie>("httpCookie", "Hash of this cookie."),
                          field<&M::use_source_ip>("useSourceIp", "Hash of the client's address."),
                          field<&M::http_query_parameter_name>("httpQueryParameterName",
                                                               "Hash of this query parameter."),
                          field<&M::ring_hash>("ringHash", "Ring hash; used when neither is set."),
                          field<&M::maglev>("maglev", "Maglev's table."),
                          field<&M::minimum_ring_size>("minimumRingSize", "Entries of the ring.")
                              .deprecated("ringHash.minimumRingSize"),
                      })
      .oneOf({"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"})
      .oneOf({"ringHash", "maglev"});
}

template <>
Message define<LocalityLbSetting::Distribute>() {
  using M = LocalityLbSetting::Distribute;
  return MessageOf<M>(
      "LocalityLoadBalancerSetting.Distribute",
      {
          field<&M::from>("from", "Locality of the client: region/zone/subzone, * at the end."),
          field<&M::to>("to", "Percent for each locality; 100 together."),
      });
}

template <>
Message define<LocalityLbSetting::Failover>() {
  using M = LocalityLbSetting::Failover;
  return MessageOf<M>("LocalityLoadBalancerSetting.Failover",
                      {
                          field<&M::from>("from", "Region of the client."),
                          field<&M::to>("to", "Region to use when that one is unhealthy."),
                      });
}

template <>
Message define<LocalityLbSetting>() {
  using M = LocalityLbSetting;
  return MessageOf<M>(
      "LocalityLoadBalancerSetting",
      {
          field<&M::distribute>("distribute", "Fixed shares by locality."),
          field<&M::failover>("failover", "Which region follows which; needs outlierDetection."),
          field<&M::failover_priority>("failoverPriority",
                                       "Labels in order: the more agree, the sooner it is used."),
          field<&M::enabled>("enabled", "Whether localities count.").byDefault("the mesh's"),
      });
}

template <>
Message define<ZoneAwareLbSetting>() {
  using M = ZoneAwareLbSetting;
  return MessageOf<M>(
      "ZoneAwareLoadBalancerSetting",
      {
          field<&M::enabled>("enabled", "Whether the own zone is preferred."),
          field<&M::failover>("failover", "Which region follows which."),
          field<&M::failover_priority>("failoverPriority",
                                       "Labels in order: the more agree, the sooner it is used."),
          field<&M::min_cluster_size>("minClusterSize", "Endpoints from which on zones count.")
              .within(range(1, 4294967295))
              .byDefault("6"),
      });
}

template <>
Message define<Warmup>() {
  using M = Warmup;
  return MessageOf<M>(
      "WarmupConfiguration",
      {
          field<&M::duration>("duration", "How long a new endpoint gets less.")
              .required()
              .within(atLeastOneMillisecond()),
          field<&M::minimum_percent>("minimumPercent", "Share of its weight at the start.")
              .within(range(0, 100))
              .byDefault("10"),
          field<&M::aggression>("aggression", "How the share grows; 1: evenly.")
              .within(atLeast(0))
              .byDefault("1"),
      });
}

template <>
Message define<LoadBalancerSettings>() {
  using M = LoadBalancerSettings;
  return MessageOf<M>(
             "LoadBalancerSettings",
             {
                 field<&M::simple>("simple",
                                   "How an endpoint is chosen; LEAST_CONN is the old "
                                   "name of LEAST_REQUEST.")
                     .byDefault("LEAST_REQUEST"),
                 field<&M::consistent_hash>("consistentHash", "Equal requests to one endpoint."),
                 field<&M::locality_lb_setting>("localityLbSetting",
                                                "Localities; replaces the mesh's whole."),
                 field<&M::zone_aware_lb_setting>("zoneAwareLbSetting", "The own zone first."),
                 field<&M::warmup>("warmup", "New endpoints get less for a while."),
                 field<&M::warmup_duration_secs>("warmupDurationSecs", "How long.")
                     .within(atLeastOneMillisecond())
                     .deprecated("warmup.duration"),
             })
      .oneOf({"simple", "consistentHash"});
}

}  // namespace sluice::source
