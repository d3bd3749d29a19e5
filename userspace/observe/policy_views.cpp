// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/policy_views.h"

#include "userspace/balance/maglev.h"
#include "userspace/balance/warmup.h"
#include "userspace/observe/resource_views.h"
#include "userspace/source/description.h"
#include "userspace/source/encoder.h"
#include "userspace/source/messages.h"

namespace sluice::observe {
namespace {

/// As the API writes it, without what is default.
template <typename T>
Json written(const T& message) {
  return jsonOf(*source::encodeMessage(source::describe<T>(), &message));
}

/// The same with one field that is always said.
template <typename T>
Json writtenWith(const char* field, const T& message) {
  auto view = written(message);
  view[field] = jsonOf(*source::describe<T>().find(field)->encode(&message, true));
  return view;
}

/// Of the client's address there is no table; a ring is served by one.
ConsistentHash carriedOut(ConsistentHash hash) {
  if (!hash.maglev) hash.maglev.emplace();
  if (!hash.maglev->table_size) hash.maglev->table_size = balance::MaglevTable::kDefaultSize;
  if (hash.use_source_ip.value_or(false)) hash.maglev.reset();
  hash.ring_hash.reset();
  hash.minimum_ring_size.reset();
  return hash;
}

LoadBalancerSettings carriedOut(LoadBalancerSettings balancer) {
  using Simple = LoadBalancerSettings::Simple;
  if (balancer.consistent_hash)
    balancer.consistent_hash = carriedOut(*balancer.consistent_hash);
  else if (balancer.simple.value_or(Simple::kUnspecified) == Simple::kUnspecified)
    balancer.simple = Simple::kLeastRequest;
  if (const auto warmup = balance::WarmupSettings::of(balancer))
    balancer.warmup = Warmup{warmup->duration, warmup->minimum_percent, warmup->aggression};
  balancer.warmup_duration_secs.reset();
  return balancer;
}

OutlierDetection carriedOut(OutlierDetection outlier) {
  outlier.consecutive_errors.reset();
  return outlier;
}

template <typename T, typename View>
void addBlock(Json& policy, const char* name, const std::optional<routing::Sourced<T>>& block,
              const View& view) {
  if (!block) return;
  Json json = view(block->value);
  json["from"] = block->from;
  policy[name] = std::move(json);
}

}  // namespace

Json clusterPolicyView(const routing::ClusterPolicy& policy) {
  const auto as_written = [](const auto& block) { return written(block); };
  const auto as_carried_out = [](const auto& block) { return written(carriedOut(block)); };
  Json view = Json::object();
  addBlock(view, "loadBalancer", policy.load_balancer, as_carried_out);
  addBlock(view, "connectionPool", policy.connection_pool, as_written);
  addBlock(view, "outlierDetection", policy.outlier_detection, as_carried_out);
  addBlock(view, "tls", policy.tls, [](const auto& tls) { return writtenWith("mode", tls); });
  addBlock(view, "tunnel", policy.tunnel, as_written);
  addBlock(view, "proxyProtocol", policy.proxy_protocol,
           [](const auto& settings) { return writtenWith("version", settings); });
  addBlock(view, "retryBudget", policy.retry_budget, as_written);
  return view;
}

Json retryView(const HttpRetry& retry) { return writtenWith("attempts", retry); }

Json corsView(const CorsPolicy& cors) {
  CorsPolicy newer = cors;
  newer.allow_origins.clear();
  for (auto& text : newer.allow_origin)
    newer.allow_origins.push_back({StringMatch::Kind::kExact, std::move(text)});
  newer.allow_origin.clear();
  newer.allow_origins.insert(newer.allow_origins.end(), cors.allow_origins.begin(),
                             cors.allow_origins.end());
  return written(newer);
}

Json headersView(const Headers& headers) { return written(headers); }

}  // namespace sluice::observe
