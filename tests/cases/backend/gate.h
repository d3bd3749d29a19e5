// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "userspace/base/result.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// Decides about connections of IPv4 to this network namespace before they exist: those to an
/// address without a door are refused, and so are those to closed doors.
class Gate {
 public:
  /// In force for the caller's network namespace until the object goes. Needs root.
  static Result<Gate> install();
  Gate(Gate&&) noexcept;
  Gate& operator=(Gate&&) = delete;
  ~Gate();

  /// These doors and no others, with all counts at zero and without refusals ahead.
  Result<void> setDoors(const std::set<SocketAddress>& open, const std::set<SocketAddress>& closed);

  /// Refuses the next `count` connections, to whatever door they come.
  Result<void> refuseNext(size_t count);

  /// How many connections were tried at each door since setDoors(), refused ones included.
  Result<std::map<SocketAddress, uint64_t>> attempts() const;

 private:
  struct Loaded;
  explicit Gate(std::unique_ptr<Loaded> loaded);
  Result<void> clear();
  Result<void> addDoor(const SocketAddress& address, bool closed);

  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sluice::test
