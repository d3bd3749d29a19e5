// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/base/clock.h"
#include "userspace/base/result.h"

namespace sluice::steering {

/// Numbers of services, bindings, clusters, endpoints and routes, by name. The book itself is in
/// memory; the `names` table has a copy, from which it is recovered, so that counters keep their
/// names when the agent is replaced. A number is given to another name only after free().
class IdBook {
 public:
  static constexpr size_t kKinds = NAME_ROUTE;
  /// Largest id of each kind, by `kind - 1`.
  using Limits = std::array<uint32_t, kKinds>;

  struct Entry {
    uint64_t hash = 0;                      ///< of the whole name
    uint64_t generation = 0;                ///< counts all that were ever given
    std::string text;                       ///< as much of the name as the table stores
    std::optional<TimePoint> retired = {};  ///< since when nothing uses it
    TimePoint named = {};                   ///< when it got the name; recovered: long ago
    name value() const;
  };
  using Entries = std::map<uint32_t, Entry>;

  /// `names`: how many ids there may be of all kinds together.
  IdBook(const Limits& limits, uint32_t names) : limits_(limits), names_(names) {}

  /// The id that stands for `full_name` now; 0 when there is none.
  uint32_t find(name_kind kind, std::string_view full_name) const;
  const Entries& entries(name_kind kind) const { return shelf(kind).entries; }
  /// Of all kinds together.
  uint32_t used() const { return used_; }

  /// The id of `full_name`: as before, out of retirement, or new.
  /// kExhausted: every id of the kind is in use or in its grace period.
  Result<uint32_t> acquire(name_kind kind, std::string_view full_name);

  /// A new id for `full_name`, for another version of the same thing. The old one stays until it
  /// is retired and freed.
  Result<uint32_t> renew(name_kind kind, std::string_view full_name);

  /// A state to return to: everything that acquire() and renew() did after it is undone.
  size_t mark() const { return undo_.size(); }
  void rollback(size_t mark);

  /// Ids that the `names` table does not have yet. Forgotten, together with all marks, by
  /// settled().
  std::vector<name_key> unwritten() const;
  /// Every id that acquire() has taken out of retirement, and every new one, since settled().
  std::vector<name_key> acquired() const;
  void settled(TimePoint now);

  /// Nothing uses the id from `now` on; it may have been retired before.
  void retire(name_kind kind, uint32_t id, TimePoint now);
  std::vector<uint32_t> retiredBefore(name_kind kind, TimePoint then) const;
  void free(name_kind kind, uint32_t id);

  /// Takes over an element of the `names` table. Of two with one name the younger stands for it.
  void recover(const name_key& key, const name& value);

 private:
  struct Shelf {
    Entries entries;
    std::unordered_multimap<uint64_t, uint32_t> current;  ///< by hash
    std::set<uint32_t> freed;
    uint32_t next = 1;
  };
  struct Undo {
    name_kind kind;
    uint32_t id;
    std::optional<Entry> before;  ///< absent: the id was new
    uint32_t previous_current;
  };

  static Entry entryOf(std::string_view full_name);
  Shelf& shelf(name_kind kind) { return shelves_[kind - 1]; }
  const Shelf& shelf(name_kind kind) const { return shelves_[kind - 1]; }
  static uint32_t currentOf(const Shelf& shelf, const Entry& entry);
  static void setCurrent(Shelf& shelf, const Entry& entry, uint32_t id);
  Result<uint32_t> takeId(name_kind kind);
  void undo(const Undo& step);

  Limits limits_;
  uint32_t names_;
  uint32_t used_ = 0;
  uint64_t generation_ = 0;  ///< of the youngest name
  std::array<Shelf, kKinds> shelves_;
  std::vector<Undo> undo_;
};

}  // namespace sluice::steering
