// SPDX-License-Identifier: Apache-2.0
// The skeleton, owned. For this folder's sources alone.
#pragma once

#include <bpf/libbpf.h>
#include <programs.skel.h>

#include <memory>

#include "loader/features.h"
#include "userspace/base/result.h"

namespace sluice::loader {

struct DestroyPrograms {
  void operator()(programs* skeleton) const { programs::destroy(skeleton); }
};
using Programs = std::unique_ptr<programs, DestroyPrograms>;

/// Opened, not loaded. `edition`: of the tables that they will have.
inline Result<Programs> openPrograms(bool use_set_retval, uint32_t edition = 0) {
  Programs skeleton(programs::open());
  if (!skeleton) return Error::system("open the embedded programs");
  skeleton->rodata->edition = edition;
  skeleton->rodata->have_set_retval = use_set_retval && hasSetRetval();
  return skeleton;
}

}  // namespace sluice::loader
