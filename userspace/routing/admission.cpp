// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/admission.h"

#include <iterator>
#include <utility>

namespace sluice::routing {

Consistent Admission::update(std::shared_ptr<const Snapshot> next) {
  auto selected = selectors_.update(std::move(next));
  auto ruled = rules_.update(std::move(selected.snapshot));
  ruled.held.insert(ruled.held.begin(), std::move_iterator(selected.held.begin()),
                    std::move_iterator(selected.held.end()));
  return ruled;
}

}  // namespace sluice::routing
