// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "userspace/balance/priorities.h"

namespace sluice::balance {
namespace {

/// Divisible by every number up to 16 and fits 32 bits, so that usual ratios come out exact.
constexpr double kLargestShare = 3'603'600'000.0;

/// Whole numbers in the ratio of `parts`; whatever is not 0 stays so.
std::vector<uint32_t> wholeNumbers(const std::vector<double>& parts) {
  const double largest = parts.empty() ? 0 : *std::ranges::max_element(parts);
  std::vector<uint32_t> whole(parts.size(), 0);
  if (largest <= 0) return whole;
  uint32_t divisor = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] <= 0) continue;
    const double scaled = std::round(parts[i] / largest * kLargestShare);
    whole[i] = std::max(1U, static_cast<uint32_t>(scaled));
    divisor = std::gcd(divisor, whole[i]);
  }
  for (auto& number : whole) number /= divisor;
  return whole;
}

class Division {
 public:
  Division(std::span<const Member> members, std::span<const Group> groups)
      : members_(members), groups_(groups), health_(groups.size()), weights_(groups.size(), 0) {
    for (size_t i = 0; i < groups.size(); ++i) health_[i].total = groups[i].others;
    for (const auto& member : members) count(member);
    sumPriorities();
  }

  std::vector<uint32_t> shares() const {
    std::vector<double> parts;
    for (const auto& member : members_)
      parts.push_back(member.healthy ? member.weight * perWeight(member.group) : 0);
    return wholeNumbers(parts);
  }

 private:
  struct Priority {
    Health health;
    double localities = 0;  ///< sum of the localities' effective weights
    double endpoints = 0;   ///< sum of the healthy endpoints' weights
    double load = 0;
  };

  void count(const Member& member) {
    ++health_[member.group].total;
    if (!member.healthy) return;
    ++health_[member.group].healthy;
    weights_[member.group] += member.weight;
  }

  double localityWeight(size_t group) const {
    return groups_[group].weight * health_[group].availability();
  }

  void sumPriorities() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      if (priorities_.size() <= groups_[i].priority) priorities_.resize(groups_[i].priority + 1);
      auto& priority = priorities_[groups_[i].priority];
      priority.health.healthy += health_[i].healthy;
      priority.health.total += health_[i].total;
      priority.localities += localityWeight(i);
      priority.endpoints += weights_[i];
    }
    std::vector<Health> health;
    health.reserve(priorities_.size());
    for (const auto& priority : priorities_) health.push_back(priority.health);
    const auto loads = priorityLoads(health);
    for (size_t i = 0; i < loads.size(); ++i) priorities_[i].load = loads[i];
  }

  /// What one unit of weight of an endpoint of `group` gets.
  double perWeight(uint32_t group) const {
    const auto& priority = priorities_[groups_[group].priority];
    if (priority.localities > 0)
      return priority.load * localityWeight(group) / priority.localities / weights_[group];
    return priority.load / priority.endpoints;
  }

  std::span<const Member> members_;
  std::span<const Group> groups_;
  std::vector<Health> health_;   ///< by group
  std::vector<double> weights_;  ///< of the healthy endpoints, by group
  std::vector<Priority> priorities_;
};

}  // namespace

std::vector<uint32_t> shares(std::span<const Member> members, std::span<const Group> groups) {
  return Division(members, groups).shares();
}

}  // namespace sluice::balance
