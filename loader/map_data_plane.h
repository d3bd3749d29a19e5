// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/model/data_plane.h"

namespace sluice::loader {

/// What an operator can do when the agent may not use its maps.
constexpr const char* kAgentMapsRemedy =
    "use Linux 5.19 or newer, or sysctl kernel.unprivileged_bpf_disabled=0";

/// What the kernel says of a table.
struct MapFacts {
  Table table;
  std::string_view type;  ///< "hash", "array", "per-CPU array"
  uint32_t capacity;
  uint64_t bytes;  ///< of memory that it accounts for it; 0: it does not tell
};

/// The kernel's tables by file descriptor. Needs no capability; on kernels before 5.19 it needs
/// kernel.unprivileged_bpf_disabled=0 or CAP_BPF, because bpf(2) as a whole is closed there.
class MapDataPlane final : public DataPlane {
 public:
  /// `maps`: one per line of maps/abi/tables.def, in that order. Fails with kInvalid when one
  /// has another shape than this program was compiled for.
  static Result<std::unique_ptr<MapDataPlane>> create(std::vector<Fd> maps);
  ~MapDataPlane() override;

  Result<void> write(Table table, Bytes key, Bytes value) override;
  Result<void> erase(Table table, Bytes key) override;
  Result<void> read(Table table, Bytes key, std::span<std::byte> value) override;
  Result<void> visit(Table table, const Visitor& visitor) override;
  uint32_t capacity(Table table) const override;
  std::span<std::byte> shared(Table table) override;

  /// In the order of maps/abi/tables.def.
  std::vector<MapFacts> facts() const;

 private:
  struct Map;
  explicit MapDataPlane(std::vector<Map> maps);
  Map& at(Table table);
  const Map& at(Table table) const;

  std::vector<Map> maps_;
};

}  // namespace sluice::loader
