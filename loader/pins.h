// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/model/ids.h"
#include "userspace/model/schema.h"

namespace sluice::loader {

/// Where things are pinned:
///
///   <root>/workload                         the frozen cgroup storage, for every schema
///   <root>/conn_store                       the frozen storage of sockets, for every schema
///   <root>/origdst                          the frozen table of original destinations, the same
///   <root>/<schema>/<map>
///   <root>/<schema>/links/<workload>/<hook>
class PinPaths {
 public:
  explicit PinPaths(std::filesystem::path root, uint32_t schema = kSchema)
      : root_(std::move(root)), schema_(schema) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path workloadMap() const { return root_ / "workload"; }
  std::filesystem::path connectionMap() const { return root_ / "conn_store"; }
  std::filesystem::path originMap() const { return root_ / "origdst"; }
  std::filesystem::path schema() const;
  std::filesystem::path links() const { return schema() / "links"; }
  /// 16 hexadecimal digits, so that no id needs quoting.
  std::filesystem::path links(WorkloadId workload) const;
  /// What versions of another schema have left, the newest first.
  std::vector<PinPaths> others() const;
  /// Those that have links there, in ascending order.
  std::vector<WorkloadId> workloads() const;
  /// The id that a directory in links() stands for.
  static std::optional<WorkloadId> workloadOf(const std::filesystem::path& directory);

 private:
  std::filesystem::path root_;
  uint32_t schema_;
};

/// Checks that `root` is, or would be made, on a bpffs. kUnsupported with a hint otherwise.
Result<void> checkBpffs(const std::filesystem::path& root);

/// Makes `root` if need be and locks it; kUnavailable while another process has it.
Result<Fd> lockPins(const std::filesystem::path& root);

/// `lock`, which another process has given away with its place; kInvalid when it is that of another
/// directory.
Result<Fd> givenLock(Fd lock, const std::filesystem::path& root);

Result<void> makeDirectory(const std::filesystem::path& path);

/// Names in a directory, sorted; none when it does not exist.
Result<std::vector<std::filesystem::path>> listDirectory(const std::filesystem::path& path);

/// Detaches what is pinned under `path`, whatever it is, and removes it.
Result<void> removePins(const std::filesystem::path& path);

}  // namespace sluice::loader
