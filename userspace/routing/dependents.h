// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "userspace/routing/lookups.h"

namespace sluice::routing {

/// What is compiled in one go, for all classes of clients.
struct Unit {
  enum class Kind : uint8_t {
    kService,         ///< all ports of a host
    kVirtualService,  ///< what one makes of the hosts that are no services
    /// Rules of the RuleBook: compiled with the units that have asked for them, and when something
    /// changes that they have asked for, those are.
    kRules,
  };
  Kind kind = Kind::kService;
  std::string name;  ///< the host; "shop/catalog"; as in Reads::rules
  friend auto operator<=>(const Unit&, const Unit&) = default;
};

/// Knows who has asked for what, and so whom a change concerns.
class Dependents {
 public:
  using Units = std::set<Unit>;

  /// The unit has been made anew, and has asked for all this. Rules after the units that have
  /// asked for them: they are forgotten with the last of these.
  void set(const Unit& unit, Reads reads);
  /// It has asked for more.
  void add(const Unit& unit, const Reads& more);
  /// There is no such unit any more.
  void forget(const Unit& unit);

  /// All that have asked for something that has changed, and those that are named by it, whether
  /// there has been such a unit or not. `hosts`: the services that there are now.
  Units of(const CatalogChanges& changes, const HostsByEnding& hosts) const;

 private:
  using Index = std::unordered_map<std::string, Units>;

  void link(const Unit& unit, const Reads& reads);
  void unlink(const Unit& unit, const Reads& reads);
  Reads take(const Unit& unit);
  void forgetUnread(const std::set<std::string>& rules);

  /// Without what has the unit's own name, on which it always depends; units that have asked for
  /// nothing else are not here.
  std::map<Unit, Reads> reads_;
  Index hosts_, named_, services_, patterns_, overlapped_, rules_;
};

}  // namespace sluice::routing
