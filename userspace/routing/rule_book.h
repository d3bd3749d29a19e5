// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/shared.h"
#include "userspace/routing/client.h"
#include "userspace/routing/reads.h"
#include "userspace/routing/route_table.h"
#include "userspace/routing/traits.h"

namespace sluice::routing {

/// The http rules of one VirtualService as one client meets them on one port.
struct HttpRules {
  Shared<std::vector<Rule>> rules;  ///< empty: the VirtualService does not act there at all
  Shared<std::vector<SkippedRule>> skipped;
};

/// Has the rules of a VirtualService compiled once for all hosts that it names: those of a wildcard
/// may be for thousands of services. Rules that come out as they were stay the object that they
/// were.
class RuleBook {
 public:
  struct Key {
    std::string virtual_service;  ///< "shop/catalog"
    uint16_t port = 0;            ///< that was called
    Client client;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    std::string name;  ///< for Reads::rules; of no other rules, ever
    HttpRules rules;
    JointTraits traits;  ///< of what they have asked for
  };
  using Compile = std::function<HttpRules(Reads&, JointTraits&)>;

  /// What `compile` makes, or has made since the last startUpdate(). Valid until then.
  const Entry& find(const Key& key, const Compile& compile);

  /// Everything that rules have looked up may be other now; the VirtualServices `changed` are.
  void startUpdate(const std::set<std::string>& changed);

  /// What the rules that were made since the last call have asked for, by name.
  std::map<std::string, Reads> takeReads() { return std::exchange(reads_, {}); }

 private:
  struct Made : Entry {
    uint64_t update = 0;
  };

  uint64_t update_ = 1;
  uint64_t names_ = 0;
  std::map<Key, Made> made_;
  std::map<std::string, Reads> reads_;
};

}  // namespace sluice::routing
