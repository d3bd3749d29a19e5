// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/observe/json.h"
#include "userspace/source/kinds.h"

namespace sluice::observe {

/// Strings stay strings; numbers and booleans are what JSON calls so.
Json jsonOf(const source::YamlNode& node);

/// {apiVersion: v1, kind: List, items}, as Kubernetes writes several resources and reads them
/// again: those of `kind` in `snapshot`. An empty namespace or name means all.
Json resourceList(const Snapshot& snapshot, const source::Kind& kind,
                  const std::string& in_namespace, const std::string& name);

}  // namespace sluice::observe
