// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::loader {

/// Puts programs into pinned links, and the old ones back when something fails half-way.
class ProgramSwap {
 public:
  /// The link that is pinned there runs `program` from here on; no call of the hook is missed.
  /// kNotFound: its cgroup is gone.
  Result<void> replace(const std::filesystem::path& pin, int program);

  /// Puts back what was replaced, the newest first. What fails is logged.
  void undo();

 private:
  struct Step {
    std::filesystem::path pin;
    uint32_t old_program;
  };

  Result<uint32_t> keepProgramOf(int link);
  Result<void> putBack(const Step& step);

  std::vector<Step> steps_;
  std::map<uint32_t, Fd> old_programs_;  ///< by id: most links have the same ones
};

}  // namespace sluice::loader
