// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>

#include "userspace/model/metadata.h"

namespace sluice::routing {

/// One object for equal labels: the pods of a deployment have the same, and there are many of them.
class LabelPool {
 public:
  std::shared_ptr<const Labels> share(const Labels& labels);

 private:
  void sweep();

  /// By hash; of labels that nobody holds any more only until the next sweep.
  std::unordered_map<size_t, std::weak_ptr<const Labels>> known_;
  size_t next_sweep_ = 1024;  ///< size of `known_`
};

}  // namespace sluice::routing
