// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/routing/hosts_by_ending.h"

namespace sluice::routing {

/// What the rules of a VirtualService cost.
struct RuleWeight {
  uint64_t per_port = 0;    ///< each port of each service: connection rules, destinations
  uint64_t per_number = 0;  ///< each number that those ports have: http rules, which services share
};

/// What VirtualServices and the ports of services multiply to, kept in step with both. An estimate
/// from above that needs no look at what is multiplied: a change costs its own hosts and ports.
class RuleLoad {
 public:
  /// Ports of a service of `host`, perhaps a wildcard. Numbers may come several times.
  void addPorts(const std::string& host, const std::vector<uint16_t>& ports);
  void removePorts(const std::string& host, const std::vector<uint16_t>& ports);

  /// Rules for `host`, perhaps a wildcard.
  void addRules(const std::string& host, const RuleWeight& weight);
  void removeRules(const std::string& host, const RuleWeight& weight);

  /// Rules times ports, of all together.
  uint64_t total() const { return total_; }

 private:
  using Ports = std::map<uint16_t, uint64_t>;  ///< number -> of how many

  /// What is said of one host, and the services that it concerns.
  struct Target {
    uint64_t ports = 0;
    Ports numbers;
    RuleWeight weight;
    uint64_t users = 0;
    uint64_t product() const {
      return ports * weight.per_port + numbers.size() * weight.per_number;
    }
  };
  using Change = std::function<void(Target&, bool is_covered)>;

  void changePorts(const std::string& host, const Change& change);
  void change(Target& target, const std::function<void(Target&)>& edit);
  Target& targetOf(const std::string& host);
  void survey(const std::string& host, Target& target) const;

  uint64_t total_ = 0;
  std::unordered_map<std::string, Ports> services_;  ///< by host
  HostsByEnding service_hosts_;
  std::unordered_map<std::string, Target> targets_;  ///< by host
  HostsByEnding target_hosts_;
};

}  // namespace sluice::routing
