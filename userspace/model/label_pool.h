// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "userspace/model/labels.h"

namespace sluice {

/// One object for equal labels: the pods of a deployment have the same, and there are many of them.
class LabelPool {
 public:
  Labels share(const Labels& labels);

 private:
  void sweep();

  /// By hash; of labels that nobody holds any more only until the next sweep.
  std::unordered_map<size_t, std::weak_ptr<Labels::Items>> known_;
  size_t next_sweep_ = 1024;  ///< size of `known_`
};

}  // namespace sluice
