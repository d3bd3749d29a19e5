// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace sluice::broker {

/// Which destinations of a weighted route have more connections than their share of them, of all
/// workloads of the node together. Counts in rounds: what one has counted, the next goes by.
class Surplus {
 public:
  using Shares = std::map<uint32_t, double>;  ///< by cluster; cluster 0 is nobody

  /// Of a destination's connections, those that may be moved in one round: not many clients are to
  /// connect anew at once.
  static constexpr uint64_t kMovedAtOnce = 10;  ///< one of so many, and at least one

  /// One connection of `route` goes to `cluster`.
  void count(uint32_t route, const Shares& shares, uint32_t cluster);

  /// Whether one of the cluster's connections is to move; then it is one less.
  bool take(uint32_t route, uint32_t cluster);

  /// Ends the round. Whether there is something to take in the next one. Weights are drawn: what
  /// chance does to a fair draw in 19 of 20 cases is no surplus, or connections would never rest.
  bool finishRound();

 private:
  using Counts = std::map<uint32_t, uint64_t>;  ///< by cluster
  struct Route {
    Shares shares;
    Counts connections;
  };

  static Counts surplusOf(const Route& route);

  std::map<uint32_t, Route> counted_;
  std::map<uint32_t, Counts> surplus_;  ///< by the round before
};

}  // namespace sluice::broker
