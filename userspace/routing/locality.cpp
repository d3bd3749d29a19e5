// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/locality.h"

#include <algorithm>
#include <map>
#include <utility>

#include "userspace/balance/locality.h"
#include "userspace/routing/endpoint_shares.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using Kind = LocalityPolicy::Kind;

std::vector<std::string> preference(TrafficDistribution distribution) {
  std::vector<std::string> labels{kNetworkLabel, kRegionLabel, kZoneLabel};
  if (distribution == TrafficDistribution::kPreferSameNode)
    labels.insert(labels.end(), {kSubzoneLabel, kHostnameLabel});
  return labels;
}

LocalityPolicy policyFor(LocalityLbSetting setting) {
  const auto kind = setting.distribute.empty() ? Kind::kFailover : Kind::kDistribute;
  return {kind, std::move(setting)};
}

bool isOff(const LocalityLbSetting& setting) { return !setting.enabled.value_or(true); }

const LocalityLbSetting* writtenIn(const ClusterPolicy& policy) {
  if (!policy.load_balancer) return nullptr;
  const auto& written = policy.load_balancer->value.locality_lb_setting;
  return written ? &*written : nullptr;
}

/// "label" or "label=value" of failoverPriority.
struct PriorityLabel {
  explicit PriorityLabel(const std::string& text)
      : name(text.substr(0, text.find('='))),
        value(name.size() == text.size() ? std::nullopt
                                         : std::optional(text.substr(name.size() + 1))) {}
  std::string name;
  std::optional<std::string> value;
};

const std::string& valueIn(const Labels& labels, const std::string& name) {
  static const std::string kNone;
  const auto at = labels.find(name);
  return at == labels.end() ? kNone : at->second;
}

/// Sorts endpoints by locality and priority and gives those groups their weights.
class Placement {
 public:
  Placement(const LocalityPolicy& policy, const Labels& client_labels)
      : policy_(policy),
        labels_(client_labels),
        locality_text_(localityIn(client_labels)),
        client_(balance::Locality::parse(locality_text_)) {
    for (const auto& text : policy.setting.failover_priority) priority_labels_.emplace_back(text);
  }

  void run(const std::vector<const RegistryEndpoint*>& endpoints, Cluster& cluster) {
    for (const auto* endpoint : endpoints) sort(*endpoint);
    if (policy_.kind == Kind::kDistribute) distribute();
    numberPriorities();
    for (const auto* endpoint : endpoints) place(*endpoint, cluster);
    for (const auto& [key, group] : groups_)
      if (!group.dropped)
        cluster.groups.push_back({key.second, group.priority, group.weight, group.not_ready});
  }

 private:
  using Key = std::pair<uint32_t, std::string>;  ///< rank of the priority, locality
  struct Group {
    uint32_t priority = 0;
    uint64_t endpoint_weight = 0;
    uint32_t weight = 0;
    uint32_t not_ready = 0;
    bool dropped = false;
  };

  Key keyOf(const RegistryEndpoint& endpoint) const {
    return {rankOf(*endpoint.origin), endpoint.origin->locality};
  }

  /// Istio: localities count within what failoverPriority says, where both are given.
  uint32_t rankOf(const EndpointOrigin& origin) const {
    if (policy_.kind == Kind::kDistribute) return 0;
    const auto by_labels = labelRank(origin);
    const bool by_locality = priority_labels_.empty() || !policy_.setting.failover.empty();
    return by_labels * 5 + (by_locality ? localityRank(origin) : 0);
  }

  /// Istio, applyFailoverPriorityPerLocality: 0 when all labels agree, one more for each from the
  /// first that does not.
  uint32_t labelRank(const EndpointOrigin& origin) const {
    for (size_t i = 0; i < priority_labels_.size(); ++i) {
      const auto& label = priority_labels_[i];
      const auto& wanted = label.value ? *label.value : valueIn(labels_, label.name);
      const auto* found = origin.label(label.name);
      if (wanted != (found ? *found : ""))
        return static_cast<uint32_t>(priority_labels_.size() - i);
    }
    return 0;
  }

  /// Istio, applyLocalityFailover: 3 for the region that the client's fails over to, or for all
  /// others when none is named; 4 for the rest.
  uint32_t localityRank(const EndpointOrigin& origin) const {
    const auto endpoint = balance::Locality::parse(origin.locality);
    const uint32_t distance = balance::distance(client_, endpoint);
    if (distance < 3) return distance;
    const auto& failover = policy_.setting.failover;
    const auto own =
        std::ranges::find(failover, client_.region, &LocalityLbSetting::Failover::from);
    return own == failover.end() || own->to == endpoint.region ? 3 : 4;
  }

  void sort(const RegistryEndpoint& endpoint) {
    auto& group = groups_[keyOf(endpoint)];
    group.endpoint_weight += endpoint.weight;
    if (!endpoint.ready) ++group.not_ready;
    // Envoy draws the locality first where failover is written down, not where it comes by itself.
    const auto& setting = policy_.setting;
    if (policy_.kind == Kind::kDistribute || !setting.failover.empty() ||
        !setting.failover_priority.empty())
      group.weight = limited(group.endpoint_weight);
  }

  static uint32_t limited(uint64_t weight) {
    return static_cast<uint32_t>(std::min<uint64_t>(weight, UINT32_MAX));
  }

  /// Istio, applyLocalityWeights: the first `from` that covers the client; a share that covers
  /// several localities is divided by their endpoints' weights; localities in no share get nothing.
  void distribute() {
    const auto& entries = policy_.setting.distribute;
    const auto from = std::ranges::find_if(
        entries, [&](const auto& entry) { return balance::covers(entry.from, client_); });
    if (from == entries.end()) return;
    for (auto& [key, group] : groups_) group.dropped = true;
    for (const auto& [pattern, percent] : from->to) giveShare(pattern, percent);
  }

  void giveShare(const std::string& pattern, uint32_t percent) {
    std::vector<Group*> covered;
    uint64_t total = 0;
    for (auto& [key, group] : groups_) {
      if (!group.dropped || !balance::covers(pattern, balance::Locality::parse(key.second)))
        continue;
      covered.push_back(&group);
      total += group.endpoint_weight;
    }
    for (auto* group : covered) {
      group->dropped = false;
      group->weight = limited((group->endpoint_weight * percent + total - 1) / total);
    }
  }

  /// Priorities have no gaps.
  void numberPriorities() {
    std::map<uint32_t, uint32_t> number_of;
    for (const auto& [key, group] : groups_)
      number_of.try_emplace(key.first, static_cast<uint32_t>(number_of.size()));
    for (auto& [key, group] : groups_) group.priority = number_of.at(key.first);
  }

  void place(const RegistryEndpoint& endpoint, Cluster& cluster) const {
    const auto& group = groups_.at(keyOf(endpoint));
    if (!endpoint.ready || group.dropped) return;
    cluster.endpoints.push_back({.address = endpoint.address,
                                 .pod = endpoint.origin->pod,
                                 .weight = endpoint.weight,
                                 .priority = group.priority,
                                 .locality = endpoint.origin->locality});
  }

  const LocalityPolicy& policy_;
  const Labels& labels_;
  const std::string locality_text_;
  const balance::Locality client_;
  std::vector<PriorityLabel> priority_labels_;
  std::map<Key, Group> groups_;
};

}  // namespace

std::optional<LocalityPolicy> localityPolicy(const ClusterPolicy& policy,
                                             const RegistryService& service,
                                             const AgentSettings& agent) {
  if (const auto* own = writtenIn(policy)) {
    if (isOff(*own)) return std::nullopt;
    auto result = policyFor(*own);
    if (result.kind == Kind::kFailover && !policy.outlier_detection) return std::nullopt;
    return result;
  }
  if (service.traffic_distribution != TrafficDistribution::kAny) {
    LocalityLbSetting setting;
    setting.failover_priority = preference(service.traffic_distribution);
    return LocalityPolicy{Kind::kFailover, std::move(setting)};
  }
  const auto mesh = agent.locality_lb_setting.value_or(LocalityLbSetting{});
  if (isOff(mesh)) return std::nullopt;
  auto result = policyFor(mesh);
  if (result.kind == Kind::kFailover && !policy.outlier_detection) return std::nullopt;
  return result;
}

std::set<std::string> labelsOf(const LocalityPolicy& policy) {
  std::set<std::string> labels;
  const auto& setting = policy.setting;
  for (const auto& text : setting.failover_priority)
    if (const PriorityLabel label(text); !label.value) labels.insert(label.name);
  const bool by_locality = policy.kind == Kind::kDistribute || setting.failover_priority.empty() ||
                           !setting.failover.empty();
  if (by_locality) labels.insert({kRegionLabel, kZoneLabel, kSubzoneLabel});
  return labels;
}

void placeEndpoints(const std::vector<const RegistryEndpoint*>& endpoints,
                    const std::optional<LocalityPolicy>& policy, const Labels& client_labels,
                    Cluster& cluster) {
  if (policy) {
    Placement(*policy, client_labels).run(endpoints, cluster);
  } else {
    for (const auto* endpoint : endpoints)
      if (endpoint->ready)
        cluster.endpoints.push_back({.address = endpoint->address,
                                     .pod = endpoint->origin->pod,
                                     .weight = endpoint->weight,
                                     .locality = endpoint->origin->locality});
  }
  const auto shares = endpointShares(cluster);
  for (size_t i = 0; i < shares.size(); ++i) cluster.endpoints[i].share = shares[i];
}

}  // namespace sluice::routing
