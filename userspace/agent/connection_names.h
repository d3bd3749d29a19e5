// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/agent/connection_views.h"
#include "userspace/agent/enroller.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// Of the workloads that are enrolled now, and of the ids in the kernel's tables; none of one that
/// has got its name later. Borrows `steering`.
ConnectionNames connectionNames(const Enroller& enroller, const steering::Steering& steering);

}  // namespace sluice::agent
