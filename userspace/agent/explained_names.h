// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "userspace/resolve/names.h"
#include "userspace/routing/explain.h"

namespace sluice::agent {

/// Warns of every name among the destinations and mirrors that has no address, with the reason.
void warnOfNames(const std::map<std::string, resolve::NameState>& names,
                 routing::Explanation& explanation);

}  // namespace sluice::agent
