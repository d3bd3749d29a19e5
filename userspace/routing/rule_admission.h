// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "userspace/routing/hold_back.h"
#include "userspace/routing/rule_load.h"
#include "userspace/routing/traits.h"

namespace sluice::routing {

/// Admits VirtualServices, DestinationRules, Services, ServiceEntries and Workloads as long as
/// rules times the ports that they are for (RuleLoad) are no more than `limit`. A rule that tells
/// clients apart counts as often as the workloads may see it differently. Of those that are new or
/// have changed, the smaller come first, then the older.
class RuleAdmission {
 public:
  explicit RuleAdmission(uint64_t limit) : limit_(limit) {}

  /// As Admission::update().
  Consistent update(std::shared_ptr<const Snapshot> next);

 private:
  /// A VirtualService of the mesh that has hosts, and what is charged for it.
  struct Root {
    std::shared_ptr<const VirtualService> resource;
    RuleWeight weight = {};
  };
  class OneByOne;

  bool fits() const { return load_.total() <= limit_; }
  void put(const std::shared_ptr<const VirtualService>& service);
  void put(const std::shared_ptr<const Service>& service);
  void put(const std::shared_ptr<const ServiceEntry>& entry);
  void put(const std::shared_ptr<const DestinationRule>& rule);
  void put(const std::shared_ptr<const Workload>& workload);
  void take(const std::shared_ptr<const VirtualService>& service);
  void take(const std::shared_ptr<const Service>& service);
  void take(const std::shared_ptr<const ServiceEntry>& entry);
  void take(const std::shared_ptr<const DestinationRule>& rule);
  void take(const std::shared_ptr<const Workload>& workload);

  void countClients(uint64_t workloads);
  void charge(Root& root);
  void discharge(const Root& root);
  void chargeAgain(const std::string& delegate);
  RuleWeight weightOf(const VirtualService& root) const;
  RuleWeight weightOfSelectors() const;
  Traits traitsOf(const VirtualService& root) const;
  uint64_t sizeOf(const VirtualService& service) const;
  std::string fullHostOf(const std::string& host, const Metadata& rule) const;

  uint64_t limit_;
  AgentSettings agent_;
  RuleLoad load_;
  uint64_t workloads_ = 0;
  uint64_t clients_ = 1;  ///< that there may be: a power of two, so that it seldom changes
  std::map<std::string, Root> roots_;
  std::map<std::string, uint64_t> selecting_;  ///< host -> DestinationRules with a workloadSelector
  std::map<std::string, std::shared_ptr<const VirtualService>> delegates_;
  std::map<std::string, std::set<std::string>> delegators_;  ///< delegate -> roots that ask for it
  std::shared_ptr<const Snapshot> last_ = std::make_shared<const Snapshot>();  ///< admitted
};

}  // namespace sluice::routing
