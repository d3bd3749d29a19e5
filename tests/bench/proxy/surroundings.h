// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <nlohmann/json.hpp>
#include <string>

#include "userspace/base/result.h"

namespace sluice::test {

/// What a reader must know of the machine: {cores, memoryGiB, kernel, architecture}.
nlohmann::json machine();

/// Versions of Sluice, its peers and the load tools by their names; what is not there is left out.
/// `envoy`: path of the program; may be empty.
nlohmann::json versions(const std::string& envoy);

/// Lets this process and its children open as many files as they may; fails when those are too few
/// for `connections` on one side of a proxy. What is allowed at most is raised where it can be.
Result<void> raiseOpenFiles(rlim_t connections);

}  // namespace sluice::test
