// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sluice::loader {

/// One thing that Sluice needs of this machine.
struct Probe {
  enum class Status {
    kOk,
    kWarn,  ///< works with less; `detail` says what is lost
    kFail,  ///< does not work
  };

  std::string name;  ///< "cgroup2", "bpffs", "capabilities", …
  Status status = Status::kOk;
  std::string detail;  ///< what was found
  std::string hint;    ///< what to do; empty when ok
};

/// Looks, and tries what can only be found out by trying: loads the programs, attaches one to a
/// cgroup of its own and removes it again. Changes nothing that stays. `pin_root` as in Options.
std::vector<Probe> probe(const std::string& pin_root);

}  // namespace sluice::loader
