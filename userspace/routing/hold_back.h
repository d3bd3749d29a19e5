// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::routing {

/// A resource that is in force in an older version, or whose older subsets are.
struct HeldBack {
  std::string resource;  ///< "VirtualService/shop/catalog", "DestinationRule/shop/catalog"
  std::string why;
  std::string code = {};  ///< of codes.def, when the resource has been refused; or empty
  friend auto operator<=>(const HeldBack&, const HeldBack&) = default;
};

struct Consistent {
  std::shared_ptr<const Snapshot> snapshot;  ///< `next` itself when nothing had to be held back
  std::vector<HeldBack> held;
};

/// Make before break: files and objects arrive one by one, and between a VirtualService that names
/// a new subset and the DestinationRule that defines it Istio answers 503. Where the next snapshot
/// would leave a subset undefined that has been defined until now
///
/// - a VirtualService that has changed keeps its last version, if that one has all its subsets;
/// - a DestinationRule that has gone, or has lost the subset, keeps what is still named.
///
/// What was never defined is not held back: it answers 503 as in Istio. Belongs to one thread.
class HoldBack {
 public:
  HoldBack();
  ~HoldBack();

  /// Neither may be null. `in_force`: what has come into force of what this function gave, and
  /// before that an empty Snapshot. As long as nothing is held, it costs what has changed since the
  /// last call.
  Consistent update(std::shared_ptr<const Snapshot> next,
                    const std::shared_ptr<const Snapshot>& in_force);

 private:
  void follow(const std::shared_ptr<const Snapshot>& snapshot);

  std::shared_ptr<const Snapshot> known_;
  std::unique_ptr<class SubsetDefinitions> definitions_;  ///< of `known_`
};

}  // namespace sluice::routing
