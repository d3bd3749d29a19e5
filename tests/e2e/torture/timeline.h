// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/torture/world.h"

namespace sluice::test::torture {

/// CLOCK_MONOTONIC, in nanoseconds: the same in every process.
uint64_t nowNs();

/// From the first instruction that may have an effect to the last: what is seen between may be so
/// or otherwise.
struct Span {
  uint64_t from = 0, to = 0;  ///< ns
};

/// What the whole test has in common, in memory that the director shares with its clients: which
/// configuration was in force when, and when sluiced or its agent were dead. One writer, the
/// director; any number of readers.
class Timeline {
 public:
  enum class Death : uint8_t {
    kAgent,   ///< its successor comes by itself
    kSluiced  ///< broker and agent
  };

  /// Removed from memory with the last process that has it.
  static std::unique_ptr<Timeline, void (*)(Timeline*)> make();

  /// `world` is on its way until changed() says that it is in force.
  void change(const World& world);
  void changed();

  /// Somebody is about to be killed; then is certainly dead; then all answer again.
  void kill(Death death);
  void dead();
  void revived();

  /// Another sluiced is about to be started that takes this one's place; then has it, or has died
  /// without. No rule changes in between.
  void handOver();
  void handedOver();
  void notHandedOver();

  /// Calls `each` with every configuration that may have been in force at some time of `span`.
  template <typename Each>
  void forWorlds(const Span& span, Each each) const {
    for (uint32_t i = changes_.load(); i-- > 0;) {
      const bool begun = change_[i].begun <= span.to;
      if (begun) each(change_[i].world);
      // What is older was out of force before the span began.
      if (begun && change_[i].done != 0 && change_[i].done < span.from) return;
    }
  }

  /// The handovers at which the agent may have gone that has a proxied connection, which was opened
  /// within `opened`; it keeps the rules of that time. Two where it was opened during the first:
  /// the one that came has it then, perhaps.
  std::vector<Span> handovers(const Span& opened) const;

  /// Whether a proxied connection that was opened not before `span` began may have broken by its
  /// end.
  bool excusesBreak(const Span& span) const;
  /// Whether the proxy may not have been there at some time of `span`.
  bool excusesRefusal(const Span& span) const;

  /// The last events before `now`, one a line.
  std::string story(uint64_t now) const;

  // Word between the processes.
  std::atomic<bool> stop = false;    ///< the clients shall come to an end
  std::atomic<bool> failed = false;  ///< one of them has seen what must not be

 private:
  struct Change {
    std::atomic<uint64_t> begun, done;
    World world;
  };
  struct Outage {
    std::atomic<uint64_t> begun, dead, done;
    Death death;
  };
  struct Handover {
    std::atomic<uint64_t> begun, done;
  };
  static constexpr uint32_t kMostChanges = 1 << 18, kMostOutages = 1 << 14;

  Timeline() = default;

  std::atomic<uint32_t> changes_ = 0, outages_ = 0, handovers_ = 0;
  Change change_[kMostChanges];
  Outage outage_[kMostOutages];
  Handover handover_[kMostOutages];
};

}  // namespace sluice::test::torture
